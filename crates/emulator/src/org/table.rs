//! Tables: one for each object, made from the schema.
//!
//! Owns their names and columns and the counters that ids come from. `_row` is the order of
//! insertion; it is stable, so that a cursor can hold on to it.

use rusqlite::Connection;

use super::schema::{Field, Flag, Object, Schema, Storage};
use crate::ids::RecordId;

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The table of an object, in quotes.
pub(super) fn table(object: &Object) -> String {
    quoted(&format!("sobject_{}", object.name))
}

/// Makes what is not there yet.
pub(super) fn create_all(connection: &Connection, schema: &Schema) -> Result<(), rusqlite::Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS sobject_counters (
            key_prefix TEXT PRIMARY KEY,
            last INTEGER NOT NULL
        ) WITHOUT ROWID",
    )?;
    for object in schema.objects().iter().filter(|o| o.key_prefix.is_some()) {
        connection.execute_batch(&create(object))?;
    }
    Ok(())
}

/// Empties every table and starts all ids anew.
pub(super) fn clear_all(connection: &Connection, schema: &Schema) -> Result<(), rusqlite::Error> {
    connection.execute_batch("DELETE FROM sobject_counters")?;
    for object in schema.objects().iter().filter(|o| o.key_prefix.is_some()) {
        connection.execute_batch(&format!("DELETE FROM {}", table(object)))?;
    }
    Ok(())
}

fn create(object: &Object) -> String {
    let columns: Vec<String> = object
        .fields
        .iter()
        .filter(|field| field.is_stored())
        .map(column)
        .collect();
    format!(
        "CREATE TABLE IF NOT EXISTS {} (_row INTEGER PRIMARY KEY, {})",
        table(object),
        columns.join(", ")
    )
}

/// A column that accepts exactly what its field may hold.
fn column(field: &Field) -> String {
    let name = quoted(&field.name);
    match field.kind.storage() {
        Storage::Id if field.name == "Id" => format!("{name} TEXT NOT NULL UNIQUE"),
        Storage::Boolean => format!("{name} INTEGER NOT NULL DEFAULT 0"),
        Storage::Integer => format!("{name} INTEGER"),
        Storage::Real => format!("{name} REAL"),
        Storage::Text if !field.is(Flag::CaseSensitive) => format!("{name} TEXT COLLATE SOQL"),
        _ => format!("{name} TEXT"),
    }
}

/// The next id of the objects with this key prefix.
pub(super) fn next_id(
    connection: &Connection,
    key_prefix: &str,
) -> Result<RecordId, rusqlite::Error> {
    let counter: i64 = connection
        .prepare_cached(
            "INSERT INTO sobject_counters VALUES (?1, 1)
             ON CONFLICT DO UPDATE SET last = last + 1
             RETURNING last",
        )?
        .query_row([key_prefix], |row| row.get(0))?;
    Ok(RecordId::numbered(
        key_prefix,
        u64::try_from(counter).unwrap_or_default(),
    ))
}
