//! Records of custom metadata types: `Rule.Strict.md-meta.xml`.

use super::super::error::Trouble;
use super::super::xml::{self, Element};
use super::{Given, Row};
use crate::org::schema::{FieldType, Schema};

/// Reads a file; nothing if its type is not in the schema.
pub(in super::super) fn read(
    (path, text): (&str, &str),
    file: usize,
    schema: &Schema,
) -> Result<Option<Row>, Trouble> {
    let document = xml::parse(text)?;
    let root = Element::root(&document, &["CustomMetadata"])?;
    let (kind, name) = name(path)
        .ok_or_else(|| Trouble::new(1, "expected a file name such as TYPE.RECORD.md-meta.xml"))?;
    let Some(object) = schema.object(&format!("{kind}__mdt")) else {
        return Ok(None);
    };
    let label = root.text("label").unwrap_or_else(|| name.to_owned());
    let text = |text: &str| Given::Text(text.to_owned());
    let mut values = vec![
        ("DeveloperName".to_owned(), text(name)),
        ("QualifiedApiName".to_owned(), text(name)),
        ("MasterLabel".to_owned(), text(&label)),
        ("Label".to_owned(), text(&label)),
        ("Language".to_owned(), text("en_US")),
    ];
    for element in root.all("values") {
        let field = element.needed("field")?;
        let given = match element.text("value") {
            _ if element.child("value").is_some_and(Element::is_nil) => Given::Null,
            Some(value) => reference(schema, (&object.name, &field), value),
            None => Given::Null,
        };
        values.push((field, given));
    }
    Ok(Some(Row {
        file,
        line: root.line(),
        object: object.name.clone(),
        called: Some(name.to_owned()),
        keys: vec![key(&object.name, name)],
        values,
    }))
}

/// Records of other custom metadata types are called by their names.
fn reference(schema: &Schema, (object, field): (&str, &str), value: String) -> Given {
    let field = schema.object(object).and_then(|object| object.field(field));
    let target = field
        .filter(|field| field.kind == FieldType::Reference)
        .and_then(|field| field.targets.first())
        .filter(|target| target.ends_with("__mdt"));
    match target {
        Some(target) => Given::Key(vec![key(target, &value)]),
        None => Given::Text(value),
    }
}

fn key(object: &str, name: &str) -> String {
    format!("md/{object}/{name}").to_ascii_lowercase()
}

/// `Rule` and `Strict` of `…/Rule.Strict.md-meta.xml`.
fn name(path: &str) -> Option<(&str, &str)> {
    let name = path.rsplit(['/', '\\']).next()?;
    let name = name.strip_suffix("-meta.xml").unwrap_or(name);
    let (kind, name) = name.strip_suffix(".md")?.split_once('.')?;
    let kind = kind.strip_suffix("__mdt").unwrap_or(kind);
    Some((kind, name))
}
