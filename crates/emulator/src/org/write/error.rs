//! Why a record is not written, in Salesforce's words (fact sheet §5.7).

use std::fmt;

use super::Key;
use crate::org::schema::Field;

/// A record that is not written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The record is wrong, or is not there.
    Refused(Refusal),
    /// The database refused.
    Database(rusqlite::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(&refusal.message),
            Self::Database(_) => f.write_str("the database of the org refused to write"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Refusal> for WriteError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Code, message and the fields that they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) fields: Vec<String>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The same about one field: its label stands before the message.
    pub(super) fn on(field: &Field, code: &'static str, message: &str) -> Self {
        Self {
            code,
            message: format!("{}: {message}", field.label),
            fields: vec![field.name.clone()],
        }
    }

    /// The same about these fields.
    pub(super) fn with_fields(mut self, fields: Vec<String>) -> Self {
        self.fields = fields;
        self
    }

    /// There is no record with this id.
    pub(crate) fn missing() -> Self {
        Self::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    }

    /// The record is in the recycle bin.
    pub(crate) fn deleted() -> Self {
        Self::new("ENTITY_IS_DELETED", "entity is deleted")
    }

    /// The id is none, or one of another object.
    pub(crate) fn malformed_id(field: &Field, id: &str) -> Self {
        let message = format!("id value of incorrect type: {id}");
        Self::on(field, "MALFORMED_ID", &message)
    }

    /// More than one record has the value.
    pub(super) fn several(key: Key<'_>) -> Self {
        let Key { field, text } = key;
        let message = format!(
            "{}: more than one record found for external id field: [{text}]",
            field.name
        );
        Self::new("DUPLICATE_EXTERNAL_ID", message)
    }
}
