//! Running SOQL.
//!
//! A statement goes through these: `resolve` and `joins` (names), `expression` (fields and
//! functions), `filter`, `operand` and `semi_join` (conditions), `select`, `children`, `group` and
//! `grouped` (what is asked for), `compile` (SQL). `reader` runs it, `layout` writes rows, `cursor`
//! keeps what does not fit, `plans` keeps what was compiled, `explain` says how it would be run.

mod children;
mod clauses;
mod columns;
mod compile;
mod compound;
mod cursor;
mod dates;
mod environment;
mod error;
mod explain;
mod expression;
mod filter;
mod group;
mod grouped;
mod joins;
mod json;
mod layout;
mod operand;
mod plans;
mod reader;
mod resolve;
mod select;
mod selection;
mod semi_join;

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use accredit::clock::UnixTime;
use accredit_soql::ErrorCode;
use accredit_soql::ast::Usage;

use self::compile::{Answer, Compiled};
use self::cursor::Cursors;
use self::environment::Environment;
use self::error::Refusals;
use self::layout::Layout;
use self::reader::{Reader, batch, envelope, next_url};
use self::selection::for_each_row;
use super::schema::{Field, Object};
use super::value::{Value, datetime_text, timestamp};
use super::{Org, table};
use crate::ids::RecordId;

