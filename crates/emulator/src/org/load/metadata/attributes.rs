//! From what a file says about a field to what describe says about it.

use super::field::{Constraint, FieldSource, Picklist};
use crate::org::schema::{Field, FieldType, Flag, Shape, Storage};

/// How long the text of a formula gets.
const FORMULA_LENGTH: u32 = 1_300;

/// How long the values of a multi-select picklist get.
const MULTIPICKLIST_LENGTH: u32 = 4_099;

/// The type of a field as the Metadata API names it, and as describe does.
const TYPES: [(&str, FieldType); 25] = [
    ("Text", FieldType::String),
    ("AutoNumber", FieldType::String),
    ("TextArea", FieldType::Textarea),
    ("LongTextArea", FieldType::Textarea),
    ("Html", FieldType::Textarea),
    ("EncryptedText", FieldType::EncryptedString),
    ("Number", FieldType::Double),
    ("Currency", FieldType::Currency),
    ("Percent", FieldType::Percent),
    ("Date", FieldType::Date),
    ("DateTime", FieldType::Datetime),
    ("Time", FieldType::Time),
    ("Checkbox", FieldType::Boolean),
    ("Picklist", FieldType::Picklist),
    ("MultiselectPicklist", FieldType::Multipicklist),
    ("Lookup", FieldType::Reference),
    ("MasterDetail", FieldType::Reference),
    ("Hierarchy", FieldType::Reference),
    ("MetadataRelationship", FieldType::Reference),
    ("ExternalLookup", FieldType::Reference),
    ("IndirectLookup", FieldType::Reference),
    ("Email", FieldType::Email),
    ("Phone", FieldType::Phone),
    ("Url", FieldType::Url),
    ("Location", FieldType::Location),
];

/// The type of describe that the Metadata API calls `name`.
pub(super) fn type_named(name: &str) -> Option<FieldType> {
    let found = TYPES.iter().find(|(known, _)| *known == name);
    found.map(|(_, kind)| *kind)
}

/// A number's digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    pub(super) precision: u32,
    pub(super) scale: u32,
}

/// The field, and what it is put together from.
pub(super) fn fields(source: &FieldSource, kind: FieldType, digits: Digits) -> Vec<Field> {
    let shape = shape(source, kind, digits);
    let label = source
        .label
        .clone()
        .unwrap_or_else(|| super::standard::label_of(&source.name));
    let mut field = Field::new(&source.name, label, kind, shape);
    mark(&mut field, source);
    refer(&mut field, source);
    field.help.clone_from(&source.help);
    field.formula.clone_from(&source.formula);
    let xml = source.kind.as_deref().unwrap_or_default();
    match xml {
        "Html" => {
            field.extra_type = Some("richtextarea".to_owned());
            field.flags.put(Flag::HtmlFormatted, true);
        }
        "AutoNumber" => {
            let format = source.number_format.clone();
            field.number_format = Some(format.unwrap_or_else(|| "{0}".to_owned()));
            field.flags.put(Flag::AutoNumber, true);
            field.flags.put(Flag::DefaultedOnCreate, true);
        }
        _ => {}
    }
    if kind == FieldType::Location {
        let parts = ["Latitude", "Longitude"].map(|part| coordinate(source, &field, part));
        return [field].into_iter().chain(parts).collect();
    }
    vec![field]
}

fn shape(source: &FieldSource, kind: FieldType, digits: Digits) -> Shape {
    let xml = source.kind.as_deref().unwrap_or_default();
    let is_computed = source.formula.is_some() || source.summary.is_some();
    let is_master = xml == "MasterDetail";
    let length = match (kind, xml) {
        (FieldType::String, "AutoNumber") => 30,
        (FieldType::String, _) if is_computed => FORMULA_LENGTH,
        (FieldType::String, _) => source.length.unwrap_or(255),
        (FieldType::Textarea, "TextArea") | (FieldType::Picklist | FieldType::Url, _) => 255,
        (FieldType::Textarea, _) => source.length.unwrap_or(32_768),
        (FieldType::EncryptedString, _) => source.length.unwrap_or(175),
        (FieldType::Multipicklist, _) => MULTIPICKLIST_LENGTH,
        (FieldType::Email, _) => 80,
        (FieldType::Phone, _) => 40,
        _ => 0,
    };
    let is_filled = is_master || kind == FieldType::Boolean || xml == "AutoNumber";
    Shape {
        nillable: Some(!(source.is_required || is_filled)),
        is_readonly: is_computed || xml == "AutoNumber",
        length,
        numbers: vec![digits.precision, digits.scale],
        targets: source.targets.clone(),
    }
}

