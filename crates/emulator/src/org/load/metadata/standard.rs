//! What every custom object has without being told: its standard fields and what can be done with
//! it, by the ending of its name.

use super::object::{NameField, ObjectSource};
use crate::org::schema::{Field, FieldType, Flag, Object, Scope, Shape};

/// What a custom object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Nature {
    /// `__c`: an object for records.
    Records,
    /// `__c` as well, but a custom setting.
    Setting,
    /// `__mdt`: a custom metadata type.
    Metadata,
    /// `__e`: a platform event, which nobody can query.
    Event,
    /// A standard object that is not built in, a big object, an external one.
    Other,
}

/// How the key prefixes of the natures begin.
const PREFIXES: [(Nature, char); 5] = [
    (Nature::Records, 'a'),
    (Nature::Setting, 'a'),
    (Nature::Metadata, 'm'),
    (Nature::Event, 'e'),
    (Nature::Other, 'z'),
];

impl Nature {
    /// By its name, and by what its file says.
    pub(in super::super) fn of(source: &ObjectSource) -> Self {
        match source.name.rsplit_once("__").map(|(_, ending)| ending) {
            Some("c") if source.setting.is_some() => Self::Setting,
            // A managed package's settings come without the file that says so.
            Some("c") if source.path.is_none() && source.name.ends_with("_Settings__c") => {
                Self::Setting
            }
            Some("c") => Self::Records,
            Some("mdt") => Self::Metadata,
            Some("e") => Self::Event,
            _ => Self::Other,
        }
    }

    /// The first character of its key prefix.
    pub(super) fn prefix(self) -> char {
        let found = PREFIXES.iter().find(|(nature, _)| *nature == self);
        found.map_or('z', |(_, prefix)| *prefix)
    }

    fn abilities(self, source: &ObjectSource) -> Vec<String> {
        let mut abilities: Vec<&str> = match self {
            Self::Records | Self::Other => vec![
                "compactLayoutable",
                "createable",
                "deletable",
                "layoutable",
                "queryable",
                "replicateable",
                "retrieveable",
                "searchLayoutable",
                "triggerable",
                "undeletable",
                "updateable",
            ],
            Self::Setting => vec![
                "createable",
                "deletable",
                "queryable",
                "replicateable",
                "retrieveable",
                "triggerable",
                "updateable",
            ],
            Self::Metadata => vec!["layoutable", "queryable", "retrieveable"],
            Self::Event => vec!["createable", "triggerable"],
        };
        if self == Self::Records {
            abilities.push("mruEnabled");
            if source.has_feeds {
                abilities.push("feedEnabled");
            }
            if source.has_search {
                abilities.push("searchable");
            }
        }
        abilities.into_iter().map(str::to_owned).collect()
    }
}

/// The object with its standard fields.
pub(super) fn object(source: &ObjectSource, key_prefix: String) -> Object {
    let nature = Nature::of(source);
    let label = source
        .label
        .clone()
        .unwrap_or_else(|| label_of(&source.name));
    let plural = source.plural.clone().unwrap_or_else(|| label.clone());
    let mut object = Object {
        name: source.name.clone(),
        abilities: nature.abilities(source),
        key_prefix: Some(key_prefix),
        fields: fields(nature, source),
        is_setting: nature == Nature::Setting,
        has_activities: source.has_activities && nature == Nature::Records,
        ..Object::default()
    };
    if nature == Nature::Records {
        let links = [
            "approvalLayouts",
            "compactLayouts",
            "defaultValues",
            "layouts",
            "listviews",
            "quickActions",
        ];
        object.urls = links.map(str::to_owned).to_vec();
        for (name, whose) in [("everything", "All"), ("mine", "My")] {
            object.scopes.push(Scope {
                name: name.to_owned(),
                label: format!("{whose} {}", plural.to_lowercase()),
            });
        }
    }
    object.label = label;
    object.plural = plural;
    object
}

/// `Trip` of `Trip__c`, `Gift Entry Settings` of `Gift_Entry_Settings__c`.
pub(in super::super) fn label_of(name: &str) -> String {
    let stem = name.rsplit_once("__").map_or(name, |(stem, _)| stem);
    let stem = stem.rsplit_once("__").map_or(stem, |(_, stem)| stem);
    stem.replace('_', " ")
}

