//! Queries that make groups of their rows: aggregates, `GROUP BY` and `HAVING`.
//!
//! One statement with three steps inside each other: the values of the rows, the groups of them,
//! and what is selected of the groups.

use std::collections::HashSet;

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Expression, Name, Query, SelectItem};

use super::compile::{conditions, limit, order_by, where_clause};
use super::environment::Parameters;
use super::error::Refusals;
use super::expression::Typed;
use super::filter::Filter;
use super::group::Groups;
use super::resolve::Resolver;
use super::selection::{Columns, Selection};
use super::semi_join::SemiJoins;

type Error = accredit_soql::Error;

/// Whether a query makes groups of its rows.
pub(super) fn is_grouped(query: &Query, items: &[SelectItem]) -> bool {
    let is_aggregate = |item: &SelectItem| match item {
        SelectItem::Expression { expression, .. } => expression.has_aggregate(),
        _ => false,
    };
    query.group_by.is_some() || items.iter().any(is_aggregate)
}

/// Compiles a query that makes groups.
pub(super) fn compile(
    resolver: &mut Resolver<'_, '_>,
    (query, items): (&Query, &[SelectItem]),
    parameters: &mut Parameters,
) -> Result<(Selection, String), Error> {
    let refusals = resolver.refusals;
    let mut groups = Groups::new(resolver, query.group_by.as_ref())?;
    if let (None, Some(limit)) = (&query.group_by, query.limit) {
        let detail =
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT";
        return Err(refusals.at(limit.span, ErrorCode::MalformedQuery, detail));
    }
    let mut columns = Columns::default();
    let mut selection = Selection::aggregate();
    let mut names = Names::default();
    for item in items {
        let (expression, alias) = plain(refusals, item)?;
        let value = groups.value(resolver, expression)?;
        let name = names.of(expression, (alias, &value))?;
        let display = refusals.text.get(value.span.start..value.span.end);
        let display = display.unwrap_or_default().to_owned();
        let column = columns.place(value.sql);
        selection.add_value((name, display), (column, value.kind));
    }
    let found = conditions(resolver, query, (&mut *parameters, SemiJoins::Found(0)))?;
    let mut having = String::new();
    if let Some(condition) = query.group_by.as_ref().and_then(|by| by.having.as_ref()) {
        let mut filter = Filter {
            resolver,
            groups: Some(&mut groups),
            parameters,
            semi_joins: SemiJoins::Inside,
        };
        having = format!(" WHERE {}", filter.condition(condition)?);
    }
    let order = order_by(resolver, query, Some(&mut groups))?;
    let limit = limit(query, resolver.environment, parameters)?;
    let inner: Vec<String> = groups
        .inner
        .list()
        .iter()
        .enumerate()
        .map(|(at, sql)| format!("{sql} AS e{at}"))
        .collect();
    let branches: Vec<String> = groups.sets().iter().map(|set| groups.branch(set)).collect();
    let sql = format!(
        "WITH base AS (SELECT {} FROM {}{}) SELECT {} FROM ({}){having}{order}{limit}",
        inner.join(", "),
        resolver.joins.from(),
        where_clause(&found),
        columns.sql(),
        branches.join(" UNION ALL "),
    );
    Ok((selection, sql))
}

/// The item of a list if it is a value.
fn plain<'q>(
    refusals: Refusals<'_>,
    item: &'q SelectItem,
) -> Result<(&'q Expression, Option<&'q Name>), Error> {
    let (span, what) = match item {
        SelectItem::Expression { expression, alias } => return Ok((expression, alias.as_ref())),
        SelectItem::Fields { span, .. } => (*span, "FIELDS()"),
        SelectItem::Children(query) => (query.span, "A sub-query"),
        SelectItem::TypeOf(type_of) => (type_of.span, "TYPEOF"),
    };
    let detail = format!("{what} is not allowed in a query that groups or aggregates");
    Err(refusals.at(span, ErrorCode::MalformedQuery, detail))
}

/// The names of the values in the answer.
#[derive(Debug, Default)]
struct Names {
    unnamed: usize,
    /// In lower case.
    taken: HashSet<String>,
}

impl Names {
    fn of(
        &mut self,
        expression: &Expression,
        (alias, value): (Option<&Name>, &Typed<'_>),
    ) -> Result<String, Error> {
        let name = match (alias, expression) {
            (Some(alias), _) => alias.text.clone(),
            (None, Expression::Field(_)) => value.name.clone(),
            (None, _) => {
                self.unnamed += 1;
                format!("expr{}", self.unnamed - 1)
            }
        };
        if self.taken.insert(name.to_ascii_lowercase()) {
            return Ok(name);
        }
        let detail = format!("duplicate alias: {name}");
        Err(Error::new(ErrorCode::MalformedQuery, detail))
    }
}
