//! How records refer to each other: parents that must be there, values that no two may share.

use rusqlite::Connection;

use super::error::{Refusal, WriteError};
use super::{Key, given, is_unique, value};
use crate::ids::RecordId;
use crate::org::record::{Values, Writer};
use crate::org::schema::{Field, Object, Storage};
use crate::org::table;
use crate::org::value::Value;

/// Lets records be found by a field without reading all of them.
pub(super) fn index(
    connection: &Connection,
    object: &Object,
    field: &Field,
) -> Result<(), rusqlite::Error> {
    if field.name == "Id" {
        return Ok(());
    }
    let sql = format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} ({})",
        table::quoted(&format!("by_{}_{}", object.name, field.name)),
        table::table(object),
        table::quoted(&field.name)
    );
    connection.prepare_cached(&sql)?.execute([]).map(|_| ())
}

/// The live records that `key` names. Of more than two, two.
pub(super) fn find(
    writer: &Writer<'_>,
    object: &Object,
    key: Key<'_>,
) -> Result<Vec<RecordId>, WriteError> {
    let given = given::Given::text(&key.field.name, key.text);
    let wanted = value::read(key.field, &given)?;
    let found = with_value(writer, object, (key.field, &wanted))?;
    Ok(found)
}

fn with_value(
    writer: &Writer<'_>,
    object: &Object,
    (field, value): (&Field, &Value),
) -> Result<Vec<RecordId>, rusqlite::Error> {
    if !object.has_table() || *value == Value::Null {
        return Ok(Vec::new());
    }
    index(writer.connection, object, field)?;
    let live = match object.field("IsDeleted") {
        Some(_) => " AND \"IsDeleted\" = 0",
        None => "",
    };
    let sql = format!(
        "SELECT \"Id\" FROM {} WHERE {} = ?{live} LIMIT 2",
        table::table(object),
        table::quoted(&field.name)
    );
    let mut statement = writer.connection.prepare_cached(&sql)?;
    let ids = statement.query_map([value], |row| row.get::<_, String>(0))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    Ok(ids.iter().filter_map(|id| RecordId::parse(id)).collect())
}

/// Refuses references that lead nowhere.
pub(super) fn check(
    writer: &Writer<'_>,
    fields: &[&Field],
    values: &Values,
) -> Result<(), WriteError> {
    for field in fields {
        let (Storage::Id, Some(Value::Text(text))) =
            (field.kind.storage(), values.get(&field.name))
        else {
            continue;
        };
        let id = RecordId::parse(text).ok_or_else(|| Refusal::malformed_id(field, text))?;
        check_reference(writer, field, &id)?;
    }
    Ok(())
}

fn check_reference(writer: &Writer<'_>, field: &Field, id: &RecordId) -> Result<(), WriteError> {
    let mut targets = field
        .targets
        .iter()
        .filter_map(|name| writer.schema.object(name));
    let target = targets.find(|target| target.key_prefix.as_deref() == Some(id.key_prefix()));
    let Some(target) = target else {
        let knows_all = field
            .targets
            .iter()
            .all(|name| writer.schema.object(name).is_some());
        if !knows_all {
            // The object that it may be of is not in this org, and so neither is the record.
            return Err(unknown(field).into());
        }
        let message = format!("id value of incorrect type: {id}");
        return Err(Refusal::on(field, "FIELD_INTEGRITY_EXCEPTION", &message).into());
    };
    let deleted = match target.field("IsDeleted") {
        Some(_) => "\"IsDeleted\"",
        None => "0",
    };
    let sql = format!(
        "SELECT {deleted} FROM {} WHERE \"Id\" = ?",
        table::table(target)
    );
    let mut statement = writer.connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_str()])?;
    match rows.next()? {
        None => Err(unknown(field).into()),
        Some(row) if row.get(0)? => {
            let refusal = Refusal::deleted();
            Err(refusal.with_fields(vec![field.name.clone()]).into())
        }
        Some(_) => Ok(()),
    }
}

fn unknown(field: &Field) -> Refusal {
    Refusal::missing().with_fields(vec![field.name.clone()])
}

/// Refuses values that another record has.
pub(super) fn unique(
    writer: &Writer<'_>,
    object: &Object,
    (id, fields, values): (Option<&RecordId>, &[&Field], &Values),
) -> Result<(), WriteError> {
    for field in fields.iter().filter(|field| is_unique(object, field)) {
        let value = values.get(&field.name).unwrap_or(&Value::Null);
        let holders = with_value(writer, object, (field, value))?;
        let Some(holder) = holders.iter().find(|holder| Some(*holder) != id) else {
            continue;
        };
        if object.name == "User" {
            return Err(super::user::taken().into());
        }
        let message = format!(
            "duplicate value found: {} duplicates value on record with id: {}",
            field.name,
            holder.short()
        );
        return Err(Refusal::new("DUPLICATE_VALUE", message).into());
    }
    Ok(())
}
