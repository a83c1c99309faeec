//! Which records were deleted or changed in a span of time.

use jiff::Timestamp;

use super::error::{Refusal, WriteError};
use super::given::Given;
use super::value;
use crate::org::schema::{Field, Object};
use crate::org::value::{Value, datetime_text};
use crate::org::{Org, table};

/// A span of time, its end not included, both in the form in which moments are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: String,
    pub(crate) end: String,
}

/// A record that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deletion {
    pub(crate) id: String,
    pub(crate) at: String,
}

impl Span {
    /// Reads both ends as clients write them. No end is later than `now`.
    pub(crate) fn read(
        stamp: &Field,
        (start, end): (&str, &str),
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let start = moment(stamp, start)?;
        let end = moment(stamp, end)?.min(datetime_text(now));
        if start >= end {
            let message = "The start date must be before the end date and in the past";
            return Err(Refusal::new("INVALID_REPLICATION_DATE", message));
        }
        Ok(Self { start, end })
    }
}

fn moment(stamp: &Field, text: &str) -> Result<String, Refusal> {
    match value::read(stamp, &Given::text("start", text)) {
        Ok(Value::Text(text)) => Ok(text),
        _ => {
            let message = format!("{text} is not a date and time such as 2026-11-21T17:47:00Z");
            Err(Refusal::new("INVALID_REPLICATION_DATE", message))
        }
    }
}

impl Org {
    /// The records that were put into the recycle bin.
    pub(crate) fn deleted(
        &self,
        object: &Object,
        span: &Span,
    ) -> Result<Vec<Deletion>, WriteError> {
        self.stamped(object, (span, "\"IsDeleted\" = 1"))
    }

    /// The ids of the records that were made or changed.
    pub(crate) fn updated(&self, object: &Object, span: &Span) -> Result<Vec<String>, WriteError> {
        let live = match object.field("IsDeleted") {
            Some(_) => "\"IsDeleted\" = 0",
            None => "1",
        };
        let found = self.stamped(object, (span, live))?;
        Ok(found.into_iter().map(|record| record.id).collect())
    }

    /// When the org was made, in the form in which moments are kept.
    pub(crate) fn founded(&self) -> Result<String, WriteError> {
        let sql = "SELECT CreatedDate FROM sobject_Organization";
        let founded = self
            .store
            .run(|connection| connection.query_row(sql, [], |row| row.get(0)))?;
        Ok(founded)
    }

    fn stamped(
        &self,
        object: &Object,
        (span, condition): (&Span, &str),
    ) -> Result<Vec<Deletion>, WriteError> {
        let sql = format!(
            "SELECT \"Id\", \"SystemModstamp\" FROM {} WHERE {condition}
             AND \"SystemModstamp\" >= ? AND \"SystemModstamp\" < ? ORDER BY _row",
            table::table(object)
        );
        let found = self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([&span.start, &span.end], |row| {
                Ok(Deletion {
                    id: row.get(0)?,
                    at: row.get(1)?,
                })
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(found)
    }
}
