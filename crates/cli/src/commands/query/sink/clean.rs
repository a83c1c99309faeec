//! A record as JSON without the `attributes` of the wire; every other value as it stands there.

use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::commands::query::page::ATTRIBUTES;

/// A record that is being written.
#[derive(Default)]
pub(crate) struct Clean {
    pub(crate) text: Vec<u8>,
    /// A sub-query has a next page.
    pub(crate) is_open: bool,
}

/// A nested value for a cell, and whether a sub-query in it has more.
pub(crate) fn text(value: &str) -> io::Result<(String, bool)> {
    let mut clean = Clean::default();
    clean.read(&mut serde_json::Deserializer::from_str(value))?;
    let text = String::from_utf8(clean.text).map_err(io::Error::other)?;
    Ok((text, clean.is_open))
}

impl Clean {
    /// Reads one object or array.
    pub(crate) fn read<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(Values(self))
    }

    fn value<E: serde::de::Error>(&mut self, value: &str) -> Result<(), E> {
        if value.starts_with(['{', '[']) {
            self.read(&mut serde_json::Deserializer::from_str(value))
                .map_err(E::custom)
        } else {
            self.text.extend_from_slice(value.as_bytes());
            Ok(())
        }
    }

    fn separate(&mut self) {
        if !matches!(self.text.last(), Some(b'{' | b'[')) {
            self.text.push(b',');
        }
    }
}

struct Values<'c>(&'c mut Clean);

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let clean = self.0;
        clean.text.push(b'{');
        loop {
            let before = clean.text.len();
            let Some(kept) = members.next_key_seed(NameSeed(&mut *clean))? else {
                break;
            };
            if kept == Kept::No {
                clean.text.truncate(before);
                let _skipped: IgnoredAny = members.next_value()?;
                continue;
            }
            let value: &RawValue = members.next_value()?;
            clean.is_open |= kept == Kept::NextPage && value.get().starts_with('"');
            clean.value(value.get())?;
        }
        clean.text.push(b'}');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let clean = self.0;
        clean.text.push(b'[');
        while let Some(value) = elements.next_element::<&RawValue>()? {
            clean.separate();
            clean.value(value.get())?;
        }
        clean.text.push(b']');
        Ok(())
    }
}

/// Whether a member is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    NextPage,
    No,
}

/// Writes the name of a member as it is read.
struct NameSeed<'c>(&'c mut Clean);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Kept, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Kept, E> {
        if name == ATTRIBUTES {
            return Ok(Kept::No);
        }
        self.0.separate();
        serde_json::to_writer(&mut self.0.text, name).map_err(E::custom)?;
        self.0.text.push(b':');
        Ok(if name == "nextRecordsUrl" {
            Kept::NextPage
        } else {
            Kept::Yes
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_go_and_every_other_value_stays_as_it_stood() {
        let wire = r#"{ "attributes" : {"type":"Account"}, "Amount" : 1.50E2, "Name":"\u00e9\"",
            "Owner":{"attributes":{},"Name":null}, "Cases":{"totalSize":1,"done":true,"records":
            [{"attributes":{},"Id":"5"}]}, "Tags":[], "Flag":true}"#;
        assert_eq!(
            text(wire).unwrap(),
            (
                concat!(
                    r#"{"Amount":1.50E2,"Name":"\u00e9\"","Owner":{"Name":null},"#,
                    r#""Cases":{"totalSize":1,"done":true,"records":[{"Id":"5"}]},"Tags":[],"Flag":true}"#
                )
                .to_owned(),
                false
            )
        );
    }

    #[test]
    fn children_that_go_on_elsewhere_are_noticed() {
        let wire =
            r#"{"Cases":{"totalSize":9,"done":false,"nextRecordsUrl":"/services/x","records":[]}}"#;
        assert!(text(wire).unwrap().1);
    }
}
