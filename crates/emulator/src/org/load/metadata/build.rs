//! From everything that was read to objects of the schema.

use std::collections::HashSet;

use super::super::error::{LoadError, Trouble};
use super::attributes::{self, Digits};
use super::field::{FieldSource, is_name};
use super::object::ObjectSource;
use super::{Metadata, Nature, RecordTypeSource, standard};
use crate::org::schema::{Field, FieldType, Object, Schema};

/// The characters that key prefixes count in.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What metadata come to.
#[derive(Debug, Default)]
pub(in super::super) struct Built {
    pub(in super::super) objects: Vec<Object>,
    /// Record types, each with its object.
    pub(in super::super) record_types: Vec<(String, RecordTypeSource)>,
    pub(in super::super) warnings: Vec<String>,
}

/// Key prefixes that are not taken yet.
#[derive(Debug)]
pub(in super::super) struct Prefixes(HashSet<String>);

impl Prefixes {
    pub(in super::super) fn of(schema: &Schema) -> Self {
        let taken = schema.objects().iter();
        Self(
            taken
                .filter_map(|object| object.key_prefix.clone())
                .collect(),
        )
    }

    /// The first one that begins with `letter`.
    pub(in super::super) fn next(&mut self, letter: char) -> Result<String, LoadError> {
        let pairs = DIGITS
            .iter()
            .flat_map(|a| DIGITS.iter().map(move |b| (a, b)));
        let prefix = pairs
            .map(|(a, b)| format!("{letter}{}{}", char::from(*a), char::from(*b)))
            .find(|prefix| !self.0.contains(prefix))
            .ok_or_else(|| LoadError::new("", "the org has as many custom objects as it can"))?;
        self.0.insert(prefix.clone());
        Ok(prefix)
    }

    /// Takes one that somebody else chose; `false` if it is taken.
    pub(in super::super) fn take(&mut self, prefix: &str) -> bool {
        self.0.insert(prefix.to_owned())
    }
}

/// An object that no metadata describe.
pub(in super::super) fn standard_object(
    source: &ObjectSource,
    prefixes: &mut Prefixes,
) -> Result<Object, LoadError> {
    let prefix = prefixes.next(Nature::of(source).prefix())?;
    Ok(standard::object(source, prefix))
}

/// What everything that was read comes to, laid over `schema`.
pub(in super::super) fn objects(
    metadata: &Metadata,
    schema: &Schema,
    prefixes: &mut Prefixes,
) -> Result<Built, LoadError> {
    let mut built = Built::default();
    for source in metadata.objects.values() {
        if source.name == "Activity" {
            // What activities have, tasks and events have.
            for name in ["Task", "Event"] {
                let mut source = source.clone();
                name.clone_into(&mut source.name);
                built.add(metadata, (&source, schema), prefixes)?;
            }
            continue;
        }
        built.add(metadata, (source, schema), prefixes)?;
    }
    built.objects.extend(standard_values(metadata, schema));
    Ok(built)
}

impl Built {
    fn add(
        &mut self,
        metadata: &Metadata,
        (source, schema): (&ObjectSource, &Schema),
        prefixes: &mut Prefixes,
    ) -> Result<(), LoadError> {
        let path = source.path.as_deref().unwrap_or(&source.name);
        if !is_name(&source.name) {
            let problem = format!("expected the name of an object, found {:?}", source.name);
            return Err(LoadError::new(path, problem));
        }
        let known = schema.object(&source.name);
        let mut object = match known {
            Some(known) if !known.is_custom() => Object {
                name: known.name.clone(),
                ..Object::default()
            },
            Some(known) => {
                let prefix = known.key_prefix.clone().unwrap_or_default();
                let mut object = standard::object(source, prefix);
                object.name.clone_from(&known.name);
                object
            }
            None => {
                self.note_unknown(source);
                standard_object(source, prefixes)?
            }
        };
        for field in &source.fields {
            let context = Context {
                metadata,
                schema,
                object: &object.name,
            };
            let fields = context
                .fields(field, known, &mut self.warnings)
                .map_err(|trouble| trouble.at(&field.path))?;
            object.fields.extend(fields);
        }
        for record_type in &source.record_types {
            self.record_types
                .push((object.name.clone(), record_type.clone()));
        }
        self.objects.push(object);
        Ok(())
    }

    fn note_unknown(&mut self, source: &ObjectSource) {
        let name = &source.name;
        if !name.contains("__") {
            self.warnings.push(format!(
                "{name} is not built in: it is made with the fields that every object has, and \
                 those that were loaded"
            ));
        } else if source.path.is_none() {
            self.warnings.push(format!(
                "{name} has no object file: it is made from its fields alone"
            ));
        }
    }
}

/// What a field is looked at with.
struct Context<'a> {
    metadata: &'a Metadata,
    schema: &'a Schema,
    object: &'a str,
}

