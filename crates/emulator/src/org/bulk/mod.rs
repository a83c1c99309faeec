//! Jobs of the Bulk APIs (fact sheet §6): what is to be done, how far it is, and its files.
//!
//! Owns jobs and what they read and write. Jobs and files are kept in the database, files in parts:
//! no upload or result of Bulk API 2.0 is ever in memory as a whole. What one request of 1.0 brings
//! or gets is. How jobs look to clients is not known here.

mod classic;
mod columns;
mod export;
mod files;
mod ingest;
mod job;
mod report;
#[cfg(test)]
mod tests;

use std::time::Duration;

use accredit::clock::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, params};

pub(crate) use self::classic::{BATCHES_MAX, ClassicError, Content, Load};
pub(crate) use self::columns::{NoTable, write_line};
pub(crate) use self::export::Slice;
pub(crate) use self::files::{UPLOAD_MAX, UploadError};
pub(crate) use self::ingest::{Outcome, column_name};
pub(crate) use self::job::{Delimiter, Job, LineEnding, Operation, Pace, State, Task};
pub(crate) use self::report::Report;
use super::Org;
use super::write::Author;
use crate::ids::RecordId;

/// The most jobs that are kept, besides their batches.
const JOBS_MAX: i64 = 10_000;

/// How long jobs are kept.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The key prefix of jobs.
const KEY_PREFIX: &str = "750";

/// Makes what is not there yet.
pub(super) fn create_tables(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS accredit_bulk_job (
            id TEXT PRIMARY KEY,
            created_at INTEGER NOT NULL,
            job TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS accredit_bulk_batch
            ON accredit_bulk_job (json_extract(job, '$.classic.batch_of'));
        CREATE TABLE IF NOT EXISTS accredit_bulk_part (
            job TEXT NOT NULL,
            part INTEGER NOT NULL,
            first INTEGER NOT NULL,
            count INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (job, part)
        );
        CREATE TABLE IF NOT EXISTS accredit_bulk_result (
            job TEXT NOT NULL,
            line INTEGER NOT NULL,
            id TEXT NOT NULL,
            is_new INTEGER NOT NULL,
            error TEXT,
            PRIMARY KEY (job, line)
        ) WITHOUT ROWID",
    )
}

/// Forgets all jobs.
pub(super) fn clear(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(
        "DELETE FROM accredit_bulk_job; DELETE FROM accredit_bulk_part;
         DELETE FROM accredit_bulk_result",
    )
}

/// A moment as it is kept.
fn millis(at: UnixTime) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

impl Org {
    /// Begins a job. Jobs that are too old, or too many, are forgotten.
    pub(crate) fn begin_job(&self, task: Task, author: &Author) -> Result<Job, rusqlite::Error> {
        let lifetime = i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX);
        let oldest = millis(author.now) - lifetime;
        self.store.together(|| {
            let sql = "SELECT id FROM accredit_bulk_job WHERE created_at < ?1 OR id IN
                (SELECT id FROM accredit_bulk_job
                    WHERE json_extract(job, '$.classic.batch_of') IS NULL
                    ORDER BY id DESC LIMIT -1 OFFSET ?2)";
            let old: Vec<String> = self.store.run(|connection| {
                let mut statement = connection.prepare_cached(sql)?;
                let ids = statement.query_map(params![oldest, JOBS_MAX - 1], |row| row.get(0))?;
                ids.collect()
            })?;
            for id in old {
                self.forget_job(&id)?;
            }
            let id = self
                .store
                .run(|connection| super::table::next_id(connection, KEY_PREFIX))?;
            let job = Job::new(id.to_string(), task, author);
            self.keep_job(&job)?;
            Ok(job)
        })
    }

    /// The job with this id.
    pub(crate) fn job(&self, id: &str) -> Result<Option<Job>, rusqlite::Error> {
        let Some(id) = RecordId::parse(id) else {
            return Ok(None);
        };
        let sql = "SELECT job FROM accredit_bulk_job WHERE id = ?";
        let text: Option<String> = self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement
                .query_row([id.as_str()], |row| row.get(0))
                .optional()
        })?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// At most `count` jobs whose ids come after `after`.
    pub(crate) fn jobs(&self, after: &str, count: usize) -> Result<Vec<Job>, rusqlite::Error> {
        let sql = "SELECT job FROM accredit_bulk_job WHERE id > ?1 ORDER BY id LIMIT ?2";
        let texts: Vec<String> = self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(
                params![after, i64::try_from(count).unwrap_or(i64::MAX)],
                |row| row.get(0),
            )?;
            rows.collect()
        })?;
        let jobs = texts.iter().map(|text| serde_json::from_str(text));
        Ok(jobs.filter_map(Result::ok).collect())
    }

    /// Remembers what a job is now.
    pub(crate) fn keep_job(&self, job: &Job) -> Result<(), rusqlite::Error> {
        let text = serde_json::to_string(job)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let sql = "INSERT OR REPLACE INTO accredit_bulk_job VALUES (?1, ?2, ?3)";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.execute(params![job.id, job.created_at, text])
        })?;
        Ok(())
    }

    /// Forgets a job, its files and its batches.
    pub(crate) fn forget_job(&self, id: &str) -> Result<(), rusqlite::Error> {
        self.store.together(|| {
            let batches = self.batch_ids(id)?;
            for id in std::iter::once(id).chain(batches.iter().map(String::as_str)) {
                for sql in [
                    "DELETE FROM accredit_bulk_part WHERE job = ?",
                    "DELETE FROM accredit_bulk_result WHERE job = ?",
                    "DELETE FROM accredit_bulk_job WHERE id = ?",
                ] {
                    self.store
                        .run(|connection| connection.prepare_cached(sql)?.execute([id]))?;
                }
            }
            Ok(())
        })
    }

    /// Moves a job on as far as one look at it does, and returns what it is then.
    pub(crate) fn advance_job(
        &self,
        id: &str,
        (pace, author): (Pace, &Author),
    ) -> Result<Option<Job>, rusqlite::Error> {
        let claimed = self.store.together(|| {
            let Some(mut job) = self.job(id)? else {
                return Ok(None);
            };
            let is_claimed = job.claim(pace);
            if is_claimed || job.state == State::InProgress {
                job.modified_at = millis(author.now);
                self.keep_job(&job)?;
            }
            Ok::<_, rusqlite::Error>(Some((job, is_claimed)))
        })?;
        let Some((job, true)) = claimed else {
            return Ok(claimed.map(|(job, _)| job));
        };
        let author = Author {
            user: RecordId::parse(&job.created_by).unwrap_or_else(|| author.user.clone()),
            now: author.now,
        };
        let problem = if job.task.operation.is_query() {
            let outcome = self.run_export(&job, &author);
            outcome.err().map(|error| error.to_string())
        } else {
            let outcome = self.run_ingest(&job, &author);
            outcome.err().map(|error| error.to_string())
        };
        if problem.is_some() {
            self.end_job(&job.id, (State::Failed, problem), &author)?;
        }
        self.job(id)
    }

    /// Ends a job, unless it has ended.
    fn end_job(
        &self,
        id: &str,
        (state, error): (State, Option<String>),
        author: &Author,
    ) -> Result<(), rusqlite::Error> {
        self.store.together(|| {
            let Some(mut job) = self.job(id)?.filter(|job| !job.state.is_end()) else {
                return Ok(());
            };
            job.state = state;
            job.error = error;
            job.modified_at = millis(author.now);
            self.keep_job(&job)
        })
    }
}
