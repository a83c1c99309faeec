//! Running SOQL.
//!
//! A statement goes through these, in this order: `resolve` (names), `filter` and `operand`
//! (conditions), `selection` (what comes back), `compile` (one SQL statement). This module runs it
//! and writes the answer; `cursor` keeps what does not fit.

mod columns;
mod compile;
mod cursor;
mod dates;
mod error;
mod filter;
mod joins;
mod json;
mod operand;
mod resolve;
mod selection;

use std::sync::{Mutex, PoisonError};

use accredit::clock::UnixTime;
use rusqlite::Connection;

use self::compile::{Answer, Compiled, Records};
use self::cursor::{Cursor, Cursors};
use self::error::Refusals;
use self::selection::for_each_row;
use super::schema::{Field, Object};
use super::{Org, table};
use crate::ids::RecordId;

pub(crate) use compile::Rows;
pub(crate) use dates::Calendar;
pub use error::QueryError;
pub(crate) use error::no_such_column;

/// The size of a page when the call says nothing, and its largest.
const BATCH_MAX: usize = 2_000;

/// The smallest page that a call may ask for.
const BATCH_MIN: usize = 200;

/// The largest page of records with more than one long text.
const BATCH_OF_LONG_TEXTS_MAX: usize = 200;

/// Who asks, and how.
#[derive(Clone, Debug)]
pub(crate) struct Asker<'a> {
    /// The session that asks: what it has begun to read, another may not go on with.
    pub(crate) session: &'a [u8],
    /// The API version of the call, which the links in the answer carry.
    pub(crate) version: u16,
    /// `batchSize` of `Sforce-Query-Options`.
    pub(crate) batch: Option<usize>,
    pub(crate) now: UnixTime,
}

/// The cursors of an org.
#[derive(Debug, Default)]
pub(super) struct OpenCursors(Mutex<Cursors>);

impl OpenCursors {
    /// Closes all.
    pub(super) fn clear(&self) {
        self.with(|cursors| *cursors = Cursors::default());
    }
    fn with<T>(&self, work: impl FnOnce(&mut Cursors) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Org {
    /// Runs a query and returns the first page as JSON.
    pub(crate) fn query(
        &self,
        text: &str,
        rows: Rows,
        asker: &Asker<'_>,
    ) -> Result<Vec<u8>, QueryError> {
        let compiled = self.compile(text, rows, asker.now)?;
        let Compiled {
            answer,
            sql,
            parameters,
        } = compiled;
        let parameters = rusqlite::params_from_iter(parameters.iter());
        let Answer::Records(records) = answer else {
            let count: i64 = self.store.run(|connection| {
                connection
                    .prepare_cached(&sql)?
                    .query_row(parameters, |row| row.get(0))
            })?;
            return Ok(page(usize::try_from(count).unwrap_or(0), None, b""));
        };
        let batch = batch(asker.batch, BATCH_MAX, &records);
        let layout = records.selection.layout(asker.version);
        let mut body = Vec::new();
        let mut found = Vec::new();
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            for_each_row(&mut statement, parameters, |row| {
                if found.len() < batch {
                    separate(&mut body);
                    layout.write(&mut body, row)?;
                }
                found.push(row.get(records.row)?);
                Ok(())
            })
        })?;
        let total = found.len();
        let next = (total > batch).then(|| {
            let cursor = Cursor {
                session: asker.session.to_owned(),
                created_at: asker.now,
                records,
                rows: found,
                batch,
            };
            let locator = self.cursors.with(|cursors| cursors.keep(cursor));
            next_url(asker.version, &locator, batch)
        });
        Ok(page(total, next, &body))
    }

    /// Returns the page of a cursor that `locator`, such as `0r8…-2000`, names.
    pub(crate) fn next_page(
        &self,
        locator: &str,
        asker: &Asker<'_>,
    ) -> Result<Vec<u8>, QueryError> {
        let (id, offset) = locator.rsplit_once('-').ok_or(QueryError::Locator)?;
        let offset: usize = offset.parse().map_err(|_| QueryError::Locator)?;
        let cursor = self
            .cursors
            .with(|cursors| cursors.find(id, (asker.session, asker.now)))
            .ok_or(QueryError::Locator)?;
        let batch = batch(asker.batch, cursor.batch, &cursor.records);
        let end = offset.saturating_add(batch).min(cursor.rows.len());
        let rows = cursor.rows.get(offset..end).ok_or(QueryError::Locator)?;
        let body = self
            .store
            .run(|connection| read_rows(connection, &cursor.records, (rows, asker.version)))?;
        let id = RecordId::parse(id).ok_or(QueryError::Locator)?;
        let next = (end < cursor.rows.len()).then(|| next_url(asker.version, &id, end));
        Ok(page(cursor.rows.len(), next, &body))
    }