/// The attributes that are yes or no.
fn mark(field: &mut Field, source: &FieldSource) {
    let is_computed = source.formula.is_some() || source.summary.is_some();
    let is_master = source.kind.as_deref() == Some("MasterDetail");
    let is_many = field.kind == FieldType::Multipicklist;
    for (flag, is_set) in [
        (Flag::Custom, true),
        (Flag::Calculated, is_computed),
        (Flag::CaseSensitive, source.is_case_sensitive),
        (Flag::ExternalId, source.is_external_id),
        (
            Flag::FormulaTreatNullNumberAsZero,
            source.has_blanks_as_zero,
        ),
        (Flag::IdLookup, source.is_external_id),
        (Flag::Permissionable, !(source.is_required || is_master)),
        (Flag::Unique, source.is_unique),
        (Flag::DisplayLocationInDecimal, source.is_in_decimals),
    ] {
        field.flags.put(flag, is_set);
    }
    if is_master {
        field.flags.put(Flag::Updateable, source.is_reparentable);
        let has_master_read = source.has_master_read;
        field
            .flags
            .put(Flag::WriteRequiresMasterRead, has_master_read);
    }
    if is_many {
        field.flags.put(Flag::Aggregatable, false);
        field.flags.put(Flag::Sortable, false);
    }
}

/// Where it leads, and what becomes of it when that is deleted.
fn refer(field: &mut Field, source: &FieldSource) {
    if field.kind != FieldType::Reference {
        return;
    }
    field.children = source.children.as_ref().map(|name| format!("{name}__r"));
    let is_master = source.kind.as_deref() == Some("MasterDetail");
    let cascades = is_master || source.constraint == Constraint::Cascade;
    field.flags.put(Flag::CascadeDelete, cascades);
    let restricts = source.constraint == Constraint::Restrict;
    field.flags.put(Flag::RestrictedDelete, restricts);
    field.flags.put(Flag::SearchPrefilterable, false);
}

/// `Location__Latitude__s` of `Location__c`.
fn coordinate(source: &FieldSource, field: &Field, part: &str) -> Field {
    let stem = source.name.strip_suffix("__c").unwrap_or(&source.name);
    let shape = Shape {
        nillable: Some(!source.is_required),
        numbers: vec![18, source.scale.unwrap_or(15)],
        ..Shape::default()
    };
    let label = format!("{} ({part})", field.label);
    let mut coordinate = Field::new(
        &format!("{stem}__{part}__s"),
        label,
        FieldType::Double,
        shape,
    );
    coordinate.compound = Some(source.name.clone());
    coordinate.flags.put(Flag::Custom, true);
    coordinate
}

/// Gives a picklist its values, and the one that a record has when nothing is said.
pub(super) fn choose(field: &mut Field, picklist: Picklist) {
    let default = picklist.choices.iter().find(|choice| choice.is_default);
    field.default_value = default.map(|choice| choice.value.clone());
    if default.is_some() {
        field.flags.put(Flag::DefaultedOnCreate, true);
    }
    field
        .flags
        .put(Flag::RestrictedPicklist, picklist.is_restricted);
    field
        .flags
        .put(Flag::DependentPicklist, picklist.is_dependent);
    field.choices = picklist.choices;
}

/// The value that a new record gets, where the file says one and not how to work it out.
pub(super) fn default(source: &FieldSource, kind: FieldType) -> Result<Option<String>, String> {
    let Some(text) = &source.default else {
        return Ok(None);
    };
    let is_in = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    let literal = match kind.storage() {
        Storage::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Some("true".to_owned()),
            // What a checkbox is anyway.
            "false" => return Ok(None),
            _ => None,
        },
        Storage::Integer | Storage::Real => text.parse::<f64>().ok().map(|_| text.clone()),
        Storage::Text if is_in('"') || is_in('\'') => {
            let inner = text.get(1..text.len() - 1).unwrap_or_default();
            (!inner.contains(['"', '\'', '\\'])).then(|| inner.to_owned())
        }
        _ => None,
    };
    let problem = || format!("its default value is a formula, which is not worked out: {text}");
    literal.map(Some).ok_or_else(problem)
}
