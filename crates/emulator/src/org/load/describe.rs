//! Describe answers as schema: what a real org says about an object, taken over as it is.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::error::Trouble;
use super::metadata::{Prefixes, RecordTypeSource, is_name};
use crate::org::schema::{Choice, Field, FieldType, Flag, Object, Schema, Scope, Shape};

/// What an answer says.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) object: Object,
    pub(super) children: Vec<ChildLink>,
    pub(super) record_types: Vec<RecordTypeSource>,
}

/// What an answer says about a field of another object, which refers to this one.
#[derive(Debug)]
pub(super) struct ChildLink {
    object: String,
    field: String,
    name: Option<String>,
    cascades: bool,
    restricts: bool,
}

impl ChildLink {
    /// The field with what this says, as an addition to its object; nothing if it is not known.
    pub(super) fn addition(self, schema: &Schema) -> Option<Object> {
        let object = schema.object(&self.object)?;
        let mut field = object.field(&self.field)?.clone();
        field.children = self.name;
        field.flags.put(Flag::CascadeDelete, self.cascades);
        field.flags.put(Flag::RestrictedDelete, self.restricts);
        Some(Object {
            name: object.name.clone(),
            fields: vec![field],
            ..Object::default()
        })
    }
}

/// `sf sobject describe --json` puts the answer into `result`.
#[derive(Debug, Deserialize)]
struct Wrapped {
    result: Map<String, Json>,
}

/// Reads an answer.
pub(super) fn read(
    text: &str,
    schema: &Schema,
    prefixes: &mut Prefixes,
) -> Result<Described, Trouble> {
    let unfit = |error: serde_json::Error| Trouble::new(error.line(), error.to_string());
    let answer = match serde_json::from_str::<Wrapped>(text) {
        Ok(wrapped) => wrapped.result,
        Err(_) => serde_json::from_str(text).map_err(unfit)?,
    };
    let name = word(&answer, "name").filter(|name| is_name(name));
    let name = name.ok_or_else(|| Trouble::new(1, "expected the name of an object in name"))?;
    let known = schema.object(&name);
    let prefix = match known.and_then(|known| known.key_prefix.clone()) {
        Some(prefix) => prefix,
        None => prefix(&answer, prefixes)?,
    };
    let mut object = Object {
        label: word(&answer, "label").unwrap_or_else(|| name.clone()),
        plural: word(&answer, "labelPlural").unwrap_or_else(|| name.clone()),
        key_prefix: Some(prefix),
        is_setting: is(&answer, "customSetting"),
        ..Object::default()
    };
    object.name = known.map_or(name, |known| known.name.clone());
    let is_ability = |(key, value): &(&String, &Json)| {
        **value == Json::Bool(true) && !["custom", "customSetting"].contains(&key.as_str())
    };
    let abilities = answer.iter().filter(is_ability);
    object.abilities = abilities.map(|(key, _)| key.clone()).collect();
    if let Some(links) = answer.get("urls").and_then(Json::as_object) {
        let own = ["rowTemplate", "describe", "sobject"];
        let links = links.keys().filter(|key| !own.contains(&key.as_str()));
        let links = links.filter(|key| !key.starts_with("ui"));
        object.urls = links.cloned().collect();
    }
    for scope in list(&answer, "supportedScopes") {
        let text = |key| word(scope, key).unwrap_or_default();
        object.scopes.push(Scope {
            name: text("name"),
            label: text("label"),
        });
    }
    for (index, described) in list(&answer, "fields").enumerate() {
        let mut field = field(described, index)?;
        // What children are called, and what becomes of them, is said in the parent's answer.
        if let Some(before) = known.and_then(|known| known.field(&field.name)) {
            field.children.clone_from(&before.children);
            for flag in [Flag::CascadeDelete, Flag::RestrictedDelete] {
                field.flags.put(flag, before.is(flag));
            }
        }
        object.fields.push(field);
    }
    let types = list(&answer, "recordTypeInfos").filter(|info| !is(info, "master"));
    Ok(Described {
        object,
        children: list(&answer, "childRelationships")
            .filter_map(child)
            .collect(),
        record_types: types.filter_map(record_type).collect(),
    })
}

