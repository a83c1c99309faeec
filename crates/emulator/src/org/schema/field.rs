//! A field and its attributes.
//!
//! Owns the types of fields, the attributes that follow from a type, and the bit set that holds the
//! ones that are yes or no. What a field deviates in is said by the schema files.

use serde::{Deserialize, Serialize};

/// The type of a field, as describe names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldType {
    Id,
    Reference,
    Boolean,
    String,
    Picklist,
    Multipicklist,
    Combobox,
    Textarea,
    Phone,
    Url,
    Email,
    EncryptedString,
    Int,
    Double,
    Currency,
    Percent,
    Date,
    Datetime,
    Time,
    Address,
    Location,
    Base64,
}

/// Every type with its name in describe and its type in SOAP.
const TYPES: [(FieldType, &str, &str); 22] = [
    (FieldType::Id, "id", "tns:ID"),
    (FieldType::Reference, "reference", "tns:ID"),
    (FieldType::Boolean, "boolean", "xsd:boolean"),
    (FieldType::String, "string", "xsd:string"),
    (FieldType::Picklist, "picklist", "xsd:string"),
    (FieldType::Multipicklist, "multipicklist", "xsd:string"),
    (FieldType::Combobox, "combobox", "xsd:string"),
    (FieldType::Textarea, "textarea", "xsd:string"),
    (FieldType::Phone, "phone", "xsd:string"),
    (FieldType::Url, "url", "xsd:string"),
    (FieldType::Email, "email", "xsd:string"),
    (FieldType::EncryptedString, "encryptedstring", "xsd:string"),
    (FieldType::Int, "int", "xsd:int"),
    (FieldType::Double, "double", "xsd:double"),
    (FieldType::Currency, "currency", "xsd:double"),
    (FieldType::Percent, "percent", "xsd:double"),
    (FieldType::Date, "date", "xsd:date"),
    (FieldType::Datetime, "datetime", "xsd:dateTime"),
    (FieldType::Time, "time", "xsd:time"),
    (FieldType::Address, "address", "urn:address"),
    (FieldType::Location, "location", "urn:location"),
    (FieldType::Base64, "base64", "xsd:base64Binary"),
];

/// How values of a type are kept, compared and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// 18 characters, compared byte by byte.
    Id,
    /// Text, compared without regard to case.
    Text,
    /// 0 or 1.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// `2026-11-21`
    Date,
    /// `2026-11-21T17:47:00.000+0000`, always UTC: the order of the text is that of time.
    Datetime,
    /// `17:47:00.000Z`
    Time,
    /// Nothing of its own: put together from other fields.
    Compound,
}

impl FieldType {
    /// The type that describe calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TYPES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Its name in describe.
    pub(crate) fn as_str(self) -> &'static str {
        self.row().1
    }

    /// Its type in SOAP.
    pub(crate) fn soap(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        let [first, ..] = TYPES;
        TYPES.into_iter().find(|row| row.0 == self).unwrap_or(first)
    }

    /// How values are kept.
    pub(crate) fn storage(self) -> Storage {
        match self {
            Self::Id | Self::Reference => Storage::Id,
            Self::Boolean => Storage::Boolean,
            Self::Int => Storage::Integer,
            Self::Double | Self::Currency | Self::Percent => Storage::Real,
            Self::Date => Storage::Date,
            Self::Datetime => Storage::Datetime,
            Self::Time => Storage::Time,
            Self::Address | Self::Location => Storage::Compound,
            _ => Storage::Text,
        }
    }
}

/// An attribute that is yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Aggregatable,
    AiPredictionField,
    AutoNumber,
    Calculated,
    CascadeDelete,
    CaseSensitive,
    Createable,
    Custom,
    DefaultedOnCreate,
    DependentPicklist,
    DeprecatedAndHidden,
    DisplayLocationInDecimal,
    Encrypted,
    ExternalId,
    Filterable,
    FormulaTreatNullNumberAsZero,
    Groupable,
    HighScaleNumber,
    HtmlFormatted,
    IdLookup,
    NameField,
    NamePointing,
    Nillable,
    Permissionable,
    PolymorphicForeignKey,
    QueryByDistance,
    RestrictedDelete,
    RestrictedPicklist,
    SearchPrefilterable,
    Sortable,
    Unique,
    Updateable,
    WriteRequiresMasterRead,
}

