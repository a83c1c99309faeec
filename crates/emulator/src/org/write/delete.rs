//! Deleting, and what becomes of the records that refer to what is deleted.
//!
//! Children that cannot be without their parent go with it; some children keep their parent from
//! going; the others lose the reference. All of it is found out before anything is written.

use std::collections::HashSet;

use super::error::{Refusal, WriteError};
use super::{Removal, links};
use crate::ids::RecordId;
use crate::org::record::Writer;
use crate::org::schema::{Child, Flag, Object};
use crate::org::table;
use crate::org::value::{Value, datetime_text, timestamp};

/// The most records that go with one.
const CASCADE_MAX: usize = 100_000;

/// A record that goes.
type Victim<'s> = (&'s Object, RecordId);

/// Deletes a record.
pub(super) fn delete(
    writer: &Writer<'_>,
    (object, id): (&Object, &RecordId),
    removal: Removal,
) -> Result<(), WriteError> {
    let before = writer.read(object, id)?.ok_or_else(Refusal::missing)?;
    let is_in_bin = before.get("IsDeleted") == Some(&Value::Boolean(true));
    if is_in_bin && removal == Removal::Bin {
        return Err(Refusal::deleted().into());
    }
    let known = writer.schema.object(&object.name).unwrap_or(object);
    let victims = victims(writer, (known, id))?;
    for (object, id) in &victims {
        for child in writer.schema.children_of(object) {
            if child.object.has_table() && fate(child) == Fate::Orphan {
                orphan(writer, child, id)?;
            }
        }
        remove(writer, (object, id), removal)?;
    }
    Ok(())
}

/// What becomes of a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes too.
    Cascade,
    /// It keeps the parent from going.
    Restrict,
    /// It loses the reference.
    Orphan,
}

fn fate(child: Child<'_>) -> Fate {
    let field = child.field;
    if field.is(Flag::RestrictedDelete) {
        Fate::Restrict
    } else if field.is(Flag::CascadeDelete) || !field.is(Flag::Nillable) {
        Fate::Cascade
    } else {
        Fate::Orphan
    }
}

/// The record and all that go with it, parents first.
fn victims<'s>(
    writer: &Writer<'s>,
    (object, id): (&'s Object, &RecordId),
) -> Result<Vec<Victim<'s>>, WriteError> {
    let mut seen = HashSet::from([id.clone()]);
    let mut victims = vec![(object, id.clone())];
    let mut next = 0;
    while let Some((object, id)) = victims.get(next).cloned() {
        next += 1;
        for child in writer.schema.children_of(object) {
            let fate = fate(child);
            if !child.object.has_table() || fate == Fate::Orphan {
                continue;
            }
            let children = children(writer, child, &id)?;
            let mut others = children.into_iter().filter(|child| !seen.contains(child));
            if fate == Fate::Restrict {
                let kept: Vec<RecordId> = others.collect();
                refuse_if_any((object, &id), (writer, child), &kept)?;
                continue;
            }
            for other in others.by_ref().collect::<Vec<_>>() {
                seen.insert(other.clone());
                victims.push((child.object, other));
            }
            if victims.len() > CASCADE_MAX {
                let message = format!("more than {CASCADE_MAX} records would be deleted at once");
                return Err(Refusal::new("DELETE_OPERATION_TOO_LARGE", message).into());
            }
        }
    }
    Ok(victims)
}

fn children(
    writer: &Writer<'_>,
    child: Child<'_>,
    parent: &RecordId,
) -> Result<Vec<RecordId>, rusqlite::Error> {
    links::index(writer.connection, child.object, child.field)?;
    let sql = format!(
        "SELECT \"Id\" FROM {} WHERE {} = ?{} ORDER BY _row",
        table::table(child.object),
        table::quoted(&child.field.name),
        live(child.object)
    );
    let mut statement = writer.connection.prepare_cached(&sql)?;
    let ids = statement.query_map([parent.as_str()], |row| row.get::<_, String>(0))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    Ok(ids.iter().filter_map(|id| RecordId::parse(id)).collect())
}

fn live(object: &Object) -> &'static str {
    match object.field("IsDeleted") {
        Some(_) => " AND \"IsDeleted\" = 0",
        None => "",
    }
}

fn refuse_if_any(
    (object, id): (&Object, &RecordId),
    (writer, child): (&Writer<'_>, Child<'_>),
    kept: &[RecordId],
) -> Result<(), WriteError> {
    if kept.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = kept
        .iter()
        .take(5)
        .map(|id| name(writer, child.object, id))
        .collect::<Result<_, _>>()?;
    let message = format!(
        "Your attempt to delete {} could not be completed because it is associated with the \
         following {}.: {}\n",
        name(writer, object, id)?,
        child.object.plural.to_lowercase(),
        names.join(", ")
    );
    Err(Refusal::new("DELETE_FAILED", message).into())
}

/// What a record is called.
fn name(writer: &Writer<'_>, object: &Object, id: &RecordId) -> Result<String, rusqlite::Error> {
    let values = writer.read(object, id)?.unwrap_or_default();
    let field = object.name_field().map_or("Id", |field| &field.name);
    Ok(match values.get(field) {
        Some(Value::Text(name)) => name.clone(),
        _ => id.to_string(),
    })
}

/// Takes the reference to a parent that goes out of its children.
fn orphan(writer: &Writer<'_>, child: Child<'_>, parent: &RecordId) -> Result<(), rusqlite::Error> {
    links::index(writer.connection, child.object, child.field)?;
    let column = table::quoted(&child.field.name);
    let sql = format!(
        "UPDATE {} SET {column} = NULL WHERE {column} = ?{}",
        table::table(child.object),
        live(child.object)
    );
    writer
        .connection
        .prepare_cached(&sql)?
        .execute([parent.as_str()])
        .map(|_| ())
}

fn remove(
    writer: &Writer<'_>,
    (object, id): (&Object, &RecordId),
    removal: Removal,
) -> Result<(), rusqlite::Error> {
    let table = table::table(object);
    if removal == Removal::Hard || object.field("IsDeleted").is_none() {
        let sql = format!("DELETE FROM {table} WHERE \"Id\" = ?");
        let mut statement = writer.connection.prepare_cached(&sql)?;
        return statement.execute([id.as_str()]).map(|_| ());
    }
    let now = datetime_text(timestamp(writer.now));
    let mut columns = vec!["\"IsDeleted\" = 1".to_owned()];
    for (name, value) in [
        ("LastModifiedDate", "?2"),
        ("SystemModstamp", "?2"),
        ("LastModifiedById", "?3"),
    ] {
        if object.field(name).is_some() {
            columns.push(format!("\"{name}\" = {value}"));
        }
    }
    let sql = format!(
        "UPDATE {table} SET {} WHERE \"Id\" = ?1 AND ?2 <> ?3",
        columns.join(", ")
    );
    let mut statement = writer.connection.prepare_cached(&sql)?;
    statement
        .execute([id.as_str(), &now, writer.user.as_str()])
        .map(|_| ())
}
