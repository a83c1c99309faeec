//! From a statement to SQL: one SQL statement for the statement, one for each sub-query in it.
//!
//! Invariant: what is compiled here, SQLite accepts; what cannot be compiled is refused at its
//! place. Every value is bound, every name comes from the schema.

use std::borrow::Cow;
use std::sync::Arc;

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Direction, Expression, Nulls, Query, RowCount, Selection as Selected, Usage,
};

use super::children::Children;
use super::clauses;
use super::environment::{Environment, Parameters, Rows};
use super::filter::Filter;
use super::group::{self, Groups};
use super::grouped;
use super::joins::ROOT;
use super::layout::Layout;
use super::resolve::{Resolver, too_complicated};
use super::select::{self, Selected as Chosen};
use super::selection::{Columns, Selection, root};
use super::semi_join::SemiJoins;
use crate::org::schema::{Field, FieldType, Flag, Object, Schema};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// The largest number after `OFFSET`.
const OFFSET_MAX: u32 = 2_000;

/// How many columns one statement may read, and sort by.
pub(super) const COLUMNS_MAX: usize = 1_900;

/// A statement ready to run.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// What comes back.
    pub(super) answer: Answer,
    /// The statement.
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
    /// The object that is asked for.
    pub(super) object: String,
    /// What the records are marked as used for.
    pub(super) usage: Option<Usage>,
}

/// What a statement comes back with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// One row with one number.
    Count,
    /// Groups, which are never paged.
    Groups(Selection, Layout),
    /// Records; the column after those of the selection is `_row`.
    Records(Arc<Records>),
}

/// How records are written, and read again by their rows.
#[derive(Clone, Debug)]
pub(super) struct Records {
    /// How a row becomes JSON.
    pub(super) layout: Layout,
    pub(super) selection: Selection,
    /// The place of `_row` among the columns.
    pub(super) row: usize,
    /// Reads the records whose rows are bound as a JSON array, in the order of that array.
    pub(super) sql_by_row: String,
    /// How many of the fields are long text.
    pub(super) long_texts: usize,
    /// The sub-queries, in the order in which the selection counts them.
    pub(super) children: Vec<Children>,
}

impl Records {
    /// How a row becomes JSON in a version of the API.
    pub(super) fn layout(&self, version: u16) -> Cow<'_, Layout> {
        self.layout.of_version(version, &self.selection)
    }
}

/// Compiles `query`.
pub(super) fn compile(
    schema: &Schema,
    query: &Query,
    environment: Environment<'_>,
) -> Result<Compiled, Error> {
    clauses::check(query, environment)?;
    let mut resolver = Resolver::new(schema, &query.from, environment)?;
    let object = resolver.object().name.clone();
    let mut parameters = Parameters::default();
    let (answer, sql) = match &query.selection {
        Selected::Count(_) => (Answer::Count, count(&mut resolver, query, &mut parameters)?),
        Selected::Items(items) if grouped::is_grouped(query, items) => {
            let (selection, sql) =
                grouped::compile(&mut resolver, (query, items), &mut parameters)?;
            let layout = Layout::new(&selection, environment.version);
            (Answer::Groups(selection, layout), sql)
        }
        Selected::Items(items) => {
            let chosen = select::items(&mut resolver, (query, items), 1)?;
            let found = conditions(&mut resolver, query, (&mut parameters, SemiJoins::Found(0)))?;
            let order = order_by(&mut resolver, query, None)?;
            let from = resolver.joins.from();
            let tail = format!(" FROM {from}{}{order}", where_clause(&found));
            let limit = limit(query, environment, &mut parameters)?;
            let (records, list) = records(chosen, &from, environment);
            (
                Answer::Records(Arc::new(records)),
                format!("SELECT {list}, t0._row{tail}{limit}"),
            )
        }
    };
    Ok(Compiled {
        answer,
        sql,
        parameters: parameters.into_values()?,
        object,
        usage: query.usage,
    })
}

/// `SELECT COUNT() …`
fn count(
    resolver: &mut Resolver<'_, '_>,
    query: &Query,
    parameters: &mut Parameters,
) -> Result<String, Error> {
    let refusals = resolver.refusals;
    if let Some(group_by) = &query.group_by {
        let span = group_by.expressions.first().map(Expression::span);
        let span = span.unwrap_or(query.span);
        let detail = "Grouping is not allowed with COUNT(): name a field to count";
        return Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
    }
    if let Some(ordering) = query.order_by.first() {
        let value = resolver.value(&ordering.expression)?;
        return Err(group::not_ordered(refusals, &value));
    }
    let found = conditions(resolver, query, (parameters, SemiJoins::Found(0)))?;
    let from = resolver.joins.from();
    let limit = limit(query, resolver.environment, parameters)?;
    Ok(format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM {from}{}{limit})",
        where_clause(&found)
    ))
}

