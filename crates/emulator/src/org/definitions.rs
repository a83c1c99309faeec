//! The schema as records: `EntityDefinition` and `FieldDefinition`.
//!
//! Owns their rows, which are made from the schema when somebody asks for them, and anew when it
//! has changed since. Nobody else writes them. What schema they show stands beside them in the
//! database, so that both are kept, put back and undone together.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use accredit::clock::UnixTime;
use rusqlite::OptionalExtension as _;

use super::Org;
use super::error::OrgError;
use super::record::Writer;
use super::schema::{Field, FieldType, Flag, Object, Schema};
use super::table;
use super::value::Value;

/// The objects that this module fills.
const DEFINITIONS: [&str; 2] = ["EntityDefinition", "FieldDefinition"];

/// The last schema whose fingerprint was asked for, and that.
#[derive(Debug, Default)]
pub(super) struct Fingerprint(Mutex<(Weak<Schema>, i64)>);

impl Fingerprint {
    /// What tells the schema from others. Worked out once.
    fn of(&self, schema: &Arc<Schema>) -> Result<i64, OrgError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last
            .0
            .upgrade()
            .is_some_and(|last| Arc::ptr_eq(&last, schema))
        {
            return Ok(last.1);
        }
        let mut hasher = DefaultHasher::new();
        for object in schema.objects() {
            let text = serde_json::to_vec(object);
            text.map_err(|error| OrgError::Schema(error.to_string()))?
                .hash(&mut hasher);
        }
        *last = (Arc::downgrade(schema), hasher.finish().cast_signed());
        Ok(last.1)
    }
}

/// Whether a statement may read these objects.
fn mentions(text: &str) -> bool {
    let definition = b"definition";
    let is_it = |part: &[u8]| part.eq_ignore_ascii_case(definition);
    text.as_bytes().windows(definition.len()).any(is_it)
}

impl Org {
    /// Lets the definitions that a statement reads be those of the schema.
    pub(super) fn define(&self, text: &str, now: UnixTime) -> Result<(), OrgError> {
        if !mentions(text) {
            return Ok(());
        }
        let schema = self.schema();
        let fingerprint = self.fingerprint.of(&schema)?;
        self.store.together(|| {
            let sql = "SELECT fingerprint FROM sobject_shown";
            let shown: Option<i64> = self
                .store
                .run(|connection| connection.query_row(sql, [], |row| row.get(0)).optional())?;
            if shown == Some(fingerprint) {
                return Ok(());
            }
            self.write(&self.first_user(), now, |writer| {
                fill(writer)?;
                let connection = writer.connection;
                connection.execute("DELETE FROM sobject_shown", [])?;
                connection.execute("INSERT INTO sobject_shown VALUES (?1)", [fingerprint])?;
                Ok(())
            })
        })
    }
}

fn fill(writer: &Writer<'_>) -> Result<(), OrgError> {
    for name in DEFINITIONS {
        let Some(object) = writer.schema.object(name) else {
            return Ok(());
        };
        let prefix = object.key_prefix.as_deref().unwrap_or_default();
        let connection = writer.connection;
        connection.execute(&format!("DELETE FROM {}", table::table(object)), [])?;
        // The same schema gives the same ids.
        let sql = "DELETE FROM sobject_counters WHERE key_prefix = ?";
        connection.execute(sql, [prefix])?;
    }
    for object in writer.schema.objects() {
        let id = writer.insert("EntityDefinition", entity(object))?;
        for field in &object.fields {
            let mut values = definition(object, field);
            values.push(("EntityDefinitionId", id.as_str().into()));
            writer.insert("FieldDefinition", values)?;
        }
    }
    Ok(())
}

fn entity(object: &Object) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("DurableId", Value::from(object.name.as_str())),
        ("QualifiedApiName", object.name.as_str().into()),
        ("DeveloperName", developer_name(&object.name).into()),
        ("MasterLabel", object.label.as_str().into()),
        ("Label", object.label.as_str().into()),
        ("PluralLabel", object.plural.as_str().into()),
        (
            "KeyPrefix",
            object.key_prefix.as_deref().unwrap_or_default().into(),
        ),
        ("IsIdEnabled", true.into()),
    ];
    for (name, ability) in [
        ("IsCustomizable", "layoutable"),
        ("IsApexTriggerable", "triggerable"),
        ("IsCompactLayoutable", "compactLayoutable"),
        ("IsReplicateable", "replicateable"),
        ("IsRetrieveable", "retrieveable"),
        ("IsSearchLayoutable", "searchLayoutable"),
        ("IsSearchable", "searchable"),
        ("IsTriggerable", "triggerable"),
        ("IsEverCreatable", "createable"),
        ("IsEverUpdatable", "updateable"),
        ("IsEverDeletable", "deletable"),
        ("IsFeedEnabled", "feedEnabled"),
        ("IsQueryable", "queryable"),
        ("IsMruEnabled", "mruEnabled"),
        ("IsLayoutable", "layoutable"),
    ] {
        values.push((name, object.can(ability).into()));
    }
    values
}

