//! Makes records of rows.
//!
//! Owns ids: each row gets its own before the first is written, so that rows may refer to each
//! other in any order. What is wrong with a value ends the load; what Salesforce's rules for
//! clients would refuse, such as a missing required field, is only told.

mod references;
mod rules;

use std::collections::{BTreeMap, HashMap};

use rusqlite::OptionalExtension as _;

use super::error::{LoadError, Trouble};
use super::metadata::RecordTypeSource;
use super::rows::{Given, Row};
use crate::ids::RecordId;
use crate::org::record::{Values, Writer};
use crate::org::schema::{Field, FieldType, Object, Storage};
use crate::org::value::Value;
use crate::org::{derived, table};

/// What was made, and what is to be told.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) counts: BTreeMap<String, usize>,
    /// New ids by object and by what their files call the records.
    pub(super) ids: BTreeMap<String, BTreeMap<String, String>>,
    /// How often each thing is to be told.
    notes: BTreeMap<String, usize>,
}

impl Made {
    fn note(&mut self, text: String) {
        *self.notes.entry(text).or_default() += 1;
    }

    /// What is to be told, each thing once.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.notes.iter().map(|(text, count)| match count {
            1 => format!("{text} (1 record)"),
            _ => format!("{text} ({count} records)"),
        })
    }
}

/// A reference by a value, which is looked up when all records are there.
struct Pending<'a> {
    row: &'a Row,
    id: RecordId,
    object: &'a Object,
    field: &'a Field,
    matched: (&'a str, &'a str),
}

/// Makes all records.
pub(super) fn insert(
    writer: &Writer<'_>,
    paths: &[String],
    rows: &[Row],
) -> Result<Made, LoadError> {
    let at = |row: &Row, problem: String| {
        let path = paths.get(row.file).map_or("", String::as_str);
        Trouble::new(row.line, problem).at(path)
    };
    let mut inserter = Inserter {
        writer,
        by_prefix: writer
            .schema
            .objects()
            .iter()
            .filter_map(|object| Some((object.key_prefix.as_deref()?, object)))
            .collect(),
        ids: HashMap::new(),
        made: Made::default(),
        pending: Vec::new(),
    };
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        let found = inserter.identify(row).map_err(|error| match error {
            Failure::Unfit(problem) => at(row, problem),
            Failure::Store(error) => error.into(),
        })?;
        own.push(found);
    }
    for (row, (object, id)) in rows.iter().zip(own) {
        inserter
            .make(row, object, &id)
            .map_err(|error| match error {
                Failure::Unfit(problem) => at(row, problem),
                Failure::Store(error) => error.into(),
            })?;
    }
    for pending in std::mem::take(&mut inserter.pending) {
        inserter.point(&pending).map_err(|error| match error {
            Failure::Unfit(problem) => at(pending.row, problem),
            Failure::Store(error) => error.into(),
        })?;
    }
    Ok(inserter.made)
}

enum Failure {
    Unfit(String),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

struct Inserter<'a> {
    writer: &'a Writer<'a>,
    /// Objects by their key prefixes.
    by_prefix: HashMap<&'a str, &'a Object>,
    ids: HashMap<&'a str, RecordId>,
    made: Made,
    pending: Vec<Pending<'a>>,
}

impl<'a> Inserter<'a> {
    /// The object of a row, and an id for it.
    fn identify(&mut self, row: &'a Row) -> Result<(&'a Object, RecordId), Failure> {
        let object = self.writer.schema.object(&row.object);
        let object = object.filter(|object| object.key_prefix.is_some());
        let object = object.ok_or_else(|| {
            let name = &row.object;
            Failure::Unfit(format!("no object is called {name}: load its metadata too"))
        })?;
        if object.name.ends_with("__e") {
            let problem = format!("{} is a platform event: it has no records", object.name);
            return Err(Failure::Unfit(problem));
        }
        let prefix = object.key_prefix.as_deref().unwrap_or_default();
        let id = table::next_id(self.writer.connection, prefix)?;
        for key in &row.keys {
            if self.ids.insert(key, id.clone()).is_some() && key.starts_with('@') {
                let name = row.called.as_deref().unwrap_or_default();
                let problem = format!("expected a referenceId of its own, found {name} again");
                return Err(Failure::Unfit(problem));
            }
        }
        if let Some(name) = &row.called {
            let ids = self.made.ids.entry(object.name.clone()).or_default();
            ids.insert(name.clone(), id.to_string());
        }
        Ok((object, id))
    }