/// What the rows of `query` must meet.
pub(super) fn conditions(
    resolver: &mut Resolver<'_, '_>,
    query: &Query,
    (parameters, semi_joins): (&mut Parameters, SemiJoins),
) -> Result<Vec<String>, Error> {
    let mut conditions = Vec::new();
    if let Some(condition) = &query.filter {
        let mut filter = Filter {
            resolver,
            groups: None,
            parameters,
            semi_joins,
        };
        conditions.push(filter.condition(condition)?);
    }
    if let Some(scope) = query.scope {
        conditions.extend(clauses::scope(resolver, (scope, query.span), parameters)?);
    }
    let is_live = resolver.environment.rows == Rows::Live;
    if is_live && resolver.object().field("IsDeleted").is_some() {
        conditions.push("t0.\"IsDeleted\" = 0".to_owned());
    }
    Ok(conditions)
}

pub(super) fn where_clause(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    format!(" WHERE {}", conditions.join(" AND "))
}

/// How chosen records are written and read again, with the list of their columns.
pub(super) fn records(
    chosen: Chosen,
    from: &str,
    environment: Environment<'_>,
) -> (Records, String) {
    let list = chosen.columns.sql();
    let from_by_row = by_row(from);
    let records = Records {
        layout: Layout::new(&chosen.selection, environment.version),
        selection: chosen.selection,
        row: chosen.columns.len(),
        sql_by_row: format!(
            "SELECT {list}, t0._row FROM json_each(?1) AS page CROSS JOIN {from_by_row} \
             ORDER BY page.key"
        ),
        long_texts: chosen.long_texts,
        children: chosen.children,
    };
    (records, list)
}

/// The tables with the first one found by its row.
fn by_row(from: &str) -> String {
    let (first, parents) = from.split_once(" LEFT JOIN ").unwrap_or((from, ""));
    let parents = if parents.is_empty() {
        String::new()
    } else {
        format!(" LEFT JOIN {parents}")
    };
    // The condition stands with the first table: what joins its parents comes after it.
    format!("{first} ON t0._row = page.value{parents}")
}

/// `ORDER BY …` as SQL. Rows that are equal in it keep the order in which they were made, groups
/// that of what they are grouped by.
pub(super) fn order_by<'s>(
    resolver: &mut Resolver<'s, '_>,
    query: &Query,
    mut groups: Option<&mut Groups<'s>>,
) -> Result<String, Error> {
    if query.order_by.len() > COLUMNS_MAX {
        return Err(too_complicated());
    }
    let refusals = resolver.refusals;
    let mut terms = Vec::new();
    for ordering in &query.order_by {
        let value = match &mut groups {
            Some(groups) => groups.ordered(resolver, &ordering.expression)?,
            None => resolver.value(&ordering.expression)?,
        };
        let is_sortable = value.may(Flag::Sortable)
            && value.field.is_none_or(Field::is_stored)
            && value.kind != FieldType::Multipicklist;
        if !is_sortable {
            let detail = format!("field '{}' can not be sorted in a query call", value.name);
            return Err(refusals.at(value.span, ErrorCode::InvalidField, detail));
        }
        if groups.is_none() && !value.is_plain && value.field.is_some() {
            return Err(refusals.unsupported(value.span, "this function in ORDER BY"));
        }
        let direction = match ordering.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        let nulls = match ordering.nulls {
            Some(Nulls::Last) => "LAST",
            Some(Nulls::First) | None => "FIRST",
        };
        terms.push(format!("{} {direction} NULLS {nulls}", value.sql));
    }
    match groups {
        Some(groups) => terms.extend(groups.order()),
        None => terms.push("t0._row".to_owned()),
    }
    if terms.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(" ORDER BY {}", terms.join(", ")))
}

/// `LIMIT … OFFSET …` as SQL.
pub(super) fn limit(
    query: &Query,
    environment: Environment<'_>,
    parameters: &mut Parameters,
) -> Result<String, Error> {
    if let Some(offset) = query.offset.filter(|offset| offset.rows > OFFSET_MAX) {
        let name = query.from.source.path.name.text.as_str();
        let detail = format!("Maximum SOQL offset allowed for apiName {name} is {OFFSET_MAX}");
        let code = ErrorCode::NumberOutsideValidRange;
        return Err(environment.refusals.at(offset.span, code, detail));
    }
    let rows = |count: Option<RowCount>| count.map(|count| i64::from(count.rows));
    let (limit, offset) = (rows(query.limit), rows(query.offset));
    if limit.is_none() && offset.is_none() {
        return Ok(String::new());
    }
    let limit = parameters.bind(Value::Integer(limit.unwrap_or(-1)));
    let offset = parameters.bind(Value::Integer(offset.unwrap_or(0)));
    Ok(format!(" LIMIT {limit} OFFSET {offset}"))
}

/// Reads one record by its id, with these fields.
pub(super) fn compile_record(
    schema: &Schema,
    object: &Object,
    fields: &[&Field],
) -> (Selection, String) {
    let joins = super::joins::Joins::new(schema, object);
    let mut columns = Columns::default();
    let mut selection = root(&joins, &mut columns);
    for field in fields {
        selection.add(&joins, &mut columns, (&[], field));
    }
    debug_assert_eq!(selection.node(), ROOT);
    let sql = format!(
        "SELECT {} FROM {} WHERE t0.\"Id\" = ?",
        columns.sql(),
        joins.from()
    );
    (selection, sql)
}