    /// Describes the columns that a query answers with (fact sheet §5.2, `columns=true`).
    pub(crate) fn columns(&self, text: &str, now: UnixTime) -> Result<Vec<u8>, QueryError> {
        let schema = self.schema();
        let compiled = self.compile(text, Rows::Live, now)?;
        let columns = match (&compiled.answer, accredit_soql::parse(text)) {
            (Answer::Records(records), Ok(query)) => {
                columns::of(&schema, &query.from.source.path.name.text, records)
            }
            _ => Vec::new(),
        };
        let metadata = serde_json::json!({"columnMetadata": columns});
        Ok(metadata.to_string().into_bytes())
    }

    /// Reads one record with these fields as JSON; nothing if there is none.
    pub(crate) fn record(
        &self,
        (object, id): (&Object, &RecordId),
        fields: &[&Field],
        version: u16,
    ) -> Result<Option<Vec<u8>>, rusqlite::Error> {
        let (selection, sql) = compile::compile_record(&self.schema(), object, fields);
        let layout = selection.layout(version);
        let mut body = Vec::new();
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            for_each_row(&mut statement, [id.as_str()], |row| {
                layout.write(&mut body, row)
            })
        })?;
        Ok((!body.is_empty()).then_some(body))
    }

    /// How many records of an object there are, those in the recycle bin left out.
    pub(crate) fn count(&self, object: &Object) -> Result<i64, rusqlite::Error> {
        let table = table::table(object);
        let deleted = match object.field("IsDeleted") {
            Some(_) => " WHERE \"IsDeleted\" = 0",
            None => "",
        };
        let sql = format!("SELECT COUNT(*) FROM {table}{deleted}");
        self.store
            .run(|connection| connection.query_row(&sql, [], |row| row.get(0)))
    }

    fn compile(&self, text: &str, rows: Rows, now: UnixTime) -> Result<Compiled, QueryError> {
        let query = accredit_soql::parse(text)?;
        let calendar = self.calendar(now);
        let refusals = Refusals { text };
        let compiled = compile::compile(&self.schema(), &query, (refusals, &calendar, rows))?;
        Ok(compiled)
    }
}

/// Reads these rows in this order.
fn read_rows(
    connection: &Connection,
    records: &Records,
    (rows, version): (&[i64], u16),
) -> Result<Vec<u8>, rusqlite::Error> {
    let layout = records.selection.layout(version);
    let mut body = Vec::new();
    let array = serde_json::json!(rows).to_string();
    let mut statement = connection.prepare_cached(&records.sql_by_row)?;
    for_each_row(&mut statement, [array], |row| {
        separate(&mut body);
        layout.write(&mut body, row)
    })?;
    Ok(body)
}

fn separate(body: &mut Vec<u8>) {
    if !body.is_empty() {
        body.push(b',');
    }
}

/// How many records a page has.
fn batch(asked: Option<usize>, default: usize, records: &Records) -> usize {
    let batch = asked.map_or(default, |asked| asked.clamp(BATCH_MIN, BATCH_MAX));
    if records.long_texts > 1 {
        return batch.min(BATCH_OF_LONG_TEXTS_MAX);
    }
    batch
}

fn next_url(version: u16, locator: &RecordId, offset: usize) -> String {
    format!("/services/data/v{version}.0/query/{locator}-{offset}")
}

/// The answer around the records.
fn page(total: usize, next: Option<String>, records: &[u8]) -> Vec<u8> {
    let head = match next {
        None => format!("{{\"totalSize\":{total},\"done\":true,\"records\":["),
        Some(url) => format!(
            "{{\"totalSize\":{total},\"done\":false,\"nextRecordsUrl\":\"{url}\",\"records\":["
        ),
    };
    let mut body = Vec::with_capacity(head.len() + records.len() + 2);
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(records);
    body.extend_from_slice(b"]}");
    body
}
