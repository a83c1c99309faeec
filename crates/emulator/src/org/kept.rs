//! What was loaded into the schema, as the database keeps it.
//!
//! Owns one row for each object that is not as it is built in: whole, if it is not built in at all,
//! else with the fields that differ.

use rusqlite::Connection;

use super::error::OrgError;
use super::schema::{Object, Schema};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS sobject_schema (
    name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID";

/// Keeps what `schema` has beyond what is built in.
pub(super) fn write(connection: &Connection, schema: &Schema) -> Result<(), rusqlite::Error> {
    let standard = Schema::standard().unwrap_or_default();
    connection.execute_batch(CREATE)?;
    connection.execute_batch("DELETE FROM sobject_schema")?;
    let mut insert = connection.prepare("INSERT INTO sobject_schema VALUES (?1, ?2)")?;
    for object in schema.objects() {
        let Some(kept) = addition(object, standard.object(&object.name)) else {
            continue;
        };
        let definition = serde_json::to_string(&kept)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        insert.execute([&object.name, &definition])?;
    }
    Ok(())
}

/// What `object` has beyond the built-in one.
fn addition(object: &Object, standard: Option<&Object>) -> Option<Object> {
    let Some(standard) = standard else {
        return Some(object.clone());
    };
    let is_new = |field: &&super::schema::Field| standard.field(&field.name) != Some(*field);
    let fields: Vec<_> = object.fields.iter().filter(is_new).cloned().collect();
    if fields.is_empty() && object.record_types.is_empty() {
        return None;
    }
    Some(Object {
        name: object.name.clone(),
        fields,
        record_types: object.record_types.clone(),
        ..Object::default()
    })
}

/// The built-in schema with what is kept laid over it.
pub(super) fn read(connection: &Connection) -> Result<Result<Schema, OrgError>, rusqlite::Error> {
    connection.execute_batch(CREATE)?;
    let mut statement = connection.prepare("SELECT definition FROM sobject_schema")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let definitions: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(laid_over(&definitions))
}

fn laid_over(definitions: &[String]) -> Result<Schema, OrgError> {
    let mut schema = Schema::standard()?;
    if definitions.is_empty() {
        return Ok(schema);
    }
    let objects: Result<Vec<Object>, _> = definitions
        .iter()
        .map(|definition| serde_json::from_str(definition))
        .collect();
    schema.extend(objects.map_err(|error| OrgError::Schema(error.to_string()))?);
    Ok(schema)
}

/// Forgets what was loaded.
pub(super) fn clear(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(CREATE)?;
    connection.execute_batch("DELETE FROM sobject_schema")
}
