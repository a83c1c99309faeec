//! From a statement to one SQL statement.
//!
//! Invariant: what is compiled here, SQLite accepts; what cannot be compiled is refused at its
//! place. Every value is bound, every name comes from the schema.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Direction, Expression, Nulls, Query, RowCount, SelectItem, Selection as Selected, Usage,
};

use super::dates::Calendar;
use super::error::Refusals;
use super::filter::Filter;
use super::joins::ROOT;
use super::resolve::{Resolver, too_complicated};
use super::selection::{Columns, Selection, root};
use crate::org::schema::{Field, Flag, Schema};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// The largest number after `OFFSET`.
const OFFSET_MAX: u32 = 2_000;

/// How many columns one statement may read, and sort by.
const COLUMNS_MAX: usize = 1_900;

/// Which rows a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those that are not deleted.
    Live,
    /// Those in the recycle bin too.
    All,
}

/// A statement ready to run.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// What comes back.
    pub(super) answer: Answer,
    /// The statement.
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
}

/// What a statement comes back with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// One row with one number.
    Count,
    /// Records; the column after those of the selection is `_row`.
    Records(Records),
}

/// How records are written, and read again by their rows.
#[derive(Clone, Debug)]
pub(super) struct Records {
    pub(super) selection: Selection,
    /// The place of `_row` among the columns.
    pub(super) row: usize,
    /// Reads the records whose rows are bound as a JSON array, in the order of that array.
    pub(super) sql_by_row: String,
    /// How many of the fields are long text.
    pub(super) long_texts: usize,
}

