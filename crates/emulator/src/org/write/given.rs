//! The fields of a record as a client wrote them.
//!
//! Owns where each value stands in its text: what is wrong with a value is said with line and
//! column.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::Refusal;

/// A place in a JSON text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[line:{}, column:{}]", self.line, self.column)
    }
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Null,
    Boolean(bool),
    /// Its digits.
    Number(String),
    Text(String),
    Record(Vec<Given>),
    Array,
}

/// A field with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) content: Content,
    /// Where it stands in JSON; nothing if it comes from elsewhere.
    pub(crate) place: Option<Place>,
}

impl Given {
    /// A text that does not come from JSON.
    pub(crate) fn text(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Text(text.to_owned()),
            place: None,
        }
    }

    /// Its text, if it is a text or a number.
    pub(crate) fn into_text(self) -> Option<String> {
        match self.content {
            Content::Text(text) | Content::Number(text) => Some(text),
            _ => None,
        }
    }

    /// Reads the JSON of a record.
    pub(crate) fn from_json(body: &[u8]) -> Result<Vec<Self>, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| {
            let message = "Invalid UTF-8 in the request body";
            Refusal::new(PARSER_ERROR, message)
        })?;
        if text.trim().is_empty() {
            let message = "The HTTP entity body is required, but this request has no entity body.";
            return Err(Refusal::new(PARSER_ERROR, message));
        }
        members(text, text)
    }
}

/// The code of whatever is wrong with a text of JSON.
pub(crate) const PARSER_ERROR: &str = "JSON_PARSER_ERROR";

/// The error of a text that is no JSON.
pub(crate) fn parser_error(error: &serde_json::Error) -> Refusal {
    let place = Place {
        line: error.line().max(1),
        column: error.column().max(1),
    };
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or_default();
    Refusal::new(PARSER_ERROR, format!("{problem} at {place}"))
}

/// The members of an object that `text`, a part of `whole`, writes.
fn members(text: &str, whole: &str) -> Result<Vec<Given>, Refusal> {
    let Members(members) = serde_json::from_str(text).map_err(|error| parser_error(&error))?;
    members
        .into_iter()
        .map(|(name, raw)| {
            let place = Some(place(raw.get(), whole));
            let content = content(raw.get(), whole)?;
            Ok(Given {
                name,
                content,
                place,
            })
        })
        .collect()
}

fn content(text: &str, whole: &str) -> Result<Content, Refusal> {
    Ok(match text.bytes().next() {
        Some(b'{') => Content::Record(members(text, whole)?),
        Some(b'[') => Content::Array,
        Some(b'"') => {
            let text = serde_json::from_str(text).map_err(|error| parser_error(&error))?;
            Content::Text(text)
        }
        Some(b't') => Content::Boolean(true),
        Some(b'f') => Content::Boolean(false),
        Some(b'n') | None => Content::Null,
        Some(_) => Content::Number(text.to_owned()),
    })
}

/// Where a part of a text ends, which is how far a parser has read that knows the part.
fn place(part: &str, whole: &str) -> Place {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    let read = whole.get(..start + part.len()).unwrap_or(whole);
    let line_start = read.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: read.matches('\n').count() + 1,
        column: read.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

/// The members of an object in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the fields of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
