//! What can go wrong in an org that is not the caller's query.

use std::fmt;

use super::schema::SchemaError;
use crate::store::StoreError;

/// An error of the org.
#[derive(Debug)]
pub enum OrgError {
    /// A built-in schema file cannot be read.
    Schema(String),
    /// The schema has no such object.
    UnknownObject(String),
    /// The object has no such field.
    UnknownField {
        /// The object.
        object: String,
        /// The field.
        field: String,
    },
    /// The database cannot be opened.
    Store(StoreError),
    /// The database refused.
    Database(rusqlite::Error),
}

impl fmt::Display for OrgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(problem) => write!(f, "built-in schema: {problem}"),
            Self::UnknownObject(name) => write!(f, "no object is called {name}"),
            Self::UnknownField { object, field } => {
                write!(f, "object {object} has no field {field}")
            }
            Self::Store(error) => error.fmt(f),
            Self::Database(_) => f.write_str("the database of the org refused"),
        }
    }
}

impl std::error::Error for OrgError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for OrgError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for OrgError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SchemaError> for OrgError {
    fn from(error: SchemaError) -> Self {
        Self::Schema(error.to_string())
    }
}
