//! What is wrong with a query.
//!
//! Owns the error with its code and place. How the place is shown is the business of `report`.

use std::fmt;

use crate::report::{self, Base, Position};

/// A mistake in a query, in the words of Salesforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    position: Option<Position>,
    detail: String,
    message: String,
}

/// The `errorCode` of an answer that refuses a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The statement breaks the grammar, or a rule about which parts may stand together.
    MalformedQuery,
    /// A field or relationship does not exist or may not be used like this.
    InvalidField,
    /// An object does not exist.
    InvalidType,
    /// An object exists and cannot be queried.
    InvalidTypeForOperation,
    /// An operator, or a malformed id, in a filter.
    InvalidQueryFilterOperator,
    /// `OFFSET` above its limit.
    NumberOutsideValidRange,
    /// Too much in one query.
    QueryTooComplicated,
    /// Something that the asked version of the API does not have.
    UnsupportedApiVersion,
    /// Too many semi-joins and anti-joins.
    ExceededMaxSemijoinSubselects,
    /// More groups than fit into one answer.
    ExceededIdLimit,
}

impl ErrorCode {
    /// The code as it stands in the answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedQuery => "MALFORMED_QUERY",
            Self::InvalidField => "INVALID_FIELD",
            Self::InvalidType => "INVALID_TYPE",
            Self::InvalidTypeForOperation => "INVALID_TYPE_FOR_OPERATION",
            Self::InvalidQueryFilterOperator => "INVALID_QUERY_FILTER_OPERATOR",
            Self::NumberOutsideValidRange => "NUMBER_OUTSIDE_VALID_RANGE",
            Self::QueryTooComplicated => "QUERY_TOO_COMPLICATED",
            Self::UnsupportedApiVersion => "UNSUPPORTED_API_VERSION",
            Self::ExceededMaxSemijoinSubselects => "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
            Self::ExceededIdLimit => "EXCEEDED_ID_LIMIT",
        }
    }
}

impl Error {
    /// A mistake without a place: the message is `detail` alone.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            code,
            position: None,
            message: detail.clone(),
            detail,
        }
    }

    /// A mistake in what a query means, found at byte `offset` of its `text`: the column counts
    /// from 1. An offset outside the text is taken as its end.
    #[must_use]
    pub fn semantic(code: ErrorCode, text: &str, offset: usize, detail: impl Into<String>) -> Self {
        Self::placed(code, report::locate(text, offset, Base::One), detail.into())
    }

    /// A mistake in the grammar, found at byte `offset`: the column counts from 0.
    pub(crate) fn syntax(text: &str, offset: usize, detail: impl Into<String>) -> Self {
        let place = report::locate(text, offset, Base::Zero);
        Self::placed(ErrorCode::MalformedQuery, place, detail.into())
    }

    /// A character that begins no token, or the end of the text inside one.
    pub(crate) fn lexical(text: &str, offset: usize, problem: &str) -> Self {
        let place = report::locate(text, offset, Base::Zero);
        let Position { row, column } = place.position;
        let detail = format!("line {row}:{column} {problem}");
        Self::placed(ErrorCode::MalformedQuery, place, detail)
    }

    fn placed(code: ErrorCode, place: report::Place<'_>, detail: String) -> Self {
        let message = place.render(&detail);
        Self {
            code,
            position: Some(place.position),
            detail,
            message,
        }
    }

    /// The `errorCode` of the answer.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The place, for the mistakes that Salesforce reports with one.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// What is wrong, without the excerpt and the place.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The `message` of the answer: excerpt, caret, place and detail, on lines of their own.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {}
