//! What a query answers with, described: `columns=true` (fact sheet §5.2).

use serde_json::{Value, json};

use super::compile::{Answer, Compiled, Records};
use super::selection::{Member, Selection};
use crate::org::schema::{Field, FieldType, Flag, Object, Schema, Storage};

/// The columns of a query.
pub(super) fn of(schema: &Schema, compiled: &Compiled) -> Vec<Value> {
    let (selection, records) = match &compiled.answer {
        Answer::Records(records) => (&records.selection, Some(records.as_ref())),
        Answer::Groups(selection, _) => (selection, None),
        Answer::Count => return Vec::new(),
    };
    schema
        .object(&compiled.object)
        .map(|object| members(schema, object, (selection, records)))
        .unwrap_or_default()
}

fn members(
    schema: &Schema,
    object: &Object,
    (selection, records): (&Selection, Option<&Records>),
) -> Vec<Value> {
    selection
        .members()
        .iter()
        .filter_map(|member| match member {
            Member::Field { name, .. } | Member::Compound { name, .. } => {
                object.field(name).map(column)
            }
            Member::Parent { name, record } => parent(schema, object, (name, record)),
            Member::TypeOf {
                name, otherwise, ..
            } => match otherwise {
                Some(record) => parent(schema, object, (name, record)),
                None => Some(joined((name, "Name"), (false, Vec::new()))),
            },
            Member::Value {
                name,
                display,
                kind,
                ..
            } => Some(value((name, display), *kind)),
            Member::Children { name, number } => {
                let children = records?.children.get(*number)?;
                let below = &children.records;
                let object = schema.object(below.selection.object())?;
                let columns = members(schema, object, (&below.selection, Some(below)));
                Some(joined((name, &object.name), (true, columns)))
            }
        })
        .collect()
}

/// What a function gives.
fn value((name, display): (&str, &str), kind: FieldType) -> Value {
    let known = [("aggregate", json!(true)), ("displayName", json!(display))];
    described((name, kind), known)
}

/// Other records: children, or a parent of several types.
fn joined((name, object): (&str, &str), (is_many, columns): (bool, Vec<Value>)) -> Value {
    let known = [
        ("aggregate", json!(is_many)),
        ("apexType", json!(object)),
        ("joinColumns", Value::Array(columns)),
    ];
    described((name, FieldType::Address), known)
}

fn column(field: &Field) -> Value {
    let known = [
        ("custom", json!(field.is(Flag::Custom))),
        ("insertable", json!(field.is(Flag::Createable))),
        ("updatable", json!(field.is(Flag::Updateable))),
    ];
    described((&field.name, field.kind), known)
}

/// A column of which its type and these keys are known.
fn described<const N: usize>((name, kind): (&str, FieldType), known: [(&str, Value); N]) -> Value {
    let storage = kind.storage();
    let mut column = json!({
        "aggregate": false,
        "apexType": apex_type(kind),
        "booleanType": storage == Storage::Boolean,
        "columnName": name,
        "custom": false,
        "displayName": name,
        "foreignKeyName": null,
        "insertable": false,
        "joinColumns": [],
        "numberType": matches!(storage, Storage::Integer | Storage::Real),
        "textType": storage == Storage::Text,
        "updatable": false,
    });
    if let Value::Object(keys) = &mut column {
        keys.extend(known.map(|(key, value)| (key.to_owned(), value)));
    }
    column
}

fn parent(schema: &Schema, object: &Object, (name, record): (&str, &Selection)) -> Option<Value> {
    let reference = object.reference(name)?;
    let target = match reference.targets.as_slice() {
        [target] => target,
        _ => "Name",
    };
    let below = members(schema, schema.object(target)?, (record, None));
    let known = [
        ("apexType", json!(target)),
        ("custom", json!(reference.is(Flag::Custom))),
        ("foreignKeyName", json!(reference.name)),
        ("joinColumns", Value::Array(below)),
    ];
    Some(described((name, FieldType::Address), known))
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
