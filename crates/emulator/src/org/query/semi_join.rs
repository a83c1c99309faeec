//! Semi-joins and anti-joins: `Id IN (SELECT AccountId FROM Contact WHERE …)` (fact sheet §7.5).
//!
//! Owns their rules and the words in which Salesforce refuses what breaks one.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Expression, Query, SelectItem, Selection, Span};

use super::compile::conditions;
use super::error::Refusals;
use super::expression::Typed;
use super::filter::{Filter, Place};
use super::joins::ROOT;
use super::resolve::Resolver;
use crate::org::schema::{Field, FieldType, Storage};

type Error = accredit_soql::Error;

/// How many semi-joins and anti-joins one `WHERE` may have.
const SEMI_JOINS_MAX: usize = 2;

/// The objects that may not be selected from.
const NOT_INSIDE: [&str; 7] = [
    "ActivityHistory",
    "Attachment",
    "Event",
    "Note",
    "OpenActivity",
    "Tag",
    "Task",
];

/// Whether another semi-join may stand in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SemiJoins {
    /// So many stand there already.
    Found(usize),
    /// The condition is that of a semi-join.
    Inside,
}

impl SemiJoins {
    /// Counts one more.
    pub(super) fn one_more(
        self,
        (refusals, span): (Refusals<'_>, Span),
        place: Place,
    ) -> Result<Self, Error> {
        let refuse = |detail: &str| Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
        match (place, self) {
            (_, Self::Inside) => refuse("Nesting of semi join sub-selects is not supported"),
            (Place::Alternative, _) => {
                refuse("Semi join sub-selects are not allowed with the 'OR' operator")
            }
            (Place::Nested, _) => refuse(
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not \
                 in nested WHERE expressions.",
            ),
            (Place::Top, Self::Found(SEMI_JOINS_MAX)) => Err(refusals.at(
                span,
                ErrorCode::ExceededMaxSemijoinSubselects,
                "Maximum 2 semi join sub-selects are allowed",
            )),
            (Place::Top, Self::Found(count)) => Ok(Self::Found(count + 1)),
        }
    }
}

/// `subject IN (query)` as SQL.
pub(super) fn sql(
    filter: &mut Filter<'_, '_, '_>,
    subject: &Typed<'_>,
    query: &Query,
) -> Result<String, Error> {
    let environment = filter.resolver.environment;
    let outer = filter.resolver.object();
    check_left(subject, environment.refusals)?;
    let path = selected(query, environment.refusals)?;
    let schema = filter.resolver.joins.schema;
    let mut inner = Resolver::new(schema, &query.from, environment)?;
    let object = inner.object();
    let refuse = |span: Span, detail: String| {
        Err(environment
            .refusals
            .at(span, ErrorCode::MalformedQuery, detail))
    };
    let from = query.from.source.path.span();
    if object.name == outer.name {
        let detail = "The inner and outer selects should not be on the same object type";
        return refuse(from, detail.to_owned());
    }
    if NOT_INSIDE.contains(&object.name.as_str()) {
        let detail = format!(
            "Entity '{}' is not supported for semi join inner selects",
            object.name
        );
        return refuse(from, detail);
    }
    let column = inner.field(path)?.column;
    if column.node != ROOT || column.field.kind.storage() != Storage::Id {
        let detail = format!(
            "The inner select field '{}' should be an id or reference field",
            column.field.name
        );
        return refuse(path.span(), detail);
    }
    let left = subject.field.map(|field| targets(field, &outer.name));
    let right = targets(column.field, &object.name);
    if !left.is_some_and(|left| left.iter().any(|name| right.contains(name))) {
        let detail = format!(
            "The selected field '{}' in the subquery and the left operand field in the where \
             expression in the outer query '{}' should point to the same object type",
            column.field.name, subject.name
        );
        return refuse(path.span(), detail);
    }
    let value = inner.joins.sql(column);
    let mut all = vec![format!("{value} IS NOT NULL")];
    let given = (&mut *filter.parameters, SemiJoins::Inside);
    all.extend(conditions(&mut inner, query, given)?);
    let all = all.join(" AND ");
    let from = inner.joins.from();
    Ok(format!(
        "{} IN (SELECT {value} FROM {from} WHERE {all})",
        subject.sql
    ))
}

fn check_left(subject: &Typed<'_>, refusals: Refusals<'_>) -> Result<(), Error> {
    let is_id = subject.storage() == Storage::Id && subject.is_plain;
    if is_id && subject.is_own {
        return Ok(());
    }
    let detail = format!(
        "The left operand field in the where expression for outer query should be an id field, \
         cannot use: '{}'",
        refusals
            .text
            .get(subject.span.start..subject.span.end)
            .unwrap_or(&subject.name)
    );
    Err(refusals.at(subject.span, ErrorCode::MalformedQuery, detail))
}

/// The one field that a semi-join selects.
fn selected<'q>(
    query: &'q Query,
    refusals: Refusals<'_>,
) -> Result<&'q accredit_soql::ast::FieldPath, Error> {
    let refuse =
        |span: Span, detail: &str| Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
    let extra = if query.group_by.is_some() {
        Some("GROUP BY")
    } else if !query.order_by.is_empty() {
        Some("ORDER BY")
    } else if query.limit.is_some() {
        Some("LIMIT")
    } else if query.offset.is_some() {
        Some("OFFSET")
    } else if query.for_update.is_some() {
        Some("FOR UPDATE")
    } else if query.scope.is_some() || query.usage.is_some() || !query.updates.is_empty() {
        Some("USING SCOPE, FOR VIEW, FOR REFERENCE and UPDATE")
    } else {
        None
    };
    if let Some(extra) = extra {
        let detail = format!("{extra} is not allowed in a semi join sub-select");
        return refuse(query.span, &detail);
    }
    let detail = "A semi join sub-select must select exactly one id or reference field";
    match &query.selection {
        Selection::Items(items) => match items.as_slice() {
            [
                SelectItem::Expression {
                    expression: Expression::Field(path),
                    alias: None,
                },
            ] => Ok(path),
            _ => refuse(query.span, detail),
        },
        Selection::Count(span) => refuse(*span, detail),
    }
}

/// The objects whose ids a field holds.
fn targets<'n>(field: &'n Field, object: &'n str) -> Vec<&'n str> {
    match field.kind {
        FieldType::Id => vec![object],
        _ => field.targets.iter().map(String::as_str).collect(),
    }
}