pub(crate) use dates::Calendar;
pub(crate) use environment::Rows;
pub use error::QueryError;
pub(crate) use error::no_such_column;
pub(super) use plans::Plans;

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
    /// The user whose records are "mine".
    pub(crate) user: &'a RecordId,
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
        self.define(text, asker.now)?;
        let compiled = self.compile(text, rows, asker)?;
        let parameters = || rusqlite::params_from_iter(compiled.parameters.iter());
        let body = match &compiled.answer {
            Answer::Count => {
                let count: i64 = self.store.run(|connection| {
                    connection
                        .prepare_cached(&compiled.sql)?
                        .query_row(parameters(), |row| row.get(0))
                })?;
                envelope(usize::try_from(count).unwrap_or(0), None, b"")
            }
            Answer::Groups(_, layout) => self.groups(&compiled, layout)?,
            Answer::Records(records) => self.store.run(|connection| {
                let reader = Reader {
                    connection,
                    cursors: &self.cursors,
                    asker,
                };
                reader.first(records, (&compiled.sql, &compiled.parameters))
            })?,
        };
        if let Some(usage) = compiled.usage {
            self.mark(&compiled, usage, asker.now)?;
        }
        Ok(body)
    }

    /// Runs a query that makes groups. All of them must fit into one page.
    fn groups(&self, compiled: &Compiled, layout: &Layout) -> Result<Vec<u8>, QueryError> {
        let mut body = Vec::new();
        let mut count = 0;
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&compiled.sql)?;
            let parameters = rusqlite::params_from_iter(compiled.parameters.iter());
            for_each_row(&mut statement, parameters, |row| {
                count += 1;
                if count > BATCH_MAX {
                    return Ok(());
                }
                if !body.is_empty() {
                    body.push(b',');
                }
                layout.write(&mut body, &mut Vec::new(), row)
            })
        })?;
        if count > BATCH_MAX {
            let detail = "Aggregate query does not support queryMore(), use LIMIT to restrict the \
                          results to a single batch";
            let error = accredit_soql::Error::new(ErrorCode::ExceededIdLimit, detail);
            return Err(QueryError::Refused(error));
        }
        Ok(envelope(count, None, &body))
    }

    /// Marks the records of a query as viewed or referred to, where their object keeps that.
    fn mark(&self, compiled: &Compiled, usage: Usage, now: UnixTime) -> Result<(), QueryError> {
        let schema = self.schema();
        let (Answer::Records(records), Some(object)) =
            (&compiled.answer, schema.object(&compiled.object))
        else {
            return Ok(());
        };
        let names: &[&str] = match usage {
            Usage::View => &["LastViewedDate", "LastReferencedDate"],
            Usage::Reference => &["LastReferencedDate"],
        };
        let known = names.iter().filter(|name| object.field(name).is_some());
        let now = datetime_text(timestamp(now));
        let set: Vec<String> = known.map(|name| format!("\"{name}\" = '{now}'")).collect();
        if set.is_empty() {
            return Ok(());
        }
        let column = records.row;
        let sql = format!(
            "UPDATE {} SET {} WHERE _row IN (SELECT value FROM json_each(?))",
            table::table(object),
            set.join(", ")
        );
        self.store.run(|connection| {
            let mut rows: Vec<i64> = Vec::new();
            let parameters = rusqlite::params_from_iter(compiled.parameters.iter());
            for_each_row(
                &mut *connection.prepare_cached(&compiled.sql)?,
                parameters,
                |row| {
                    rows.push(row.get(column)?);
                    Ok(())
                },
            )?;
            let rows = Value::Text(serde_json::json!(rows).to_string());
            connection.prepare_cached(&sql)?.execute([rows])
        })?;
        Ok(())
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
        let body = self.store.run(|connection| {
            let reader = Reader {
                connection,
                cursors: &self.cursors,
                asker,
            };
            reader.rows(&cursor.records, rows)
        })?;
        let id = RecordId::parse(id).ok_or(QueryError::Locator)?;
        let next = (end < cursor.rows.len()).then(|| next_url(asker.version, &id, end));
        Ok(envelope(cursor.rows.len(), next, &body))
    }

    /// Describes the columns that a query answers with (fact sheet §5.2, `columns=true`).
    pub(crate) fn columns(&self, text: &str, asker: &Asker<'_>) -> Result<Vec<u8>, QueryError> {
        let schema = self.schema();
        let compiled = self.compile(text, Rows::Live, asker)?;
        let columns = columns::of(&schema, &compiled);
        let metadata = serde_json::json!({"columnMetadata": columns});
        Ok(json_bytes(&metadata))
    }

    /// Says how a query would be run (fact sheet §5.2, `explain=`). Reports and list views, which
    /// are asked for by their id, are no queries.
    pub(crate) fn explain(&self, text: &str, asker: &Asker<'_>) -> Result<Vec<u8>, QueryError> {
        self.define(text, asker.now)?;
        let compiled = self.compile(text, Rows::Live, asker)?;
        let (query, schema) = (accredit_soql::parse(text)?, self.schema());
        let Some(object) = schema.object(&compiled.object) else {
            return Ok(json_bytes(&serde_json::json!({"plans": []})));
        };
        let sql = match compiled.answer {
            Answer::Count => compiled.sql.clone(),
            _ => format!("SELECT COUNT(*) FROM ({})", compiled.sql),
        };
        let parameters = rusqlite::params_from_iter(compiled.parameters.iter());
        let found = self
            .store
            .run(|connection| connection.query_row(&sql, parameters, |row| row.get(0)))?;
        let all = self.count(object)?;
        let rows = explain::Cardinality { found, all };
        Ok(json_bytes(&explain::plans((&query, text), object, rows)))
    }

    /// Reads one record with these fields as JSON; nothing if there is none.
    pub(crate) fn record(
        &self,
        (object, id): (&Object, &RecordId),
        fields: &[&Field],
        version: u16,
    ) -> Result<Option<Vec<u8>>, rusqlite::Error> {
        let (selection, sql) = compile::compile_record(&self.schema(), object, fields);
        let layout = Layout::new(&selection, version);
        let mut body = Vec::new();
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            for_each_row(&mut statement, [id.as_str()], |row| {
                layout.write(&mut body, &mut Vec::new(), row)
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

    fn compile(
        &self,
        text: &str,
        rows: Rows,
        asker: &Asker<'_>,
    ) -> Result<Arc<Compiled>, QueryError> {
        let schema = self.schema();
        let call = (rows, asker.version);
        if let Some(known) = self.plans.find(&schema, call, text) {
            return Ok(known);
        }
        let query = accredit_soql::parse(text)?;
        let is_passing = Cell::new(false);
        let environment = Environment {
            refusals: Refusals { text },
            calendar: &self.calendar(asker.now),
            rows,
            user: asker.user.as_str(),
            version: asker.version,
            is_passing: &is_passing,
        };
        let compiled = Arc::new(compile::compile(&schema, &query, environment)?);
        if !is_passing.get() {
            self.plans.keep(&schema, call, (text, &compiled));
        }
        Ok(compiled)
    }
}

fn json_bytes(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
