//! Loading an org: its schema from metadata or describe answers, its records from files of data.
//!
//! Owns what the files of a load come to, and that it happens as a whole or not at all. The order
//! of the files does not matter: metadata come first, then records, which may refer to each other.

pub(crate) mod apps;
mod convert;
mod describe;
mod error;
mod files;
mod inference;
mod insert;
mod kind;
mod metadata;
mod rows;
#[cfg(test)]
mod tests;
pub(crate) mod xml;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::PoisonError;

use accredit::clock::UnixTime;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

pub use self::error::LoadError;
pub use self::kind::{is_loadable, is_searched};

use self::files::Files;
use self::insert::Made;
use self::metadata::RecordTypeSource;
use super::record::Writer;
use super::schema::{Object, RecordType, Schema};
use super::{Org, kept, table};
use crate::ids::RecordId;

/// A file to load: its path says what it is, and stands in messages.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadFile {
    /// The path, with the folders that it is in: `objects/Trip__c/fields/From__c.field-meta.xml`.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// The object that a CSV file has records of, where its name does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl fmt::Debug for LoadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// The objects that were made or changed.
    pub objects: Vec<String>,
    /// How many fields they got.
    pub fields: usize,
    /// How many records each object got.
    pub records: BTreeMap<String, usize>,
    /// The client ids of the apps that were made or changed.
    pub apps: Vec<String>,
    /// What is not as the files say.
    pub warnings: Vec<String>,
    /// The id of each record that its file has a name for, by object and name.
    pub ids: BTreeMap<String, BTreeMap<String, String>>,
}

impl Org {
    /// Loads files at the moment `now`. After an error nothing has changed.
    pub(crate) fn load(&self, files: &[LoadFile], now: UnixTime) -> Result<LoadReport, LoadError> {
        let _turn = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = self.schema();
        let files = Files::read(files, &before)?;
        self.store.run(|connection| {
            let transaction = connection.transaction()?;
            let load = Load {
                org: self,
                before: &before,
                connection: &transaction,
                now,
            };
            match load.run(files) {
                Ok((schema, report)) => {
                    transaction.commit()?;
                    self.replace_schema(schema);
                    Ok(Ok(report))
                }
                Err(error) => transaction.rollback().map(|()| Err(error)),
            }
        })?
    }
}

struct Load<'a> {
    org: &'a Org,
    before: &'a Schema,
    connection: &'a Connection,
    now: UnixTime,
}

impl Load<'_> {
    fn run(&self, files: Files<'_>) -> Result<(Schema, LoadReport), LoadError> {
        let mut schema = files.schema;
        table::retype(self.connection, self.before, &schema)?;
        table::create_all(self.connection, &schema)?;
        let mut warnings = files.warnings;
        let types = self.record_types(&schema, &files.record_types)?;
        schema.extend(types);
        kept::write(self.connection, &schema)?;
        let made = self.records(&schema, &files.paths, &files.rows)?;
        warnings.extend(made.warnings());
        let report = LoadReport {
            objects: files.objects.into_iter().collect(),
            fields: files.fields,
            records: made.counts,
            apps: Vec::new(),
            warnings,
            ids: made.ids,
        };
        Ok((schema, report))
    }

    fn writer<'w>(&'w self, schema: &'w Schema) -> Writer<'w> {
        Writer {
            connection: self.connection,
            schema,
            user: self.org.first_user(),
            now: self.now,
        }
    }

    fn records(
        &self,
        schema: &Schema,
        paths: &[String],
        rows: &[rows::Row],
    ) -> Result<Made, LoadError> {
        insert::insert(&self.writer(schema), paths, rows)
    }

    /// Makes the records of record types, and gives what describe says of them.
    fn record_types(
        &self,
        schema: &Schema,
        sources: &[(String, RecordTypeSource)],
    ) -> Result<Vec<Object>, LoadError> {
        let writer = self.writer(schema);
        let mut objects = Vec::new();
        for (object, source) in sources {
            let id: RecordId = insert::record_type(&writer, object, source)?;
            if !source.is_active {
                continue;
            }
            objects.push(Object {
                name: object.clone(),
                record_types: vec![RecordType {
                    id: id.to_string(),
                    developer_name: source.developer_name.clone(),
                    label: source.label.clone(),
                }],
                ..Object::default()
            });
        }
        Ok(objects)
    }
}