fn child(described: &Map<String, Json>) -> Option<ChildLink> {
    Some(ChildLink {
        object: word(described, "childSObject")?,
        field: word(described, "field")?,
        name: word(described, "relationshipName"),
        cascades: is(described, "cascadeDelete"),
        restricts: is(described, "restrictedDelete"),
    })
}

fn prefix(answer: &Map<String, Json>, prefixes: &mut Prefixes) -> Result<String, Trouble> {
    if let Some(prefix) = word(answer, "keyPrefix")
        && prefix.len() == 3
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && prefixes.take(&prefix)
    {
        return Ok(prefix);
    }
    prefixes
        .next('y')
        .map_err(|error| Trouble::new(1, error.to_string()))
}

fn list<'a>(
    answer: &'a Map<String, Json>,
    key: &str,
) -> impl Iterator<Item = &'a Map<String, Json>> {
    let items = answer.get(key).and_then(Json::as_array);
    items.into_iter().flatten().filter_map(Json::as_object)
}

fn word(answer: &Map<String, Json>, key: &str) -> Option<String> {
    answer.get(key)?.as_str().map(str::to_owned)
}

fn is(answer: &Map<String, Json>, key: &str) -> bool {
    answer.get(key).and_then(Json::as_bool).unwrap_or_default()
}

fn number(answer: &Map<String, Json>, key: &str) -> u32 {
    let number = answer.get(key).and_then(Json::as_u64);
    number
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or_default()
}

fn field(described: &Map<String, Json>, index: usize) -> Result<Field, Trouble> {
    let unfit = |what: &str| Trouble::new(1, format!("expected {what} in fields[{index}]"));
    let name = word(described, "name").filter(|name| is_name(name));
    let name = name.ok_or_else(|| unfit("a name"))?;
    let kind = word(described, "type").unwrap_or_default();
    // Types that are shown and stored like text.
    let kind = FieldType::named(&kind).unwrap_or(FieldType::String);
    let label = word(described, "label").unwrap_or_else(|| name.clone());
    let mut field = Field::new(&name, label, kind, Shape::default());
    for (key, value) in described {
        if let (Some(flag), Some(is_set)) = (Flag::named(key), value.as_bool()) {
            field.flags.put(flag, is_set);
        }
    }
    for (slot, key) in [
        (&mut field.length, "length"),
        (&mut field.byte_length, "byteLength"),
        (&mut field.digits, "digits"),
        (&mut field.precision, "precision"),
        (&mut field.scale, "scale"),
    ] {
        *slot = number(described, key);
    }
    let targets = described.get("referenceTo").and_then(Json::as_array);
    let targets = targets.into_iter().flatten().filter_map(Json::as_str);
    field.targets = targets.map(str::to_owned).collect();
    field.relationship = word(described, "relationshipName");
    field.compound = word(described, "compoundFieldName");
    field.extra_type = word(described, "extraTypeInfo");
    field.formula = word(described, "calculatedFormula");
    field.help = word(described, "inlineHelpText");
    field.default_value = match described.get("defaultValue") {
        Some(Json::String(text)) => Some(text.clone()),
        Some(Json::Bool(true)) => Some("true".to_owned()),
        _ => None,
    };
    let choices = list(described, "picklistValues");
    let choices = choices.filter(|choice| choice.get("active") != Some(&Json::Bool(false)));
    field.choices = choices.filter_map(choice).collect();
    Ok(field)
}

fn choice(described: &Map<String, Json>) -> Option<Choice> {
    let value = word(described, "value")?;
    Some(Choice {
        label: word(described, "label").unwrap_or_else(|| value.clone()),
        is_default: is(described, "defaultValue"),
        value,
    })
}

fn record_type(described: &Map<String, Json>) -> Option<RecordTypeSource> {
    let mut source = RecordTypeSource::named(&word(described, "developerName")?);
    source.label = word(described, "name")?;
    source.is_active = described.get("active") != Some(&Json::Bool(false));
    Some(source)
}
