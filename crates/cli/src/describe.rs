//! What an org says of an object: its fields and their types (fact sheet §5.1).
//!
//! Owns the reduction of Salesforce's many types to the few that a table knows, and the way from
//! `Account.Owner.Name` to the field that is meant.

use std::collections::HashMap;

use serde::Deserialize;

use crate::error::CliError;
use crate::rest::INSTANCE_URL_HINT;

/// The type of a column. What is none of the others is text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Text,
    Boolean,
    Integer,
    Double,
    Date,
    Moment,
}

impl Kind {
    fn named(name: &str) -> Self {
        match name {
            "boolean" => Self::Boolean,
            "int" | "long" => Self::Integer,
            "double" | "currency" | "percent" => Self::Double,
            "date" => Self::Date,
            "datetime" => Self::Moment,
            _ => Self::Text,
        }
    }
}

/// One field.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(rename = "type")]
    kind: String,
    relationship_name: Option<String>,
    #[serde(default)]
    reference_to: Vec<String>,
    #[serde(default)]
    label: String,
    #[serde(default)]
    createable: bool,
    #[serde(default)]
    nillable: bool,
    #[serde(default)]
    defaulted_on_create: bool,
    #[serde(default)]
    external_id: bool,
    #[serde(default)]
    id_lookup: bool,
}

impl Field {
    /// Whether a new record must have a value for it.
    pub(crate) const fn is_required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create
    }

    /// Whether records can be found by it.
    pub(crate) const fn is_key(&self) -> bool {
        self.external_id || self.id_lookup
    }
}

/// One object.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Object {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

impl Object {
    /// Reads what `host` sent.
    pub(crate) fn read(body: &[u8], host: &str) -> Result<Self, CliError> {
        serde_json::from_slice(body).map_err(|_| {
            CliError::other(format!(
                "{host} described an object in another form than expected"
            ))
            .hint(INSTANCE_URL_HINT)
        })
    }

    /// The field of this name, in any spelling.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The name of the field that somebody means who writes `Last Name` or `Key`.
    pub(crate) fn alike(&self, name: &str) -> Option<&str> {
        let bare = |name: &str| -> String {
            let name = name.strip_suffix("__c").unwrap_or(name);
            let kept = name.chars().filter(|c| c.is_alphanumeric());
            kept.flat_map(char::to_lowercase).collect()
        };
        let name = bare(name);
        let mut fields = self.fields.iter();
        let field = fields.find(|field| bare(&field.name) == name || bare(&field.label) == name)?;
        Some(&field.name)
    }

    /// Whether `relationship` is the one of the field `name`.
    pub(crate) fn is_of(&self, relationship: &str, name: &str) -> bool {
        let of_field = self
            .field(name)
            .and_then(|field| field.relationship_name.as_deref());
        of_field.is_some_and(|own| own.eq_ignore_ascii_case(relationship))
    }

    /// The objects that a relationship of this name leads to.
    pub(crate) fn targets(&self, relationship: &str) -> Option<&[String]> {
        let is_it = |field: &&Field| {
            let name = field.relationship_name.as_deref();
            name.is_some_and(|name| name.eq_ignore_ascii_case(relationship))
        };
        let field = self.fields.iter().find(is_it)?;
        Some(&field.reference_to)
    }
}

/// The types of the columns of a result, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(HashMap<String, Kind>);

impl Kinds {
    /// The type of a column; text if nothing is known.
    pub(crate) fn of(&self, column: &str) -> Kind {
        let kind = self.0.get(&column.to_ascii_lowercase());
        kind.copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, column: &str, kind: Kind) {
        self.0.insert(column.to_ascii_lowercase(), kind);
    }
}

/// Finds the types of the fields of `object` and of `columns`, which may be those of parents.
/// `ask` describes an object; each is described once.
pub(crate) fn kinds(
    object: &str,
    columns: &[String],
    mut ask: impl FnMut(&str) -> Result<Object, CliError>,
) -> Result<Kinds, CliError> {
    let mut known = HashMap::new();
    let mut kinds = Kinds::default();
    let base = ask(object)?;
    for field in &base.fields {
        kinds.set(&field.name, Kind::named(&field.kind));
    }
    known.insert(object.to_ascii_lowercase(), base);
    for column in columns.iter().filter(|column| column.contains('.')) {
        let kind = of_path(object, column, &mut known, &mut ask)?;
        kinds.set(column, kind);
    }
    Ok(kinds)
}

/// Follows a path. Where it may lead to several objects, what is common to them is text.
fn of_path(
    object: &str,
    column: &str,
    known: &mut HashMap<String, Object>,
    ask: &mut impl FnMut(&str) -> Result<Object, CliError>,
) -> Result<Kind, CliError> {
    let mut at = object.to_ascii_lowercase();
    let mut steps = column.split('.').peekable();
    while let Some(step) = steps.next() {
        if !known.contains_key(&at) {
            let object = ask(&at)?;
            known.insert(at.clone(), object);
        }
        let Some(here) = known.get(&at) else { break };
        if steps.peek().is_none() {
            let field = here.field(step);
            return Ok(field.map_or(Kind::Text, |field| Kind::named(&field.kind)));
        }
        match here.targets(step) {
            Some([only]) => at = only.to_ascii_lowercase(),
            _ => break,
        }
    }
    Ok(Kind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> Object {
        let json = match name {
            "contact" | "Contact" => {
                r#"{"fields":[{"name":"Birthdate","type":"date"},
                {"name":"AccountId","type":"reference","relationshipName":"Account","referenceTo":["Account"]},
                {"name":"OwnerId","type":"reference","relationshipName":"Owner","referenceTo":["Group","User"]}]}"#
            }
            _ => {
                r#"{"fields":[{"name":"AnnualRevenue","type":"currency"},
                {"name":"ParentId","type":"reference","relationshipName":"Parent","referenceTo":["Account"]}]}"#
            }
        };
        Object::read(json.as_bytes(), "x").unwrap()
    }

    #[test]
    fn types_are_those_of_the_field_that_a_path_leads_to() {
        let columns = [
            "account.annualrevenue",
            "Account.Parent.Parent.AnnualRevenue",
            "Owner.Name",
            "Account.Nothing",
        ];
        let mut asked = Vec::new();
        let kinds = kinds("Contact", &columns.map(str::to_owned), |name| {
            asked.push(name.to_owned());
            Ok(object(name))
        })
        .unwrap();
        let found = columns.map(|column| kinds.of(column));
        assert_eq!(found, [Kind::Double, Kind::Double, Kind::Text, Kind::Text]);
        assert_eq!(kinds.of("BIRTHDATE"), Kind::Date);
        assert_eq!(asked, ["Contact", "account"]);
    }
}
