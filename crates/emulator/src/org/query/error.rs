//! What a query is refused with.

use std::fmt;

use accredit_soql::ErrorCode;
use accredit_soql::ast::Span;

use crate::org::error::OrgError;

/// A query that is not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryError {
    /// The query is wrong, in Salesforce's words.
    Refused(accredit_soql::Error),
    /// No cursor of this user has that locator.
    Locator,
    /// The database refused.
    Database(rusqlite::Error),
    /// The schema could not be shown as records.
    Schema(OrgError),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Locator => f.write_str("invalid query locator"),
            Self::Database(_) => f.write_str("the database of the org refused a query"),
            Self::Schema(_) => f.write_str("the schema could not be shown as records"),
        }
    }
}

impl std::error::Error for QueryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            Self::Schema(error) => Some(error),
            Self::Refused(_) | Self::Locator => None,
        }
    }
}

impl From<accredit_soql::Error> for QueryError {
    fn from(error: accredit_soql::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Refuses what is written at a place of the statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusals<'a> {
    pub(super) text: &'a str,
}

/// What to do with names that look custom and are not there.
const SEE_DESCRIBE: &str =
    "Please reference your WSDL or the describe call for the appropriate names.";

impl Refusals<'_> {
    pub(super) fn at(
        self,
        span: Span,
        code: ErrorCode,
        detail: impl Into<String>,
    ) -> accredit_soql::Error {
        accredit_soql::Error::semantic(code, self.text, span.start, detail)
    }

    /// SOQL that Salesforce would run and this emulator does not.
    pub(super) fn unsupported(self, span: Span, what: &str) -> accredit_soql::Error {
        let detail = format!("This emulator does not run {what} yet.");
        self.at(span, ErrorCode::MalformedQuery, detail)
    }

    pub(super) fn unknown_object(self, span: Span, name: &str) -> accredit_soql::Error {
        let detail = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, \
             be sure to append the '__c' after the entity name. {SEE_DESCRIBE}"
        );
        self.at(span, ErrorCode::InvalidType, detail)
    }

    pub(super) fn unknown_field(
        self,
        span: Span,
        (name, object): (&str, &str),
    ) -> accredit_soql::Error {
        self.at(span, ErrorCode::InvalidField, no_such_column(name, object))
    }

    pub(super) fn unknown_relationship(self, span: Span, name: &str) -> accredit_soql::Error {
        let detail = format!(
            "Didn't understand relationship '{name}' in field path. If you are attempting to use a \
             custom relationship, be sure to append the '__r' after the custom relationship name. \
             {SEE_DESCRIBE}"
        );
        self.at(span, ErrorCode::InvalidField, detail)
    }
}

impl Refusals<'_> {
    pub(super) fn unknown_children(self, span: Span, name: &str) -> accredit_soql::Error {
        let detail = format!(
            "Didn't understand relationship '{name}' in FROM part of query call. If you are \
             attempting to use a custom relationship, be sure to append the '__r' after the custom \
             relationship name. {SEE_DESCRIBE}"
        );
        self.at(span, ErrorCode::InvalidType, detail)
    }
}

/// The text about a field that is not there.
pub(crate) fn no_such_column(name: &str, object: &str) -> String {
    format!(
        "No such column '{name}' on entity '{object}'. If you are attempting to use a custom \
         field, be sure to append the '__c' after the custom field name. {SEE_DESCRIBE}"
    )
}

impl From<OrgError> for QueryError {
    fn from(error: OrgError) -> Self {
        match error {
            OrgError::Database(error) => Self::Database(error),
            other => Self::Schema(other),
        }
    }
}
