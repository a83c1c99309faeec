//! Fields that a mapping fills and no metadata describe, such as those of a managed package.
//!
//! Owns guessing their types from their values; each guess is told.

use std::collections::BTreeMap;

use super::convert;
use super::error::LoadError;
use super::metadata::{ObjectSource, Prefixes, standard_object};
use super::rows::Given;
use super::rows::mapped::Wanted;
use crate::org::schema::{Field, FieldType, Flag, Object, Schema, Shape};

/// What was guessed.
#[derive(Debug, Default)]
pub(super) struct Inferred {
    pub(super) objects: Vec<Object>,
    pub(super) warnings: Vec<String>,
}

/// The wanted fields, and the objects that lack altogether.
pub(super) fn objects(
    wanted: &[Wanted<'_>],
    schema: &Schema,
    prefixes: &mut Prefixes,
) -> Result<Inferred, LoadError> {
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    let mut warnings = Vec::new();
    for wanted in wanted {
        let name = schema
            .object(wanted.object)
            .map_or(wanted.object, |object| object.name.as_str());
        if !objects.contains_key(name) {
            let object = match schema.object(name) {
                Some(_) => Object {
                    name: name.to_owned(),
                    ..Object::default()
                },
                None if name.contains("__") => {
                    warnings.push(format!("{name} is in no metadata: it is made"));
                    standard_object(&ObjectSource::new(name), prefixes)?
                }
                None => continue,
            };
            objects.insert(name.to_owned(), object);
        }
        let field = field(wanted);
        warnings.push(format!(
            "{name}.{} is in no metadata: it is made as {}",
            field.name,
            field.kind.as_str()
        ));
        if let Some(object) = objects.get_mut(name) {
            object.fields.push(field);
        }
    }
    Ok(Inferred {
        objects: objects.into_values().collect(),
        warnings,
    })
}

fn field(wanted: &Wanted<'_>) -> Field {
    let kind = match wanted.values.as_slice() {
        _ if !wanted.targets.is_empty() => FieldType::Reference,
        // Without values the name is all there is.
        [] if wanted.field.ends_with("Date__c") => FieldType::Date,
        values => kind_of(values),
    };
    let length = match kind {
        FieldType::String => 255,
        FieldType::Textarea => 32_768,
        _ => 0,
    };
    let shape = Shape {
        length,
        numbers: vec![18, 2],
        targets: wanted.targets.clone(),
        nillable: Some(kind != FieldType::Boolean),
        is_readonly: false,
    };
    let label = super::metadata::label_of(wanted.field);
    let mut field = Field::new(wanted.field, label, kind, shape);
    field.flags.put(Flag::Custom, true);
    field.flags.put(Flag::Permissionable, true);
    field
}

/// The narrowest type that all values fit.
fn kind_of(values: &[&str]) -> FieldType {
    let is = |kind: FieldType| {
        let field = Field::new("X__c", String::new(), kind, Shape::default());
        let mut values = values.iter();
        values.all(|text| convert::value(&field, &Given::Text((*text).to_owned())).is_ok())
    };
    let is_word = |text: &&str| matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
    let is_day = |text: &&str| text.len() == 10;
    // Codes such as 00501 are no numbers.
    let is_code = |text: &&str| text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    if values.is_empty() {
        FieldType::String
    } else if values.iter().all(is_word) {
        FieldType::Boolean
    } else if values.iter().all(is_day) && is(FieldType::Date) {
        FieldType::Date
    } else if values.iter().all(|text| text.len() > 10) && is(FieldType::Datetime) {
        FieldType::Datetime
    } else if is(FieldType::Double) && !values.iter().any(is_code) {
        FieldType::Double
    } else if values.iter().any(|text| text.len() > 255) {
        FieldType::Textarea
    } else {
        FieldType::String
    }
}
