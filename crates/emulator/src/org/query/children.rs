//! Sub-queries in `SELECT`: the children of each row (fact sheet §7.4).
//!
//! One SQL statement reads the children of all the parents of a page.

use std::sync::Arc;

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Name, Query, RowCount, Selection as Selected};

use super::clauses;
use super::compile::{Records, conditions, order_by, records, where_clause};
use super::environment::Parameters;
use super::joins::{Column, ROOT};
use super::resolve::Resolver;
use super::select;
use super::semi_join::SemiJoins;
use crate::org::schema::Child;
use crate::org::table::{quoted, table};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// How many sub-queries one list may have.
const CHILDREN_MAX: usize = 20;

/// How many queries may stand inside each other, the outermost counted.
const LEVELS_MAX: usize = 5;

/// A sub-query.
#[derive(Clone, Debug)]
pub(super) struct Children {
    /// The relationship, which is the name in the answer.
    pub(super) name: String,
    pub(super) records: Arc<Records>,
    /// Makes the index that finds children by their parent, if it is not there.
    pub(super) index: String,
    /// Reads the children of the parents whose ids are bound as a JSON array in the first place.
    pub(super) sql: String,
    /// The first is a place for the ids.
    pub(super) parameters: Vec<Value>,
    /// The column of the parent's id.
    pub(super) parent: usize,
    /// How many children of a parent are left out at the beginning.
    pub(super) offset: usize,
    /// How many children of a parent there are at most.
    pub(super) limit: Option<usize>,
}

/// Compiles the sub-query `query` of `parent`, which has `count` sub-queries already.
pub(super) fn compile(
    outer: &Resolver<'_, '_>,
    (parent, query): (&Query, &Query),
    (level, count): (usize, usize),
) -> Result<Children, Error> {
    let environment = outer.environment;
    let refusals = environment.refusals;
    let refuse = |detail: &str| Err(refusals.at(query.span, ErrorCode::MalformedQuery, detail));
    if count == CHILDREN_MAX {
        return refuse("A query may have at most 20 sub-queries");
    }
    if level == LEVELS_MAX {
        return refuse("Sub-queries may be nested at most 5 levels deep");
    }
    if query.offset.is_some() && parent.limit.is_none_or(|limit| limit.rows != 1) {
        return refuse("OFFSET in a sub-query is allowed only where the outer query has LIMIT 1");
    }
    clauses::check_inner(query, environment)?;
    let Selected::Items(items) = &query.selection else {
        return refuse("only root queries support aggregate expressions");
    };
    if super::grouped::is_grouped(query, items) {
        return refuse("only root queries support aggregate expressions");
    }
    let Child { object, field } = relation(outer, query)?;
    let schema = outer.joins.schema;
    let mut resolver = Resolver::over((schema, object), &query.from, environment)?;
    let chosen = select::items(&mut resolver, (query, items), level + 1)?;
    let mut parameters = Parameters::default();
    let ids = parameters.bind(Value::Null);
    let parent = resolver.joins.sql(Column { node: ROOT, field });
    let given = (&mut parameters, SemiJoins::Found(0));
    let mut found = conditions(&mut resolver, query, given)?;
    found.insert(
        0,
        format!("{parent} IN (SELECT value FROM json_each({ids}))"),
    );
    let order = order_by(&mut resolver, query, None)?;
    let from = resolver.joins.from();
    let (records, list) = records(chosen, &from, environment);
    let sql = format!(
        "SELECT {list}, t0._row, {parent} FROM {from}{}{order}",
        where_clause(&found)
    );
    let index = quoted(&format!("sobject_{}_{}", object.name, field.name));
    let index = format!(
        "CREATE INDEX IF NOT EXISTS {index} ON {} ({})",
        table(object),
        quoted(&field.name)
    );
    let rows = |count: Option<RowCount>| count.map(|count| count.rows as usize);
    Ok(Children {
        name: field.children.clone().unwrap_or_default(),
        parent: records.row + 1,
        records: Arc::new(records),
        index,
        sql,
        parameters: parameters.into_values()?,
        offset: rows(query.offset).unwrap_or(0),
        limit: rows(query.limit),
    })
}

/// The children that stand after `FROM`.
fn relation<'s>(outer: &Resolver<'s, '_>, query: &Query) -> Result<Child<'s>, Error> {
    let path = &query.from.source.path;
    let names: Vec<&Name> = path.names().collect();
    let (parents, names) = match names.as_slice() {
        [_] => (Vec::new(), names.as_slice()),
        _ => outer.start(&names),
    };
    let found = match (names, parents.as_slice()) {
        ([name], []) => {
            let schema = outer.joins.schema;
            let mut children = schema.children_of(outer.object());
            children.find(|child| {
                let relationship = child.field.children.as_deref();
                relationship.is_some_and(|relationship| name.is(relationship))
            })
        }
        _ => None,
    };
    found
        .filter(|child| child.object.has_table())
        .ok_or_else(|| {
            outer
                .refusals
                .unknown_children(path.span(), &path.name.text)
        })
}
