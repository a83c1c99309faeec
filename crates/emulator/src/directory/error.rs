//! Why the directory could not do what was asked.

use std::fmt;

use crate::org::OrgError;
use crate::store::ImageError;

/// Why the directory could not do what was asked.
#[derive(Debug)]
pub enum DirectoryError {
    /// The definition is unfit, or names something that is there already; the text says why.
    Unfit(String),
    /// The database failed.
    Store(rusqlite::Error),
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(reason) => f.write_str(reason),
            Self::Store(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl From<OrgError> for DirectoryError {
    fn from(error: OrgError) -> Self {
        match error {
            OrgError::Database(error) => Self::Store(error),
            other => Self::Unfit(other.to_string()),
        }
    }
}

impl From<ImageError> for DirectoryError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Sqlite(error) => Self::Store(error),
            other => Self::Unfit(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for DirectoryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

pub(super) fn unfit(reason: &str) -> DirectoryError {
    DirectoryError::Unfit(reason.to_owned())
}