/// Every flag with its name in describe.
const FLAGS: [(&str, Flag); 33] = [
    ("aggregatable", Flag::Aggregatable),
    ("aiPredictionField", Flag::AiPredictionField),
    ("autoNumber", Flag::AutoNumber),
    ("calculated", Flag::Calculated),
    ("cascadeDelete", Flag::CascadeDelete),
    ("caseSensitive", Flag::CaseSensitive),
    ("createable", Flag::Createable),
    ("custom", Flag::Custom),
    ("defaultedOnCreate", Flag::DefaultedOnCreate),
    ("dependentPicklist", Flag::DependentPicklist),
    ("deprecatedAndHidden", Flag::DeprecatedAndHidden),
    ("displayLocationInDecimal", Flag::DisplayLocationInDecimal),
    ("encrypted", Flag::Encrypted),
    ("externalId", Flag::ExternalId),
    ("filterable", Flag::Filterable),
    (
        "formulaTreatNullNumberAsZero",
        Flag::FormulaTreatNullNumberAsZero,
    ),
    ("groupable", Flag::Groupable),
    ("highScaleNumber", Flag::HighScaleNumber),
    ("htmlFormatted", Flag::HtmlFormatted),
    ("idLookup", Flag::IdLookup),
    ("nameField", Flag::NameField),
    ("namePointing", Flag::NamePointing),
    ("nillable", Flag::Nillable),
    ("permissionable", Flag::Permissionable),
    ("polymorphicForeignKey", Flag::PolymorphicForeignKey),
    ("queryByDistance", Flag::QueryByDistance),
    ("restrictedDelete", Flag::RestrictedDelete),
    ("restrictedPicklist", Flag::RestrictedPicklist),
    ("searchPrefilterable", Flag::SearchPrefilterable),
    ("sortable", Flag::Sortable),
    ("unique", Flag::Unique),
    ("updateable", Flag::Updateable),
    ("writeRequiresMasterRead", Flag::WriteRequiresMasterRead),
];

impl Flag {
    /// The flag that describe calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        FLAGS.iter().find(|row| row.0 == name).map(|row| row.1)
    }
}

/// A set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u64);

impl Flags {
    /// Puts `flag` in or takes it out.
    pub(crate) fn put(&mut self, flag: Flag, is_set: bool) {
        let bit = 1 << (flag as u32);
        self.0 = if is_set { self.0 | bit } else { self.0 & !bit };
    }

    /// Whether `flag` is in.
    pub(crate) fn has(self, flag: Flag) -> bool {
        self.0 & 1 << (flag as u32) != 0
    }

    /// Every flag by its name in describe, in alphabetical order, with whether it is set.
    pub(crate) fn named(self) -> impl Iterator<Item = (&'static str, bool)> {
        FLAGS
            .into_iter()
            .map(move |(name, flag)| (name, self.has(flag)))
    }
}

/// A value of a picklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_default: bool,
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: FieldType,
    pub(crate) flags: Flags,
    /// Characters; 0 where a type has no length.
    pub(crate) length: u32,
    /// Bytes.
    pub(crate) byte_length: u32,
    pub(crate) digits: u32,
    pub(crate) precision: u32,
    pub(crate) scale: u32,
    /// The objects that a reference may point to.
    pub(crate) targets: Vec<String>,
    /// The name of the parent in a path: `Account` of `AccountId`.
    pub(crate) relationship: Option<String>,
    /// The name of the children in the parent: `Contacts` of `Contact.AccountId`.
    pub(crate) children: Option<String>,
    /// The field of type address or name that this one is a part of.
    pub(crate) compound: Option<String>,
    pub(crate) default_value: Option<String>,
    pub(crate) extra_type: Option<String>,
    pub(crate) choices: Vec<Choice>,
    /// What a value that nobody may write is worked out from, as its author wrote it.
    pub(crate) formula: Option<String>,
    pub(crate) help: Option<String>,
    /// How numbers that the org gives are written: `A-{0000}`.
    pub(crate) number_format: Option<String>,
}

/// Filled by the org itself.
const SYSTEM: [&str; 7] = [
    "Id",
    "IsDeleted",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
];