impl Context<'_> {
    fn fields(
        &self,
        source: &FieldSource,
        known: Option<&Object>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Field>, Trouble> {
        let name = format!("{}.{}", self.object, source.name);
        if !source.name.contains("__") {
            let standard = known.and_then(|object| object.field(&source.name));
            return Ok(standard.map_or_else(Vec::new, |field| self.changed(field, source)));
        }
        let Some(xml) = &source.kind else {
            return Err(Trouble::new(
                source.line,
                "expected <type> in a custom field",
            ));
        };
        let (kind, digits) = match (xml.as_str(), attributes::type_named(xml)) {
            ("Summary", _) => self.summary(source),
            (_, Some(kind)) => (kind, digits(source)),
            (_, None) => {
                warnings.push(format!(
                    "{name} is left out: fields of type {xml} are not known"
                ));
                return Ok(Vec::new());
            }
        };
        if source.formula.is_some() {
            warnings.push(format!(
                "{name} is a formula: it is read-only and not worked out"
            ));
        } else if source.summary.is_some() {
            warnings.push(format!(
                "{name} is a roll-up: it is read-only and not worked out"
            ));
        }
        let mut fields = attributes::fields(source, kind, digits);
        let Some(field) = fields.first_mut() else {
            return Ok(fields);
        };
        if xml == "Hierarchy" && field.targets.is_empty() {
            field.targets.push(self.object.to_owned());
        }
        if field.kind == FieldType::Reference && field.targets.is_empty() {
            return Err(Trouble::new(
                source.line,
                "expected <referenceTo> in a lookup field",
            ));
        }
        if self.object == "Event" && self.metadata.objects.contains_key("Activity") {
            // Tasks have the name already.
            field.children = None;
        }
        match attributes::default(source, kind) {
            Ok(default) => field.default_value = default,
            Err(problem) => warnings.push(format!("{name}: {problem}")),
        }
        self.give_values(field, source, (&name, warnings));
        Ok(fields)
    }

    /// A standard field of which a file says more.
    fn changed(&self, field: &Field, source: &FieldSource) -> Vec<Field> {
        let mut field = field.clone();
        self.give_values(&mut field, source, ("", &mut Vec::new()));
        vec![field]
    }

    fn give_values(
        &self,
        field: &mut Field,
        source: &FieldSource,
        (name, warnings): (&str, &mut Vec<String>),
    ) {
        let is_choice = matches!(field.kind, FieldType::Picklist | FieldType::Multipicklist);
        let Some(picklist) = source.picklist.as_ref().filter(|_| is_choice) else {
            return;
        };
        let mut picklist = picklist.clone();
        if let Some(set) = &picklist.set {
            match self.metadata.value_sets.get(set) {
                Some(choices) => picklist.choices.clone_from(choices),
                None => {
                    // Without its values everything would be refused.
                    picklist.is_restricted = false;
                    warnings.push(format!(
                        "{name} has no values: value set {set} is not loaded"
                    ));
                }
            }
        }
        if picklist.set.is_none() && picklist.choices.is_empty() && !field.choices.is_empty() {
            return;
        }
        attributes::choose(field, picklist);
    }

    /// The type of a roll-up: a number for counts, else that of the field that it sums up.
    fn summary(&self, source: &FieldSource) -> (FieldType, Digits) {
        let whole = Digits {
            precision: 18,
            scale: 0,
        };
        let of = match &source.summary {
            Some((operation, Some(of))) if operation != "count" => of,
            _ => return (FieldType::Double, whole),
        };
        let (object, field) = of.split_once('.').unwrap_or((of, ""));
        if let Some(known) = self.schema.object(object).and_then(|o| o.field(field)) {
            let digits = Digits {
                precision: known.precision,
                scale: known.scale,
            };
            return (known.kind, digits);
        }
        let sources = self.metadata.objects.get(object);
        sources
            .and_then(|object| object.fields.iter().find(|known| known.name == field))
            .and_then(|known| Some((known, attributes::type_named(known.kind.as_deref()?)?)))
            .map_or((FieldType::Double, whole), |(known, kind)| {
                (kind, digits(known))
            })
    }
}

fn digits(source: &FieldSource) -> Digits {
    Digits {
        precision: source.precision.unwrap_or(18),
        scale: source.scale.unwrap_or(0),
    }
}

/// The standard fields whose values a standard value set has.
const STANDARD_SETS: [(&str, &str, &str); 27] = [
    ("AccountOwnership", "Account", "Ownership"),
    ("AccountRating", "Account", "Rating"),
    ("AccountRating", "Lead", "Rating"),
    ("AccountType", "Account", "Type"),
    ("AssetStatus", "Asset", "Status"),
    ("CampaignStatus", "Campaign", "Status"),
    ("CampaignType", "Campaign", "Type"),
    ("CaseOrigin", "Case", "Origin"),
    ("CasePriority", "Case", "Priority"),
    ("CaseReason", "Case", "Reason"),
    ("CaseStatus", "Case", "Status"),
    ("CaseType", "Case", "Type"),
    ("ContactRole", "OpportunityContactRole", "Role"),
    ("ContractStatus", "Contract", "Status"),
    ("Industry", "Account", "Industry"),
    ("Industry", "Lead", "Industry"),
    ("LeadSource", "Account", "AccountSource"),
    ("LeadSource", "Contact", "LeadSource"),
    ("LeadSource", "Lead", "LeadSource"),
    ("LeadSource", "Opportunity", "LeadSource"),
    ("LeadStatus", "Lead", "Status"),
    ("OpportunityStage", "Opportunity", "StageName"),
    ("OpportunityType", "Opportunity", "Type"),
    ("Product2Family", "Product2", "Family"),
    ("Salutation", "Contact", "Salutation"),
    ("TaskPriority", "Task", "Priority"),
    ("TaskStatus", "Task", "Status"),
];

/// Standard fields with the values of their value sets.
fn standard_values(metadata: &Metadata, schema: &Schema) -> Vec<Object> {
    let mut objects = Vec::new();
    for (set, object, field) in STANDARD_SETS {
        let Some(choices) = metadata.value_sets.get(set) else {
            continue;
        };
        let Some(mut field) = schema.object(object).and_then(|o| o.field(field)).cloned() else {
            continue;
        };
        let default = choices.iter().find(|choice| choice.is_default);
        field.default_value = default.map(|choice| choice.value.clone());
        field.choices.clone_from(choices);
        objects.push(Object {
            name: object.to_owned(),
            fields: vec![field],
            ..Object::default()
        });
    }
    objects
}
