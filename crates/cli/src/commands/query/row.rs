//! One record as a row: each value as it stands in the page, in the place of its column.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::{Node, position};
use super::page::{ATTRIBUTES, is_record};

/// The values of one record; `None` where the record or its parent has none.
pub(crate) type Row<'de> = Vec<Option<&'de str>>;

/// Reads a record into the places of `nodes`.
pub(crate) struct RowSeed<'a, 'de> {
    pub(crate) nodes: &'a [Node],
    pub(crate) row: &'a mut Row<'de>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // The wire has the order of the query, so the next column is nearly always the right one.
        let mut expected = 0;
        while let Some(key) = members.next_key_seed(KeySeed {
            nodes: self.nodes,
            expected,
        })? {
            let at = match key {
                Key::Attributes => {
                    let _skipped: IgnoredAny = members.next_value()?;
                    continue;
                }
                Key::Unknown => return Err(A::Error::custom("a column that was not there before")),
                Key::Column(at) => at,
            };
            expected = at + 1;
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            if node.children.is_empty() {
                let value = members.next_value::<&RawValue>()?.get();
                put(self.row, node.slot, value)?;
            } else {
                members.next_value_seed(RowSeed {
                    nodes: &node.children,
                    row: &mut *self.row,
                })?;
            }
        }
        Ok(())
    }
}

fn put<'de, E: serde::de::Error>(
    row: &mut Row<'de>,
    slot: usize,
    value: &'de str,
) -> Result<(), E> {
    if is_record(value) {
        return Err(E::custom("a parent where none was before"));
    }
    if let (Some(place), false) = (row.get_mut(slot), value == "null") {
        *place = Some(value);
    }
    Ok(())
}

enum Key {
    Attributes,
    Column(usize),
    Unknown,
}

struct KeySeed<'a> {
    nodes: &'a [Node],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Key, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        let is_expected = self
            .nodes
            .get(self.expected)
            .is_some_and(|node| node.name == name);
        if is_expected {
            return Ok(Key::Column(self.expected));
        }
        if name == ATTRIBUTES {
            return Ok(Key::Attributes);
        }
        Ok(position(self.nodes, name).map_or(Key::Unknown, Key::Column))
    }
}

/// The text of a value for a cell: a string without its quotes and escapes, anything else as it is.
pub(crate) fn text(value: &str) -> Cow<'_, str> {
    let Some(inner) = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Cow::Borrowed(value);
    };
    if inner.contains('\\') {
        serde_json::from_str::<String>(value).map_or(Cow::Borrowed(value), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::query::columns::of_query;

    #[test]
    fn values_find_their_columns_in_any_order_and_nulls_stay_empty() {
        let mut columns = of_query("SELECT Id, Account.Name, Amount FROM Contact");
        let record = r#"{"attributes":{"type":"Contact"},"Amount":1.50E2,"Account":
                         {"attributes":{},"Name":"A \"B\""},"Id":null}"#;
        columns.learn(b"");
        let mut row = vec![None; 3];
        RowSeed {
            nodes: &columns.nodes,
            row: &mut row,
        }
        .deserialize(&mut serde_json::Deserializer::from_str(record))
        .unwrap();
        assert_eq!(row, [None, Some(r#""A \"B\"""#), Some("1.50E2")]);
        assert_eq!(text(row[1].unwrap()), r#"A "B""#);
    }

    #[test]
    fn a_column_that_appears_later_is_an_error_and_not_lost() {
        let columns = of_query("SELECT Id FROM Contact");
        for record in [
            r#"{"Id":"1","Name":"x"}"#,
            r#"{"Id":{"attributes":{},"Name":"x"}}"#,
        ] {
            let mut row = vec![None; 1];
            let seed = RowSeed {
                nodes: &columns.nodes,
                row: &mut row,
            };
            let read = seed.deserialize(&mut serde_json::Deserializer::from_str(record));
            assert!(read.is_err(), "{record}");
        }
    }
}