/// What a schema file says about a field before its deviations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// `required` and `nillable`, where said.
    pub(crate) nillable: Option<bool>,
    /// `readonly`: neither created nor updated by a client.
    pub(crate) is_readonly: bool,
    pub(crate) length: u32,
    pub(crate) numbers: Vec<u32>,
    pub(crate) targets: Vec<String>,
}

impl Field {
    /// A field with everything that follows from its type.
    pub(crate) fn new(name: &str, label: String, kind: FieldType, shape: Shape) -> Self {
        let is_system = SYSTEM.contains(&name);
        let number = |index: usize| shape.numbers.get(index).copied().unwrap_or(0);
        let is_real = kind.storage() == Storage::Real;
        let length = match kind.storage() {
            Storage::Id => 18,
            _ => shape.length,
        };
        let byte_length = match kind.storage() {
            Storage::Id => 18,
            _ => 3 * length,
        };
        Self {
            name: name.to_owned(),
            label,
            kind,
            flags: default_flags(kind, is_system, length, &shape),
            length,
            byte_length,
            digits: if kind == FieldType::Int { number(0) } else { 0 },
            precision: if is_real { number(0) } else { 0 },
            scale: if is_real { number(1) } else { 0 },
            relationship: relationship_of(name, kind),
            targets: shape.targets,
            children: None,
            compound: None,
            default_value: None,
            extra_type: (kind == FieldType::Textarea).then(|| "plaintextarea".to_owned()),
            choices: Vec::new(),
            formula: None,
            help: None,
            number_format: None,
        }
    }

    /// Whether the attribute is set.
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }

    /// Whether values are kept in a column of their own.
    pub(crate) fn is_stored(&self) -> bool {
        self.kind.storage() != Storage::Compound
    }

    /// Text of more than 255 characters.
    pub(crate) fn is_long_text(&self) -> bool {
        self.kind == FieldType::Textarea && self.length > 255
    }
}

/// `Account` of `AccountId`, `Parent__r` of `Parent__c`.
fn relationship_of(name: &str, kind: FieldType) -> Option<String> {
    if kind != FieldType::Reference {
        return None;
    }
    name.strip_suffix("__c")
        .map(|stem| format!("{stem}__r"))
        .or_else(|| name.strip_suffix("Id").map(str::to_owned))
}

/// The flags of a field of this type that nothing else is known about.
fn default_flags(kind: FieldType, is_system: bool, length: u32, shape: &Shape) -> Flags {
    use FieldType as T;
    let is_compound = kind.storage() == Storage::Compound;
    let is_opaque = is_compound
        || matches!(kind, T::Base64 | T::EncryptedString)
        || kind == T::Textarea && length > 255;
    let is_writable = !(shape.is_readonly || is_system || is_compound);
    let is_nillable = shape.nillable.unwrap_or(!is_system && kind != T::Boolean);
    let is_moment = matches!(kind, T::Date | T::Datetime | T::Time);
    let is_permissionable =
        is_compound || is_nillable && is_writable && !is_moment && kind != T::Boolean;
    let is_polymorphic = shape.targets.len() > 1;
    let has_groups = matches!(kind.storage(), Storage::Text | Storage::Id)
        || matches!(kind, T::Boolean | T::Int | T::Date);
    let mut flags = Flags::default();
    for (flag, is_set) in [
        (Flag::Aggregatable, kind != T::Boolean && !is_opaque),
        (Flag::Createable, is_writable),
        (Flag::DefaultedOnCreate, is_system || kind == T::Boolean),
        (Flag::Filterable, !is_opaque || is_compound),
        (
            Flag::Groupable,
            has_groups && !is_opaque && !matches!(kind, T::Combobox | T::Multipicklist),
        ),
        (Flag::IdLookup, kind == T::Id),
        (Flag::NamePointing, is_polymorphic),
        (Flag::Nillable, is_nillable),
        (Flag::Permissionable, is_permissionable),
        (Flag::PolymorphicForeignKey, is_polymorphic),
        (Flag::QueryByDistance, is_compound),
        (
            Flag::SearchPrefilterable,
            kind == T::Reference && is_permissionable,
        ),
        (Flag::Sortable, !is_opaque),
        (Flag::Updateable, is_writable),
    ] {
        flags.put(flag, is_set);
    }
    flags
}
