//! One page of a result, read in a single pass over its bytes: records go to a visitor as they
//! come, and no tree is built.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;

use crate::error::{CliError, Kind};
use crate::rest::INSTANCE_URL_HINT;

/// Takes records one by one.
pub(crate) trait Visit<'de> {
    /// Reads one record.
    fn record<D: Deserializer<'de>>(&mut self, record: D) -> Result<(), D::Error>;
}

/// What stands around the records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PageEnd {
    pub(crate) total_size: u64,
    pub(crate) done: bool,
    pub(crate) next: Option<String>,
}

/// A page that cannot be used.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: Kind,
    what: String,
}

impl Fault {
    /// What to say of a page from `host`: exit code 6 if it ends too early, which another try may
    /// cure; 1 if it is something else.
    pub(crate) fn explain(self, host: &str) -> CliError {
        let error = CliError::new(
            self.kind,
            format!("{host} sent a page of the result that {}", self.what),
        );
        match self.kind {
            Kind::Unreachable => error.hint("run it again: the connection broke off"),
            _ => error.hint(INSTANCE_URL_HINT),
        }
    }
}

/// Reads a page.
pub(crate) fn read<'de, V: Visit<'de>>(body: &'de [u8], visit: &mut V) -> Result<PageEnd, Fault> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let page = PageSeed { visit }
        .deserialize(&mut json)
        .and_then(|page| json.end().map(|()| page));
    page.map_err(|error| {
        let (kind, what) = match error.classify() {
            Category::Eof => (Kind::Unreachable, "is cut off"),
            Category::Data => (Kind::Other, "has another form than expected"),
            Category::Syntax | Category::Io => (Kind::Other, "is not JSON"),
        };
        let place = format!("line {}, column {}", error.line(), error.column());
        let what = format!("{what} at {place}");
        Fault { kind, what }
    })
}

struct PageSeed<'v, V> {
    visit: &'v mut V,
}

impl<'de, V: Visit<'de>> DeserializeSeed<'de> for PageSeed<'_, V> {
    type Value = PageEnd;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<PageEnd, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, V: Visit<'de>> Visitor<'de> for PageSeed<'_, V> {
    type Value = PageEnd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a query result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<PageEnd, A::Error> {
        let mut end = PageEnd::default();
        let (mut has_total, mut has_records) = (false, false);
        while let Some(member) = members.next_key::<Member>()? {
            match member {
                Member::TotalSize => {
                    end.total_size = members.next_value()?;
                    has_total = true;
                }
                Member::Done => end.done = members.next_value()?,
                Member::NextRecordsUrl => end.next = members.next_value()?,
                Member::Records => {
                    members.next_value_seed(RecordsSeed {
                        visit: &mut *self.visit,
                    })?;
                    has_records = true;
                }
                Member::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        if has_total && has_records {
            Ok(end)
        } else {
            Err(A::Error::custom("totalSize or records is missing"))
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier)]
enum Member {
    #[serde(rename = "totalSize")]
    TotalSize,
    #[serde(rename = "done")]
    Done,
    #[serde(rename = "nextRecordsUrl")]
    NextRecordsUrl,
    #[serde(rename = "records")]
    Records,
    #[serde(other)]
    Other,
}

struct RecordsSeed<'v, V> {
    visit: &'v mut V,
}

impl<'de, V: Visit<'de>> DeserializeSeed<'de> for RecordsSeed<'_, V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, V: Visit<'de>> Visitor<'de> for RecordsSeed<'_, V> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while records
            .next_element_seed(RecordSeed {
                visit: &mut *self.visit,
            })?
            .is_some()
        {}
        Ok(())
    }
}

struct RecordSeed<'v, V> {
    visit: &'v mut V,
}

impl<'de, V: Visit<'de>> DeserializeSeed<'de> for RecordSeed<'_, V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.visit.record(json)
    }
}

/// The `attributes` of a record, which no result shows.
pub(crate) const ATTRIBUTES: &str = "attributes";

/// Says whether the text of a JSON value is a record: an object that begins with `attributes`.
pub(crate) fn is_record(value: &str) -> bool {
    value
        .strip_prefix('{')
        .and_then(|rest| rest.trim_start().strip_prefix('"'))
        .and_then(|rest| rest.strip_prefix(ATTRIBUTES))
        .is_some_and(|rest| rest.starts_with('"'))
}
