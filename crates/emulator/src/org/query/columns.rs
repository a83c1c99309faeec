//! What a query answers with, described: `columns=true` (fact sheet §5.2).

use serde_json::{Value, json};

use super::compile::Records;
use super::selection::{Member, Selection};
use crate::org::schema::{Field, FieldType, Flag, Object, Schema, Storage};

/// The columns of a query on the object called `name`.
pub(super) fn of(schema: &Schema, name: &str, records: &Records) -> Vec<Value> {
    schema
        .object(name)
        .map(|object| members(schema, object, &records.selection))
        .unwrap_or_default()
}

fn members(schema: &Schema, object: &Object, selection: &Selection) -> Vec<Value> {
    selection
        .members()
        .iter()
        .filter_map(|member| match member {
            Member::Field { name, .. } | Member::Compound { name, .. } => {
                object.field(name).map(column)
            }
            Member::Parent { name, record } => parent(schema, object, (name, record)),
        })
        .collect()
}

fn column(field: &Field) -> Value {
    let storage = field.kind.storage();
    json!({
        "aggregate": false,
        "apexType": apex_type(field.kind),
        "booleanType": storage == Storage::Boolean,
        "columnName": field.name,
        "custom": field.is(Flag::Custom),
        "displayName": field.name,
        "foreignKeyName": null,
        "insertable": field.is(Flag::Createable),
        "joinColumns": [],
        "numberType": matches!(storage, Storage::Integer | Storage::Real),
        "textType": storage == Storage::Text,
        "updatable": field.is(Flag::Updateable),
    })
}

fn parent(schema: &Schema, object: &Object, (name, record): (&str, &Selection)) -> Option<Value> {
    let reference = object.reference(name)?;
    let target = match reference.targets.as_slice() {
        [target] => target,
        _ => "Name",
    };
    let joined = members(schema, schema.object(target)?, record);
    Some(json!({
        "aggregate": false,
        "apexType": target,
        "booleanType": false,
        "columnName": name,
        "custom": reference.is(Flag::Custom),
        "displayName": name,
        "foreignKeyName": reference.name,
        "insertable": false,
        "joinColumns": joined,
        "numberType": false,
        "textType": false,
        "updatable": false,
    }))
}

fn apex_type(kind: FieldType) -> &'static str {
    match kind.storage() {
        Storage::Id => "Id",
        Storage::Text => "String",
        Storage::Boolean => "Boolean",
        Storage::Integer => "Integer",
        Storage::Real => "Double",
        Storage::Date => "Date",
        Storage::Datetime => "Datetime",
        Storage::Time => "Time",
        Storage::Compound => "Address",
    }
}