fn definition(object: &Object, field: &Field) -> Vec<(&'static str, Value)> {
    let durable_id = format!("{}.{}", object.name, field.name);
    let mut values = vec![
        ("DurableId", Value::from(durable_id.as_str())),
        ("QualifiedApiName", field.name.as_str().into()),
        ("DeveloperName", developer_name(&field.name).into()),
        ("MasterLabel", field.label.as_str().into()),
        ("Label", field.label.as_str().into()),
        ("Length", i64::from(field.length).into()),
        ("DataType", data_type(field).as_str().into()),
        (
            "ExtraTypeInfo",
            field.extra_type.as_deref().unwrap_or_default().into(),
        ),
        (
            "Precision",
            i64::from(field.precision.max(field.digits)).into(),
        ),
        ("Scale", i64::from(field.scale).into()),
        (
            "RelationshipName",
            field.relationship.as_deref().unwrap_or_default().into(),
        ),
        ("IsCompound", (!field.is_stored()).into()),
        ("IsIndexed", is_indexed(field).into()),
    ];
    for (name, flag) in [
        ("IsNillable", Flag::Nillable),
        ("IsCalculated", Flag::Calculated),
        ("IsHighScaleNumber", Flag::HighScaleNumber),
        ("IsHtmlFormatted", Flag::HtmlFormatted),
        ("IsNameField", Flag::NameField),
        ("IsApiFilterable", Flag::Filterable),
        ("IsApiGroupable", Flag::Groupable),
        ("IsApiSortable", Flag::Sortable),
        ("IsPolymorphicForeignKey", Flag::PolymorphicForeignKey),
    ] {
        values.push((name, field.is(flag).into()));
    }
    values
}

/// The name without the ending of custom names.
fn developer_name(name: &str) -> &str {
    name.strip_suffix("__c").unwrap_or(name)
}

fn is_indexed(field: &Field) -> bool {
    field.is(Flag::IdLookup)
        || field.is(Flag::ExternalId)
        || matches!(field.kind, FieldType::Id | FieldType::Reference)
        || matches!(field.name.as_str(), "CreatedDate" | "SystemModstamp")
}

/// The type in the words of Setup: `Text(40)`, `Lookup(Account)`.
fn data_type(field: &Field) -> String {
    let name = match field.kind {
        FieldType::Id => "Lookup()".to_owned(),
        FieldType::Reference => {
            let relation = if field.is(Flag::CascadeDelete) && field.is(Flag::Custom) {
                "Master-Detail"
            } else {
                "Lookup"
            };
            format!("{relation}({})", field.targets.join(","))
        }
        FieldType::Boolean => "Checkbox".to_owned(),
        FieldType::String if field.is(Flag::AutoNumber) => "Auto Number".to_owned(),
        FieldType::String => format!("Text({})", field.length),
        FieldType::Picklist | FieldType::Combobox => "Picklist".to_owned(),
        FieldType::Multipicklist => "Picklist (Multi-Select)".to_owned(),
        FieldType::Textarea if field.is_long_text() => {
            format!("Long Text Area({})", field.length)
        }
        FieldType::Textarea => format!("Text Area({})", field.length),
        FieldType::Phone => "Phone".to_owned(),
        FieldType::Url => format!("URL({})", field.length),
        FieldType::Email => "Email".to_owned(),
        FieldType::Int => format!("Number({}, 0)", field.digits),
        FieldType::Double | FieldType::Currency | FieldType::Percent => {
            let word = match field.kind {
                FieldType::Currency => "Currency",
                FieldType::Percent => "Percent",
                _ => "Number",
            };
            let whole = field.precision.saturating_sub(field.scale);
            format!("{word}({whole}, {})", field.scale)
        }
        FieldType::Date => "Date".to_owned(),
        FieldType::Datetime => "Date/Time".to_owned(),
        FieldType::Time => "Time".to_owned(),
        FieldType::Address => "Address".to_owned(),
        FieldType::Location => "Geolocation".to_owned(),
        _ => field.kind.as_str().to_owned(),
    };
    match field.extra_type.as_deref() {
        Some("personname" | "switchablepersonname") => "Name".to_owned(),
        _ => name,
    }
}