fn fields(nature: Nature, source: &ObjectSource) -> Vec<Field> {
    let has_master = source
        .fields
        .iter()
        .any(|field| field.kind.as_deref() == Some("MasterDetail"));
    let mut fields = Vec::new();
    if nature != Nature::Event {
        fields.push(field("Id", "Record ID", FieldType::Id, Shape::default()));
    }
    match nature {
        Nature::Records | Nature::Other => {
            if !has_master {
                fields.push(owner());
            }
            fields.push(deleted());
            fields.push(name(source.name_field.as_ref()));
            if !source.record_types.is_empty() {
                fields.push(record_type_field());
            }
        }
        Nature::Setting => {
            fields.push(deleted());
            fields.push(name(None));
            fields.push(setup_owner());
        }
        Nature::Metadata => fields.extend(metadata()),
        Nature::Event => fields.extend(event()),
    }
    fields.extend(stamps(nature));
    if source.has_activities && nature == Nature::Records {
        fields.push(readonly(
            "LastActivityDate",
            "Last Activity Date",
            FieldType::Date,
        ));
    }
    if nature == Nature::Records {
        fields.push(readonly(
            "LastViewedDate",
            "Last Viewed Date",
            FieldType::Datetime,
        ));
        let label = "Last Referenced Date";
        fields.push(readonly("LastReferencedDate", label, FieldType::Datetime));
    }
    fields
}

fn field(name: &str, label: &str, kind: FieldType, shape: Shape) -> Field {
    Field::new(name, label.to_owned(), kind, shape)
}

fn readonly(name: &str, label: &str, kind: FieldType) -> Field {
    let shape = Shape {
        is_readonly: true,
        ..Shape::default()
    };
    field(name, label, kind, shape)
}

fn text(length: u32) -> Shape {
    Shape {
        length,
        ..Shape::default()
    }
}

fn reference(name: &str, label: &str, targets: &[&str], is_required: Option<bool>) -> Field {
    let shape = Shape {
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        nillable: is_required.map(|is_required| !is_required),
        ..Shape::default()
    };
    field(name, label, FieldType::Reference, shape)
}

fn deleted() -> Field {
    field("IsDeleted", "Deleted", FieldType::Boolean, Shape::default())
}

fn owner() -> Field {
    let mut field = reference("OwnerId", "Owner ID", &["Group", "User"], Some(true));
    field.flags.put(Flag::DefaultedOnCreate, true);
    field
}

/// `RecordTypeId`
pub(in super::super) fn record_type_field() -> Field {
    reference("RecordTypeId", "Record Type ID", &["RecordType"], None)
}

fn setup_owner() -> Field {
    let targets = ["Organization", "Profile", "User"];
    let mut field = reference("SetupOwnerId", "Location", &targets, Some(true));
    field.flags.put(Flag::DefaultedOnCreate, true);
    field
}

/// The name of a record: chosen, or a number.
fn name(source: Option<&NameField>) -> Field {
    let label = source
        .and_then(|source| source.label.clone())
        .unwrap_or_else(|| "Name".to_owned());
    let is_number = source.is_some_and(|source| source.is_number);
    let mut shape = text(80);
    shape.is_readonly = is_number;
    shape.nillable = Some(!is_number);
    let mut field = Field::new("Name", label, FieldType::String, shape);
    for flag in [Flag::NameField, Flag::IdLookup, Flag::DefaultedOnCreate] {
        field.flags.put(flag, true);
    }
    field.flags.put(Flag::Permissionable, false);
    field.flags.put(Flag::AutoNumber, is_number);
    if is_number {
        let format = source.and_then(|source| source.format.clone());
        field.number_format = Some(format.unwrap_or_else(|| "{0}".to_owned()));
    }
    field
}

/// Who made and changed a record, and when.
fn stamps(nature: Nature) -> Vec<Field> {
    let user = |name, label| reference(name, label, &["User"], None);
    let moment = |name, label| field(name, label, FieldType::Datetime, Shape::default());
    let mut fields = Vec::new();
    if nature != Nature::Metadata {
        fields.push(moment("CreatedDate", "Created Date"));
        fields.push(user("CreatedById", "Created By ID"));
    }
    if !matches!(nature, Nature::Metadata | Nature::Event) {
        fields.push(moment("LastModifiedDate", "Last Modified Date"));
        fields.push(user("LastModifiedById", "Last Modified By ID"));
    }
    if nature != Nature::Event {
        fields.push(moment("SystemModstamp", "System Modstamp"));
    }
    fields
}

fn metadata() -> Vec<Field> {
    let words = [
        ("DeveloperName", "Custom Metadata Record Name", 40),
        ("MasterLabel", "Label", 40),
        ("Language", "Master Language", 40),
        ("NamespacePrefix", "Namespace Prefix", 15),
        ("Label", "Label", 40),
        ("QualifiedApiName", "Qualified API Name", 70),
    ];
    let mut fields: Vec<Field> = words
        .into_iter()
        .map(|(name, label, length)| field(name, label, FieldType::String, text(length)))
        .collect();
    for field in &mut fields {
        let is_name = field.name == "DeveloperName";
        field.flags.put(Flag::NameField, is_name);
        field.flags.put(Flag::Createable, false);
        field.flags.put(Flag::Updateable, false);
        field.flags.put(Flag::Permissionable, false);
    }
    fields
}

fn event() -> Vec<Field> {
    vec![
        field("ReplayId", "Replay ID", FieldType::String, text(1000)),
        field("EventUuid", "Event UUID", FieldType::String, text(36)),
    ]
}