    fn make(&mut self, row: &'a Row, object: &'a Object, id: &RecordId) -> Result<(), Failure> {
        let mut values = self.writer.defaults(object, id);
        for (name, value) in &mut values {
            if let (Some(field), Value::Text(text)) = (object.field(name), &value)
                && field.kind.storage() == Storage::Boolean
            {
                *value = Value::Boolean(text == "true");
            }
        }
        for (name, given) in &row.values {
            let Some(field) = self.field(object, name)? else {
                continue;
            };
            if let Given::Match { field: by, value } = given {
                self.pending.push(Pending {
                    row,
                    id: id.clone(),
                    object,
                    field,
                    matched: (by, value),
                });
                continue;
            }
            if let Some(value) = self.value(object, field, given)? {
                values.insert(field.name.clone(), value);
            }
        }
        derived::fill(object, id, &mut values);
        self.check(row, object, &values)?;
        self.replace(object, &values)?;
        self.writer.store(object, &values).map_err(|error| {
            let problem = format!("{}: {error}", object.name);
            Failure::Unfit(problem)
        })?;
        *self.made.counts.entry(object.name.clone()).or_default() += 1;
        Ok(())
    }

    /// The field called `name`; nothing if its values are left out.
    fn field(&mut self, object: &'a Object, name: &str) -> Result<Option<&'a Field>, Failure> {
        let found = object.field(name).or_else(|| object.reference(name));
        match found {
            Some(field) if field.kind == FieldType::Id => Ok(None),
            Some(field) if !field.is_stored() => {
                let problem = format!("{}.{name}: expected values for its parts", object.name);
                Err(Failure::Unfit(problem))
            }
            Some(field) => Ok(Some(field)),
            None if name.contains("__") || object.is_custom() => {
                let problem = format!("{} has no field {name}: load its metadata too", object.name);
                Err(Failure::Unfit(problem))
            }
            None => {
                let text = format!("{}.{name} is not built in: it is left out", object.name);
                self.made.note(text);
                Ok(None)
            }
        }
    }

    /// Removes the record of custom metadata that has the same name: a load brings its new form.
    fn replace(&self, object: &Object, values: &Values) -> Result<(), Failure> {
        let name = values.get("DeveloperName");
        if let (true, Some(name)) = (object.name.ends_with("__mdt"), name) {
            let table = table::table(object);
            let sql = format!("DELETE FROM {table} WHERE \"DeveloperName\" = ?");
            self.writer
                .connection
                .prepare_cached(&sql)?
                .execute([name])?;
        }
        Ok(())
    }
}

/// The id of the record type, which is made if it is not there.
pub(super) fn record_type(
    writer: &Writer<'_>,
    object: &str,
    source: &RecordTypeSource,
) -> Result<RecordId, LoadError> {
    let sql = "SELECT Id FROM sobject_RecordType WHERE SobjectType = ?1 AND DeveloperName = ?2";
    let known: Option<String> = writer
        .connection
        .query_row(sql, [object, &source.developer_name], |row| row.get(0))
        .optional()?;
    if let Some(id) = known.as_deref().and_then(RecordId::parse) {
        return Ok(id);
    }
    let values = [
        ("Name", Value::from(source.label.as_str())),
        ("DeveloperName", source.developer_name.as_str().into()),
        ("SobjectType", object.into()),
        ("IsActive", source.is_active.into()),
        (
            "Description",
            source.description.as_deref().unwrap_or_default().into(),
        ),
    ];
    writer
        .insert("RecordType", values)
        .map_err(|error| LoadError::new("", error.to_string()))
}
