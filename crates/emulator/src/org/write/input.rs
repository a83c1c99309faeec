//! From what a client wrote to values of fields.
//!
//! Owns names, and which fields a client may write.

use super::error::{Refusal, WriteError};
use super::given::{Content, Given};
use super::{Key, links, value};
use crate::org::record::{Values, Writer};
use crate::org::schema::{Field, Flag, Object};
use crate::org::value::Value;

/// What the values are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

impl Purpose {
    fn flag(self) -> Flag {
        match self {
            Self::Create => Flag::Createable,
            Self::Update => Flag::Updateable,
        }
    }
}

/// The code of fields that a client may not write.
const READONLY_CODE: &str = "INVALID_FIELD_FOR_INSERT_UPDATE";

/// Reads the fields of a record.
pub(super) fn read(
    writer: &Writer<'_>,
    (object, purpose): (&Object, Purpose),
    given: &[Given],
) -> Result<Values, WriteError> {
    let mut values = Values::new();
    let mut readonly = Vec::new();
    let members = given
        .iter()
        .filter(|member| !member.name.eq_ignore_ascii_case("attributes"));
    for member in members {
        let (field, value) = match object.field(&member.name) {
            // What may not be written need not be understood.
            Some(field) if !field.is(purpose.flag()) => (field, Value::Null),
            Some(field) => (field, value::read(field, member)?),
            None => parent(writer, object, member)?,
        };
        if !field.is(purpose.flag()) {
            readonly.push(field.name.clone());
        }
        values.insert(field.name.clone(), value);
    }
    if readonly.is_empty() {
        return Ok(values);
    }
    let message = format!(
        "Unable to create/update fields: {}. Please check the security settings of this field and \
         verify that it is read/write for your profile or permission set.",
        readonly.join(", ")
    );
    Err(Refusal::new(READONLY_CODE, message)
        .with_fields(readonly)
        .into())
}

/// `"Account": {"Number__c": "7"}`: the parent that an external id names.
fn parent<'o>(
    writer: &Writer<'_>,
    object: &'o Object,
    member: &Given,
) -> Result<(&'o Field, Value), WriteError> {
    let unknown = || unknown_field(&member.name, object);
    let reference = object.reference(&member.name).ok_or_else(unknown)?;
    let keys = match &member.content {
        Content::Null => return Ok((reference, Value::Null)),
        Content::Record(members) => members,
        _ => return Err(unknown().into()),
    };
    let kind = keys.iter().find_map(type_of);
    let mut keys = keys
        .iter()
        .filter(|key| !matches!(key.name.as_str(), "attributes" | "type"));
    let (Some(key), None) = (keys.next(), keys.next()) else {
        let message = format!(
            "The relationship {} must name its record by one external id.",
            member.name
        );
        return Err(Refusal::new("INVALID_FIELD", message).into());
    };
    let target = match (kind, reference.targets.as_slice()) {
        (Some(kind), _) => kind,
        (None, [first, ..]) => first.as_str(),
        (None, []) => "",
    };
    let target = writer.schema.object(target).ok_or_else(unknown)?;
    let field = target.field(&key.name);
    let field = field.ok_or_else(|| unknown_field(&key.name, target))?;
    let text = match &key.content {
        Content::Text(text) | Content::Number(text) => text.as_str(),
        _ => "",
    };
    let found = links::find(writer, target, Key { field, text })?;
    match found.as_slice() {
        [id] => Ok((reference, Value::Text(id.to_string()))),
        [] => {
            let message = format!(
                "Foreign key external ID: {} not found for field {} in entity {}",
                text.to_lowercase(),
                field.name,
                target.name
            );
            Err(Refusal::new("INVALID_FIELD", message).into())
        }
        _ => Err(Refusal::several(Key { field, text }).into()),
    }
}

/// `"attributes": {"type": "Account"}`, which tells which of several objects is meant.
fn type_of(member: &Given) -> Option<&str> {
    match &member.content {
        Content::Record(members) if member.name == "attributes" => members.iter().find_map(type_of),
        Content::Text(text) if member.name == "type" => Some(text),
        _ => None,
    }
}

/// The object has no such field.
fn unknown_field(name: &str, object: &Object) -> Refusal {
    let message = format!("No such column '{name}' on sobject of type {}", object.name);
    Refusal::new("INVALID_FIELD", message)
}
