//! Reading an object's records page by page, for people who look around.
//!
//! Owns no SOQL: a page may begin anywhere, where a query's OFFSET ends at 2,000. Values come as
//! they are kept. Records in the recycle bin are left out.

use super::schema::{Field, Object};
use super::table::{quoted, table};
use super::value::Value;
use super::{Org, OrgError};

/// Which way records are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// Which records are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    /// Without one, the order is that in which records were made.
    pub(crate) sort: Option<(&'a Field, Direction)>,
    /// Only records whose field has this value.
    pub(crate) only: Option<(&'a Field, &'a str)>,
    pub(crate) offset: usize,
    pub(crate) count: usize,
}

impl Org {
    /// Reads the fields of the records in a window, in the order of `fields`.
    pub(crate) fn browse(
        &self,
        object: &Object,
        fields: &[&Field],
        window: Window<'_>,
    ) -> Result<Vec<Vec<Value>>, OrgError> {
        let columns: Vec<_> = fields.iter().map(|field| quoted(&field.name)).collect();
        let order = match window.sort {
            None => "_row".to_owned(),
            Some((field, Direction::Ascending)) => format!("{}, _row", quoted(&field.name)),
            Some((field, Direction::Descending)) => {
                format!("{} DESC, _row DESC", quoted(&field.name))
            }
        };
        let sql = format!(
            "SELECT {} FROM {}{} ORDER BY {order} LIMIT {} OFFSET {}",
            columns.join(", "),
            table(object),
            condition(object, window.only),
            window.count,
            window.offset
        );
        let rows = self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let values = window.only.map(|(_, value)| value);
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
                (0..fields.len())
                    .map(|at| row.get_ref(at).map(value))
                    .collect()
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(rows)
    }

    /// How many records there are whose field has a value, or how many at all.
    pub(crate) fn count_where(
        &self,
        object: &Object,
        only: Option<(&Field, &str)>,
    ) -> Result<usize, OrgError> {
        let sql = format!(
            "SELECT COUNT(*) FROM {}{}",
            table(object),
            condition(object, only)
        );
        let count: i64 = self.store.run(|connection| {
            let values = only.map(|(_, value)| value);
            connection
                .prepare_cached(&sql)?
                .query_row(rusqlite::params_from_iter(values), |row| row.get(0))
        })?;
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

fn condition(object: &Object, only: Option<(&Field, &str)>) -> String {
    let is_kept = object
        .field("IsDeleted")
        .map(|_| "\"IsDeleted\" = 0".to_owned());
    let is_asked = only.map(|(field, _)| format!("{} = ?", quoted(&field.name)));
    let all: Vec<_> = is_kept.into_iter().chain(is_asked).collect();
    if all.is_empty() {
        return String::new();
    }
    format!(" WHERE {}", all.join(" AND "))
}

fn value(found: rusqlite::types::ValueRef<'_>) -> Value {
    use rusqlite::types::ValueRef;
    match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Text(format!("{} bytes", bytes.len())),
    }
}
