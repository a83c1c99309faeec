//! Jobs of Bulk API 1.0: a job is a frame, and its batches do the work (fact sheet §6.3).
//!
//! Owns what such jobs know besides those of 2.0. A batch is a job of its own, with what came in
//! one request; it runs like any other.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::Columns;
use super::files::UploadError;
use super::ingest::{Outcome, STEP};
use super::job::{Job, State, Task};
use super::{Pace, millis};
use crate::org::Org;
use crate::org::table::next_id;
use crate::org::write::Author;

/// The key prefix of batches.
const KEY_PREFIX: &str = "751";

/// The most batches of a job.
pub(crate) const BATCHES_MAX: usize = 10_000;

/// The form of what a job reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Content {
    Csv,
    Json,
}

/// What a job of 1.0, or a batch, knows besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Classic {
    pub(crate) content: Content,
    /// The job that this is a batch of.
    pub(crate) batch_of: Option<String>,
}

/// What a batch is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load<'a> {
    /// A statement.
    Query(&'a str),
    /// A table.
    Table(&'a [u8]),
}

/// Why a job is not changed, or takes no batch.
#[derive(Debug)]
pub(crate) enum ClassicError {
    /// It is not there, or in a state that does not allow it.
    State(Option<State>),
    /// It has [`BATCHES_MAX`] batches.
    Full,
    /// The batch is larger than [`UPLOAD_MAX`](super::UPLOAD_MAX).
    TooLarge,
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for ClassicError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<UploadError> for ClassicError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Closed(state) => Self::State(state),
            UploadError::TooLarge => Self::TooLarge,
            UploadError::Database(error) => Self::Database(error),
        }
    }
}

impl Org {
    /// Begins a job that waits for batches.
    pub(crate) fn begin_classic(
        &self,
        task: Task,
        content: Content,
        author: &Author,
    ) -> Result<Job, rusqlite::Error> {
        self.store.together(|| {
            let mut job = self.begin_job(task, author)?;
            job.state = State::Open;
            job.classic = Some(Classic {
                content,
                batch_of: None,
            });
            self.keep_job(&job)?;
            Ok(job)
        })
    }

    /// Adds a batch to a job that is open.
    pub(crate) fn add_batch(
        &self,
        job: &str,
        load: Load<'_>,
        author: &Author,
    ) -> Result<Job, ClassicError> {
        self.store.together(|| {
            let mut batch = self.classic_in(job, &[State::Open])?;
            if self.batch_ids(&batch.id)?.len() >= BATCHES_MAX {
                return Err(ClassicError::Full);
            }
            let id = self
                .store
                .run(|connection| next_id(connection, KEY_PREFIX))?;
            let job = std::mem::replace(&mut batch.id, id.to_string());
            batch.created_at = millis(author.now);
            batch.modified_at = batch.created_at;
            if let Some(classic) = &mut batch.classic {
                classic.batch_of = Some(job);
            }
            self.keep_job(&batch)?;
            match load {
                Load::Query(text) => batch.task.query = Some(text.to_owned()),
                Load::Table(table) => drop(self.upload(&batch.id, table)?),
            }
            batch.state = State::UploadComplete;
            self.keep_job(&batch)?;
            Ok(batch)
        })
    }

    /// Closes a job that is open.
    pub(crate) fn close_classic(&self, id: &str, author: &Author) -> Result<Job, ClassicError> {
        self.store.together(|| {
            let mut job = self.classic_in(id, &[State::Open])?;
            job.state = State::UploadComplete;
            job.modified_at = millis(author.now);
            self.keep_job(&job)?;
            Ok(job)
        })
    }

    /// Aborts a job that is open or closed, and with it those of its batches that have not ended.
    /// None of them is worked on by this.
    pub(crate) fn abort_classic(&self, id: &str, author: &Author) -> Result<Job, ClassicError> {
        self.store.together(|| {
            let mut job = self.classic_in(id, &[State::Open, State::UploadComplete])?;
            job.state = State::Aborted;
            job.modified_at = millis(author.now);
            self.keep_job(&job)?;
            for batch in self.batch_ids(&job.id)? {
                self.end_job(&batch, (State::Aborted, None), author)?;
            }
            Ok(job)
        })
    }

    /// The job with this id, which must be in one of these states.
    fn classic_in(&self, id: &str, states: &[State]) -> Result<Job, ClassicError> {
        let job = self.job(id)?.ok_or(ClassicError::State(None))?;
        if !states.contains(&job.state) {
            return Err(ClassicError::State(Some(job.state)));
        }
        Ok(job)
    }

    /// The batches of a job after a look at each, in the order in which they came.
    pub(crate) fn look_at_batches(
        &self,
        job: &str,
        (pace, author): (Pace, &Author),
    ) -> Result<Vec<Job>, rusqlite::Error> {
        let ids = self.batch_ids(job)?;
        let mut batches = Vec::with_capacity(ids.len());
        for id in ids {
            batches.extend(self.advance_job(&id, (pace, author))?);
        }
        Ok(batches)
    }

    /// The ids of the batches of a job, in the order in which they came.
    pub(super) fn batch_ids(&self, job: &str) -> Result<Vec<String>, rusqlite::Error> {
        let sql = "SELECT id FROM accredit_bulk_job
            WHERE json_extract(job, '$.classic.batch_of') = ? ORDER BY id";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let ids = statement.query_map([job], |row| row.get(0))?;
            ids.collect()
        })
    }

    /// Tells what became of each line of a batch.
    pub(crate) fn read_outcomes(
        &self,
        batch: &Job,
        tell: &mut dyn FnMut(&Outcome),
    ) -> Result<(), rusqlite::Error> {
        let mut first = 1;
        loop {
            let outcomes = self.outcomes(&batch.id, first)?;
            for (_, outcome) in &outcomes {
                tell(outcome);
            }
            if outcomes.len() < STEP {
                return Ok(());
            }
            first += STEP as i64;
        }
    }
}

impl Job {
    /// Whether records go in and out as JSON.
    pub(super) fn is_json(&self) -> bool {
        let classic = self.classic.as_ref();
        classic.is_some_and(|classic| classic.content == Content::Json)
    }
}

/// Writes a record as an element of an array; `at` is its number from 0. Moments are milliseconds
/// here.
pub(super) fn write_record(out: &mut Vec<u8>, (at, record): (i64, &Value), columns: &Columns) {
    if at > 0 {
        out.push(b',');
    }
    let mut record = record.clone();
    columns.count_moments(&mut record);
    out.extend_from_slice(record.to_string().as_bytes());
}
