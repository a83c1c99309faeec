//! Values of fields, and the forms in which moments are kept and written.

use accredit::clock::UnixTime;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
}

impl From<&str> for Value {
    /// The empty text is no value, as in Salesforce.
    fn from(text: &str) -> Self {
        if text.is_empty() {
            return Self::Null;
        }
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, rusqlite::Error> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Boolean(value) => ValueRef::Integer(i64::from(*value)),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// `2026-11-21T17:47:00.000+0000`
pub(crate) fn datetime_text(at: Timestamp) -> String {
    let moment = at.to_zoned(TimeZone::UTC);
    format!(
        "{}T{:02}:{:02}:{:02}.{:03}+0000",
        moment.date(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.millisecond()
    )
}

/// The moment as jiff knows it; the last one that it knows if it is later.
pub(crate) fn timestamp(at: UnixTime) -> Timestamp {
    i64::try_from(at.as_millis())
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .unwrap_or(Timestamp::MAX)
}
