//! Tests of the org from inside: what a query answers, and what describe says.

mod aggregates;
mod children;
mod custom;
mod describe;
mod differential;
mod errors;
mod generated;
mod queries;
mod records;
mod rules;
mod selects;
mod semantics;

use std::sync::{Arc, LazyLock};

use accredit::clock::UnixTime;
use serde_json::Value;

use super::query::{Asker, QueryError, Rows};
use super::schema::Schema;
use super::{Org, Seed, table};
use crate::ids::RecordId;
use crate::store::{Place, Store};

/// 2026-11-21T17:47:00Z, a Saturday.
pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_795_283_220);

pub(crate) fn org(seed: Seed) -> Org {
    let store = Store::open(&Place::Memory).unwrap();
    Org::new(Arc::new(store), crate::org::first_id(), (seed, NOW)).unwrap()
}

/// The user who asks.
static USER: LazyLock<RecordId> = LazyLock::new(|| RecordId::numbered("005", 1));

pub(crate) fn asker(session: &[u8]) -> Asker<'_> {
    Asker {
        session,
        version: 60,
        batch: None,
        now: NOW,
        user: &USER,
    }
}

/// An org whose schema is that of `files`, which have the form of the built-in ones; it has no
/// records of its own.
pub(crate) fn org_of<'f>(files: impl IntoIterator<Item = &'f str>) -> Org {
    let org = org(Seed::Empty);
    let schema = Arc::new(Schema::of_files(files));
    org.store
        .run(|connection| {
            for object in schema.objects().iter().filter(|o| o.has_table()) {
                connection
                    .execute_batch(&format!("DROP TABLE IF EXISTS {}", table::table(object)))?;
            }
            table::create_all(connection, &schema)
        })
        .unwrap();
    *org.schema.write().unwrap() = schema;
    org
}

pub(crate) fn user() -> RecordId {
    RecordId::numbered("005", 1)
}

pub(crate) fn run(org: &Org, soql: &str) -> Result<Value, QueryError> {
    run_on(org, soql, Rows::Live)
}

pub(crate) fn run_on(org: &Org, soql: &str, rows: Rows) -> Result<Value, QueryError> {
    let body = org.query(soql, rows, &asker(b"ours"))?;
    Ok(serde_json::from_slice(&body).unwrap())
}

/// Runs a query that must work and returns `records` without attributes, as lists of values.
pub(crate) fn rows(org: &Org, soql: &str) -> Vec<Value> {
    let answer = run(org, soql).unwrap_or_else(|error| panic!("{soql}: {error:?}"));
    let records = answer["records"].as_array().unwrap().clone();
    records
        .into_iter()
        .map(|record| {
            let record = record.as_object().unwrap();
            let values = record.iter().filter(|(key, _)| *key != "attributes");
            Value::Array(values.map(|(_, value)| value.clone()).collect())
        })
        .collect()
}

/// The error that a query is refused with: code and message.
pub(crate) fn refusal(org: &Org, soql: &str) -> (&'static str, String) {
    match run(org, soql) {
        Err(QueryError::Refused(error)) => (error.code().as_str(), error.message().to_owned()),
        other => panic!("{soql} was to be refused: {other:?}"),
    }
}

impl Org {
    /// Inserts every record of an object again, `times` over.
    pub(crate) fn repeat(&self, object: &str, times: usize) -> Result<(), super::OrgError> {
        for _ in 0..times {
            self.write(&user(), NOW, |writer| {
                for at in 0..150 {
                    let name = format!("Twin {at}");
                    let values = [("LastName", name.as_str().into())];
                    writer.insert(object, values)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Puts the record with this counter into the recycle bin.
    pub(crate) fn mark_deleted(&self, object: &str, row: i64) -> Result<(), rusqlite::Error> {
        let sql = format!("UPDATE sobject_{object} SET IsDeleted = 1 WHERE _row = ?");
        self.store
            .run(|connection| connection.execute(&sql, [row]).map(|_| ()))
    }
}
