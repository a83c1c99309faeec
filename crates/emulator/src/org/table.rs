//! Tables: one for each object, made from the schema.
//!
//! Owns their names and columns and the counters that ids come from. `_row` is the order of
//! insertion; it is stable, so that a cursor can hold on to it.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::load::LoadError;
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

/// Makes what is not there yet: tables, and columns of tables that are there. Rows stay.
pub(super) fn create_all(connection: &Connection, schema: &Schema) -> Result<(), rusqlite::Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS sobject_counters (
            key_prefix TEXT PRIMARY KEY,
            last INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS sobject_shown (fingerprint INTEGER NOT NULL)",
    )?;
    let mut known: HashMap<String, HashSet<String>> = HashMap::new();
    let mut statement = connection.prepare(
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name LIKE 'sobject!_%' ESCAPE '!'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = known.entry(row.get(0)?).or_default();
        columns.insert(row.get::<_, String>(1)?.to_ascii_lowercase());
    }
    for object in schema.objects().iter().filter(|o| o.has_table()) {
        match known.get(&format!("sobject_{}", object.name)) {
            Some(columns) => add_columns(connection, object, columns)?,
            None => connection.execute_batch(&create(object))?,
        }
        create_indexes(connection, object)?;
    }
    Ok(())
}

/// Removes the columns of fields that are kept in another form than before, so that they can be
/// made anew. A column with values stays as it is, and is refused.
pub(super) fn retype(
    connection: &Connection,
    before: &Schema,
    after: &Schema,
) -> Result<(), LoadError> {
    for object in before.objects().iter().filter(|o| o.has_table()) {
        let Some(new) = after.object(&object.name) else {
            continue;
        };
        for field in object.fields.iter().filter(|field| field.is_stored()) {
            let Some(other) = new.field(&field.name).filter(|other| other.is_stored()) else {
                continue;
            };
            if column(field) == column(other) {
                continue;
            }
            let (table, name) = (table(object), quoted(&field.name));
            let sql = format!("SELECT 1 FROM {table} WHERE {name} IS NOT NULL AND {name} <> 0");
            if connection.prepare(&sql)?.exists([])? {
                let (own, before, after) = (&field.name, field.kind.as_str(), other.kind.as_str());
                let problem = format!(
                    "{}.{own} has values of type {before}, which cannot become {after}: load \
                     metadata before records, or reset first",
                    object.name
                );
                return Err(LoadError::new("", problem));
            }
            drop_indexes(connection, object, field)?;
            connection.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {name}"))?;
        }
    }
    Ok(())
}

/// Removes the indexes of a column, whoever made them.
fn drop_indexes(
    connection: &Connection,
    object: &Object,
    field: &Field,
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare(
        "SELECT i.name FROM pragma_index_list(?1) i, pragma_index_info(i.name) c
         WHERE c.name = ?2 COLLATE NOCASE AND i.origin = 'c'",
    )?;
    let table = format!("sobject_{}", object.name);
    let names = statement.query_map([&table, &field.name], |row| row.get::<_, String>(0))?;
    for name in names.collect::<Result<Vec<_>, _>>()? {
        connection.execute_batch(&format!("DROP INDEX {}", quoted(&name)))?;
    }
    Ok(())
}

fn index_name(object: &Object, field: &Field) -> String {
    quoted(&format!("sobject_{}_{}", object.name, field.name))
}

/// Lets records be found by the values that name them.
fn create_indexes(connection: &Connection, object: &Object) -> Result<(), rusqlite::Error> {
    let is_name = |field: &&Field| field.is(Flag::Unique) || field.is(Flag::ExternalId);
    for field in object
        .fields
        .iter()
        .filter(|f| f.is_stored())
        .filter(is_name)
    {
        let (index, table, name) = (
            index_name(object, field),
            table(object),
            quoted(&field.name),
        );
        connection.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS {index} ON {table} ({name}) WHERE {name} IS NOT NULL"
        ))?;
    }
    Ok(())
}

/// Removes the tables of all objects.
pub(super) fn drop_all(connection: &Connection) -> Result<(), rusqlite::Error> {
    let sql = "SELECT name FROM sqlite_schema
        WHERE type = 'table' AND name LIKE 'sobject!_%' ESCAPE '!'";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in names.collect::<Result<Vec<_>, _>>()? {
        connection.execute_batch(&format!("DROP TABLE {}", quoted(&name)))?;
    }
    Ok(())
}

/// Adds the columns that a table lacks.
fn add_columns(
    connection: &Connection,
    object: &Object,
    known: &HashSet<String>,
) -> Result<(), rusqlite::Error> {
    let is_new = |field: &&Field| !known.contains(&field.name.to_ascii_lowercase());
    for field in object
        .fields
        .iter()
        .filter(|f| f.is_stored())
        .filter(is_new)
    {
        let (table, column) = (table(object), column(field));
        connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column}"))?;
    }
    Ok(())
}

/// Empties every table and starts all ids anew.
pub(super) fn clear_all(connection: &Connection, schema: &Schema) -> Result<(), rusqlite::Error> {
    connection.execute_batch("DELETE FROM sobject_counters; DELETE FROM sobject_shown")?;
    for object in schema.objects().iter().filter(|o| o.has_table()) {
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
