//! The columns of a query as a table, and its records as lines of that table.

use accredit_soql::ast::{Expression, Query, SelectItem, Selection};
use serde_json::Value;

use super::job::{Delimiter, LineEnding};
use crate::org::Org;
use crate::org::query::{Asker, QueryError};
use crate::org::write::Refusal;

/// Why a query is not exported.
pub(crate) enum NoTable {
    /// It is wrong as a query.
    Query(QueryError),
    /// It is more than a table can hold.
    Refused(Refusal),
}

impl From<QueryError> for NoTable {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns(Vec<Column>);

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    /// Where its values are in a record: `["Account", "Name"]`.
    path: Vec<String>,
    /// Whether its values are moments, and not text that may look like one.
    is_moment: bool,
}

impl Org {
    /// The columns of a query that can be exported, and the object that it reads.
    pub(crate) fn export_columns(
        &self,
        text: &str,
        asker: &Asker<'_>,
    ) -> Result<(Columns, String), NoTable> {
        let described = self.columns(text, asker)?;
        let query = accredit_soql::parse(text).map_err(QueryError::from)?;
        let items = check(&query).map_err(NoTable::Refused)?;
        let described: Value = serde_json::from_slice(&described).unwrap_or_default();
        let mut columns = Vec::new();
        flatten(described.get("columnMetadata"), &[], &mut columns);
        let schema = self.schema();
        let source = &query.from.source.path.name.text;
        let object = schema
            .object(source)
            .map_or(source.as_str(), |o| o.name.as_str());
        let known = schema.object(object);
        if columns
            .iter()
            .any(|column| match (column.path.as_slice(), known) {
                ([name], Some(object)) => {
                    object.field(name).is_some_and(|field| !field.is_stored())
                }
                _ => false,
            })
        {
            let message = "Selecting compound data not supported in Bulk Query";
            let refusal = Refusal::new("FUNCTIONALITY_NOT_ENABLED", message);
            return Err(NoTable::Refused(refusal));
        }
        let order = written_order(items, &query);
        columns.sort_by_key(|column| {
            let name = column.path.join(".").to_ascii_lowercase();
            order
                .iter()
                .position(|known| *known == name)
                .unwrap_or(usize::MAX)
        });
        Ok((Columns(columns), object.to_owned()))
    }
}

/// Refuses what no table can hold.
fn check(query: &Query) -> Result<&[SelectItem], Refusal> {
    let refuse = |what: &str| {
        let message = format!("{what} is not supported in Bulk Query");
        Err(Refusal::new("FUNCTIONALITY_NOT_ENABLED", message))
    };
    if query.group_by.is_some() {
        return refuse("GROUP BY");
    }
    if query.offset.is_some() {
        return refuse("OFFSET");
    }
    let Selection::Items(items) = &query.selection else {
        return refuse("COUNT()");
    };
    for item in items {
        match item {
            SelectItem::Children(_) => return refuse("A parent-to-child sub-query"),
            SelectItem::TypeOf(_) => return refuse("TYPEOF"),
            SelectItem::Expression { expression, .. } if expression.has_aggregate() => {
                return refuse("An aggregate function");
            }
            SelectItem::Expression { .. } | SelectItem::Fields { .. } => {}
        }
    }
    Ok(items)
}

/// The columns that describe names.
fn flatten(described: Option<&Value>, above: &[String], columns: &mut Vec<Column>) {
    for column in described.and_then(Value::as_array).into_iter().flatten() {
        let name = column.get("columnName").and_then(Value::as_str);
        let path = [above, &[name.unwrap_or_default().to_owned()]].concat();
        let joined = column.get("joinColumns");
        match joined.and_then(Value::as_array) {
            Some(below) if !below.is_empty() => flatten(joined, &path, columns),
            _ => columns.push(Column {
                path,
                is_moment: column.get("apexType").and_then(Value::as_str) == Some("Datetime"),
            }),
        }
    }
}

/// The columns as they were asked for, in lower case, without the alias of their object.
fn written_order(items: &[SelectItem], query: &Query) -> Vec<String> {
    let source = &query.from.source;
    items
        .iter()
        .map(|item| match item {
            SelectItem::Expression {
                alias: Some(alias), ..
            } => alias.text.to_ascii_lowercase(),
            SelectItem::Expression {
                expression: Expression::Field(path),
                ..
            } => {
                let mut names: Vec<&str> = path.names().map(|name| name.text.as_str()).collect();
                let is_source = names.len() > 1
                    && path.qualifiers.first().is_some_and(|first| {
                        let alias = source.alias.as_ref();
                        alias.is_some_and(|alias| alias.is(&first.text))
                            || source.path.name.is(&first.text)
                    });
                if is_source {
                    names.remove(0);
                }
                names.join(".").to_ascii_lowercase()
            }
            _ => String::new(),
        })
        .collect()
}

impl Columns {
    /// The first line.
    pub(crate) fn header(&self, delimiter: Delimiter, ending: LineEnding) -> Vec<u8> {
        let columns = self.0.iter();
        let names: Vec<String> = columns.map(|column| column.path.join(".")).collect();
        let mut line = Vec::new();
        write_line(
            &mut line,
            names.iter().map(String::as_str),
            (delimiter, ending),
        );
        line
    }

    /// The line of a record.
    pub(super) fn write(&self, out: &mut Vec<u8>, record: &Value, form: (Delimiter, LineEnding)) {
        let cells: Vec<String> = self.0.iter().map(|column| cell(record, column)).collect();
        write_line(out, cells.iter().map(String::as_str), form);
    }

    /// Makes the moments of a record milliseconds.
    pub(super) fn count_moments(&self, record: &mut Value) {
        for column in self.0.iter().filter(|column| column.is_moment) {
            let mut path = column.path.iter();
            let value = path.try_fold(&mut *record, |value, name| value.get_mut(name));
            let Some(value) = value else {
                continue;
            };
            let text = value.as_str().unwrap_or_default();
            if let Ok(at) = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text) {
                *value = Value::from(at.as_millisecond());
            }
        }
    }
}

/// The value of a column. Moments end in `Z` here.
fn cell(record: &Value, column: &Column) -> String {
    let mut path = column.path.iter();
    let value = path.try_fold(record, |value, name| value.get(name));
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => match text.strip_suffix("+0000") {
            Some(moment) if column.is_moment => format!("{moment}Z"),
            _ => text.clone(),
        },
        Some(other) => other.to_string(),
    }
}

/// Writes one line; every value is quoted.
pub(crate) fn write_line<'c>(
    out: &mut Vec<u8>,
    cells: impl Iterator<Item = &'c str>,
    (delimiter, ending): (Delimiter, LineEnding),
) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(delimiter.byte());
        }
        out.push(b'"');
        out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(ending.text().as_bytes());
}
