//! Files of `sf data export tree`: `{"records": [{"attributes": {…}, …}]}`.
//!
//! Owns references (`"@AccountRef1"`), children in their parents, and parents that are named by an
//! external id.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::{Given, Row, id_key};
use crate::org::load::error::{Trouble, line_at};
use crate::org::schema::{FieldType, Schema};

/// How deeply children may be nested.
const DEPTH_MAX: usize = 5;

/// A file of records.
#[derive(Debug, Deserialize)]
struct Records<'a> {
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default, rename = "referenceId")]
    reference: Option<String>,
}

/// What a file of records is read with.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Reader<'a> {
    pub(in super::super) schema: &'a Schema,
    /// The number of the file.
    pub(in super::super) file: usize,
    /// What references are found in: those of other plans are others.
    pub(in super::super) scope: usize,
    /// The object, where a record does not say it.
    pub(in super::super) object: Option<&'a str>,
}

/// Reads a file.
pub(in super::super) fn read(text: &str, reader: Reader<'_>) -> Result<Vec<Row>, Trouble> {
    let records: Records<'_> = serde_json::from_str(text).map_err(|error| {
        let problem = format!("expected an object with a list of records: {error}");
        Trouble::new(error.line(), problem)
    })?;
    let mut rows = Vec::new();
    let context = Context {
        text,
        reader,
        depth: 1,
        counted: &Cell::new((0, 1)),
    };
    for record in records.records {
        context.record(record, None, &mut rows)?;
    }
    Ok(rows)
}

#[derive(Clone, Copy)]
struct Context<'a> {
    text: &'a str,
    reader: Reader<'a>,
    depth: usize,
    /// A place in the text, and its line: lines further on are counted from there.
    counted: &'a Cell<(usize, usize)>,
}

/// The relationship from a child to the record that it stands in.
struct Above<'a> {
    object: &'a str,
    field: &'a str,
    key: &'a str,
}