/// Compiles `query`, whose text is in `refusals`.
pub(super) fn compile(
    schema: &Schema,
    query: &Query,
    (refusals, calendar, rows): (Refusals<'_>, &Calendar, Rows),
) -> Result<Compiled, Error> {
    refuse_clauses(query, refusals)?;
    let mut resolver = Resolver::new(schema, &query.from, refusals)?;
    let mut columns = Columns::default();
    let selection = select(&mut resolver, query, &mut columns)?;
    let mut parameters = Vec::new();
    let mut conditions = Vec::new();
    if let Some(condition) = &query.filter {
        let mut filter = Filter {
            resolver: &mut resolver,
            calendar,
            parameters: &mut parameters,
        };
        conditions.push(filter.condition(condition)?);
    }
    if rows == Rows::Live && resolver.object().field("IsDeleted").is_some() {
        conditions.push("t0.\"IsDeleted\" = 0".to_owned());
    }
    let order = order_by(&mut resolver, query)?;
    let from = resolver.joins.from();
    let mut tail = format!(" FROM {from}");
    if !conditions.is_empty() {
        tail.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
    }
    tail.push_str(&order);
    tail.push_str(&limit(query, refusals, &mut parameters)?);
    let Some((selection, long_texts)) = selection else {
        return Ok(Compiled {
            answer: Answer::Count,
            sql: format!("SELECT COUNT(*) FROM (SELECT 1{tail})"),
            parameters,
        });
    };
    let list = columns.sql();
    Ok(Compiled {
        answer: Answer::Records(Records {
            selection,
            row: columns.len(),
            sql_by_row: format!(
                "SELECT {list}, t0._row FROM json_each(?) AS page \
                 CROSS JOIN {from_by_row} ORDER BY page.key",
                from_by_row = by_row(&from)
            ),
            long_texts,
        }),
        sql: format!("SELECT {list}, t0._row{tail}"),
        parameters,
    })
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

/// Refuses the clauses that are not run.
fn refuse_clauses(query: &Query, refusals: Refusals<'_>) -> Result<(), Error> {
    let what = if query.scope.is_some() {
        "USING SCOPE"
    } else if query.with.is_some() {
        "WITH"
    } else if let Some(group_by) = &query.group_by {
        let first = group_by.expressions.first();
        let span = first.map_or(query.span, Expression::span);
        return Err(refusals.unsupported(span, "GROUP BY"));
    } else if let Some(usage) = query.usage {
        match usage {
            Usage::View => "FOR VIEW",
            Usage::Reference => "FOR REFERENCE",
        }
    } else if !query.updates.is_empty() {
        "UPDATE TRACKING and UPDATE VIEWSTAT"
    } else if let Some(span) = query.for_update {
        return Err(refusals.unsupported(span, "FOR UPDATE"));
    } else {
        return Ok(());
    };
    Err(refusals.unsupported(query.span, what))
}

/// What the query answers with and how many long texts are in it; nothing for `COUNT()`.
fn select(
    resolver: &mut Resolver<'_, '_>,
    query: &Query,
    columns: &mut Columns,
) -> Result<Option<(Selection, usize)>, Error> {
    let Selected::Items(items) = &query.selection else {
        return Ok(None);
    };
    let refusals = resolver.refusals;
    let mut selection = root(&resolver.joins, columns);
    let mut long_texts = 0;
    for item in items {
        let path = match item {
            SelectItem::Expression {
                expression: Expression::Field(path),
                alias: None,
            } => path,
            SelectItem::Expression {
                alias: Some(alias), ..
            } => return Err(refusals.unsupported(alias.span, "aliases in SELECT")),
            SelectItem::Expression { expression, .. } => {
                return Err(refusals.unsupported(expression.span(), "functions in SELECT"));
            }
            SelectItem::Fields { span, .. } => return Err(refusals.unsupported(*span, "FIELDS()")),
            SelectItem::Children(query) => {
                return Err(refusals.unsupported(query.span, "sub-queries in SELECT"));
            }
            SelectItem::TypeOf(type_of) => {
                return Err(refusals.unsupported(type_of.span, "TYPEOF"));
            }
        };
        let resolved = resolver.field(path)?;
        let field = resolved.column.field;
        long_texts += usize::from(field.is_long_text());
        if !selection.add(&resolver.joins, columns, (&resolved.parents, field)) {
            return Err(duplicate(&resolved.parents, field));
        }
        if columns.len() > COLUMNS_MAX {
            return Err(too_complicated());
        }
    }
    Ok(Some((selection, long_texts)))
}

fn duplicate<T>(parents: &[(String, T)], field: &Field) -> Error {
    let mut path: Vec<&str> = parents.iter().map(|(name, _)| name.as_str()).collect();
    path.push(&field.name);
    let detail = format!("duplicate field selected: {}", path.join("."));
    Error::new(ErrorCode::InvalidField, detail)
}

/// `ORDER BY …` as SQL. Rows that are equal in it keep the order in which they were made.
fn order_by(resolver: &mut Resolver<'_, '_>, query: &Query) -> Result<String, Error> {
    if query.order_by.len() > COLUMNS_MAX {
        return Err(too_complicated());
    }
    let refusals = resolver.refusals;
    let mut terms = Vec::new();
    for ordering in &query.order_by {
        let Expression::Field(path) = &ordering.expression else {
            let span = ordering.expression.span();
            return Err(refusals.unsupported(span, "functions in ORDER BY"));
        };
        let column = resolver.field(path)?.column;
        if !column.field.is(Flag::Sortable) || !column.field.is_stored() {
            let name = &column.field.name;
            let detail = format!("field '{name}' can not be sorted in a query call");
            return Err(refusals.at(path.span(), ErrorCode::InvalidField, detail));
        }
        let direction = match ordering.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        let nulls = match ordering.nulls {
            Some(Nulls::Last) => "LAST",
            Some(Nulls::First) | None => "FIRST",
        };
        let sql = resolver.joins.sql(column);
        terms.push(format!("{sql} {direction} NULLS {nulls}"));
    }
    if matches!(query.selection, Selected::Count(_)) {
        return Ok(String::new());
    }
    terms.push("t0._row".to_owned());
    Ok(format!(" ORDER BY {}", terms.join(", ")))
}

/// `LIMIT … OFFSET …` as SQL.
fn limit(
    query: &Query,
    refusals: Refusals<'_>,
    parameters: &mut Vec<Value>,
) -> Result<String, Error> {
    if let Some(offset) = query.offset.filter(|offset| offset.rows > OFFSET_MAX) {
        let name = query.from.source.path.name.text.as_str();
        let detail = format!("Maximum SOQL offset allowed for apiName {name} is {OFFSET_MAX}");
        return Err(refusals.at(offset.span, ErrorCode::NumberOutsideValidRange, detail));
    }
    let rows = |count: Option<RowCount>| count.map(|count| i64::from(count.rows));
    let (limit, offset) = (rows(query.limit), rows(query.offset));
    if limit.is_none() && offset.is_none() {
        return Ok(String::new());
    }
    parameters.push(Value::Integer(limit.unwrap_or(-1)));
    parameters.push(Value::Integer(offset.unwrap_or(0)));
    Ok(" LIMIT ? OFFSET ?".to_owned())
}

/// Reads one record by its id, with these fields.
pub(super) fn compile_record(
    schema: &Schema,
    object: &crate::org::schema::Object,
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