impl Context<'_> {
    /// The line that a value begins in.
    fn line(&self, raw: &RawValue) -> usize {
        let start = self.text.as_ptr() as usize;
        let offset = (raw.get().as_ptr() as usize).saturating_sub(start);
        let (from, line) = self.counted.get();
        if offset < from {
            return line_at(self.text, offset);
        }
        let passed = self.text.get(from..offset).unwrap_or_default();
        let line = line + line_at(passed, passed.len()) - 1;
        self.counted.set((offset, line));
        line
    }

    fn record(
        &self,
        raw: &RawValue,
        above: Option<Above<'_>>,
        rows: &mut Vec<Row>,
    ) -> Result<(), Trouble> {
        let line = self.line(raw);
        let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get())
            .map_err(|error| Trouble::new(line, format!("expected a record: {error}")))?;
        let attributes = match members.remove("attributes") {
            Some(raw) => serde_json::from_str::<Attributes>(raw.get()).map_err(|error| {
                Trouble::new(self.line(raw), format!("expected attributes: {error}"))
            })?,
            None => Attributes::default(),
        };
        let object = attributes
            .kind
            .as_deref()
            .or(above.as_ref().map(|above| above.object))
            .or(self.reader.object)
            .ok_or_else(|| Trouble::new(line, "expected attributes with the type of the record"))?
            .to_owned();
        let index = rows.len();
        let key = format!("row/{}/{index}", self.reader.file);
        let mut row = Row {
            file: self.reader.file,
            line,
            object: object.clone(),
            called: attributes.reference.clone(),
            keys: vec![key.clone()],
            values: Vec::new(),
        };
        if let Some(above) = above {
            let given = Given::Key(vec![above.key.to_owned()]);
            row.values.push((above.field.to_owned(), given));
        }
        row.keys
            .extend(attributes.reference.map(|own| self.key(&own)));
        rows.push(row);
        for (name, raw) in members {
            if name == "Id" {
                self.identify(raw, rows, index);
            } else if let Some(value) = self.member((&object, &key), (&name, raw), rows)?
                && let Some(row) = rows.get_mut(index)
            {
                row.values.push((name, value));
            }
        }
        Ok(())
    }

    /// The id that the record had where it comes from.
    fn identify(&self, raw: &RawValue, rows: &mut [Row], index: usize) {
        if let (Ok(id), Some(row)) = (serde_json::from_str(raw.get()), rows.get_mut(index)) {
            let id: String = id;
            row.keys.push(id_key(&id));
        }
    }

    /// The key of a reference in the files that belong together.
    fn key(&self, reference: &str) -> String {
        format!("@{}/{reference}", self.reader.scope)
    }

    /// A value; nothing if it is a list of children, whose rows follow.
    fn member(
        &self,
        (object, key): (&str, &str),
        (name, raw): (&str, &RawValue),
        rows: &mut Vec<Row>,
    ) -> Result<Option<Given>, Trouble> {
        if !raw.get().starts_with('{') {
            return self.value((object, name), raw).map(Some);
        }
        let line = self.line(raw);
        let Ok(children) = serde_json::from_str::<Records<'_>>(raw.get()) else {
            return parent(raw, line).map(Some);
        };
        if self.depth >= DEPTH_MAX {
            let problem = format!("expected children nested at most {DEPTH_MAX} deep");
            return Err(Trouble::new(line, problem));
        }
        let found = self.reader.schema.object(object).and_then(|object| {
            self.reader.schema.children_of(object).find(|child| {
                let known = child.field.children.as_deref();
                known.is_some_and(|known| known.eq_ignore_ascii_case(name))
            })
        });
        let Some(child) = found else {
            let problem = format!("expected a child relationship of {object}, found {name}");
            return Err(Trouble::new(line, problem));
        };
        let deeper = Self {
            depth: self.depth + 1,
            ..*self
        };
        for record in children.records {
            let above = Above {
                object: &child.object.name,
                field: &child.field.name,
                key,
            };
            deeper.record(record, Some(above), rows)?;
        }
        Ok(None)
    }

    fn value(&self, (object, name): (&str, &str), raw: &RawValue) -> Result<Given, Trouble> {
        let value: Json = serde_json::from_str(raw.get()).unwrap_or_default();
        Ok(match value {
            Json::Null => Given::Null,
            Json::Bool(value) => Given::Boolean(value),
            Json::Number(number) => Given::Number(number.as_f64().unwrap_or_default()),
            Json::String(text) => match text.strip_prefix('@') {
                Some(reference) if self.is_reference(object, name) => {
                    Given::Key(vec![self.key(reference)])
                }
                _ => Given::Text(text),
            },
            Json::Array(_) | Json::Object(_) => {
                let problem = format!("expected a value in {name}, found a list");
                return Err(Trouble::new(self.line(raw), problem));
            }
        })
    }

    fn is_reference(&self, object: &str, name: &str) -> bool {
        let field = self
            .reader
            .schema
            .object(object)
            .and_then(|o| o.field(name));
        field.is_some_and(|field| field.kind == FieldType::Reference)
    }
}

/// `{"Code__c": "X1"}` in the place of a parent: the one whose field has that value.
fn parent(raw: &RawValue, line: usize) -> Result<Given, Trouble> {
    let unfit = || {
        let problem = "expected records, or a parent with one external id";
        Trouble::new(line, problem)
    };
    let mut members: BTreeMap<String, Json> =
        serde_json::from_str(raw.get()).map_err(|_| unfit())?;
    members.remove("attributes");
    let (Some((field, value)), 0) = (members.pop_first(), members.len()) else {
        return Err(unfit());
    };
    let value = match value {
        Json::String(text) => text,
        Json::Number(number) => number.to_string(),
        _ => return Err(unfit()),
    };
    Ok(Given::Match { field, value })
}
