//! The files of a job, in parts.

use std::io::{self, Read};

use rusqlite::{OptionalExtension as _, params};

use super::job::{Job, State};
use crate::org::Org;

/// The largest upload, in bytes.
pub(crate) const UPLOAD_MAX: i64 = 150 * 1_024 * 1_024;

/// Why an upload is not taken.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// There is no such job, or it takes no data.
    Closed(Option<State>),
    /// It is larger than [`UPLOAD_MAX`].
    TooLarge,
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for UploadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// A part of a file.
pub(super) struct Part {
    pub(super) number: i64,
    /// How many records stand before it.
    pub(super) first: i64,
    /// How many records are in it.
    pub(super) count: i64,
    pub(super) data: Vec<u8>,
}

impl Org {
    /// Appends to what was uploaded for a job that is open. Gives the number of the new part.
    pub(crate) fn upload(&self, id: &str, data: &[u8]) -> Result<i64, UploadError> {
        self.store.together(|| {
            let job = self.job(id)?;
            let Some(job) = job.filter(|job| job.state == State::Open) else {
                let state = self.job(id)?.map(|job| job.state);
                return Err(UploadError::Closed(state));
            };
            let sql = "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM accredit_bulk_part WHERE job = ?";
            let size: i64 = self.store.run(|connection| {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query_row([&job.id], |row| row.get(0))
            })?;
            if size + data.len() as i64 > UPLOAD_MAX {
                return Err(UploadError::TooLarge);
            }
            Ok(self.append(&job, (0, 0), data)?)
        })
    }

    /// Forgets these parts of what was uploaded, unless the job has gone on with them.
    pub(crate) fn drop_upload(&self, id: &str, parts: &[i64]) -> Result<(), rusqlite::Error> {
        let sql = "DELETE FROM accredit_bulk_part WHERE job = ?1 AND part = ?2";
        self.store.together(|| {
            let job = self.job(id)?;
            let Some(job) = job.filter(|job| job.state == State::Open) else {
                return Ok(());
            };
            for part in parts {
                self.store.run(|connection| {
                    let mut statement = connection.prepare_cached(sql)?;
                    statement.execute(params![job.id, part])
                })?;
            }
            Ok(())
        })
    }

    /// Appends a part that holds these records, and gives its number.
    pub(super) fn append(
        &self,
        job: &Job,
        (first, count): (i64, i64),
        data: &[u8],
    ) -> Result<i64, rusqlite::Error> {
        let sql = "INSERT INTO accredit_bulk_part SELECT ?1, COALESCE(MAX(part), 0) + 1, ?2, ?3, ?4
            FROM accredit_bulk_part WHERE job = ?1 RETURNING part";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row(params![job.id, first, count, data], |row| row.get(0))
        })
    }

    /// The first part after number `after` that ends behind record `from`.
    pub(super) fn part(
        &self,
        job: &str,
        (after, from): (i64, i64),
    ) -> Result<Option<Part>, rusqlite::Error> {
        let sql = "SELECT part, first, count, data FROM accredit_bulk_part
            WHERE job = ?1 AND part > ?2 AND (first + count > ?3 OR ?3 = 0)
            ORDER BY part LIMIT 1";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let part = statement.query_row(params![job, after, from], |row| {
                Ok(Part {
                    number: row.get(0)?,
                    first: row.get(1)?,
                    count: row.get(2)?,
                    data: row.get(3)?,
                })
            });
            part.optional()
        })
    }

    /// Reads a file from its beginning.
    pub(super) fn file<'o>(&'o self, job: &'o str) -> File<'o> {
        File {
            org: self,
            job,
            number: 0,
            data: Vec::new(),
            at: 0,
        }
    }
}

/// A file as its bytes. One part of it is in memory.
pub(super) struct File<'o> {
    org: &'o Org,
    job: &'o str,
    number: i64,
    data: Vec<u8>,
    at: usize,
}

impl Read for File<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.data.len() {
            let part = self.org.part(self.job, (self.number, 0));
            let Some(part) = part.map_err(io::Error::other)? else {
                return Ok(0);
            };
            self.number = part.number;
            self.data = part.data;
            self.at = 0;
        }
        let mut rest = self.data.get(self.at..).unwrap_or_default();
        let count = rest.read(out)?;
        self.at += count;
        Ok(count)
    }
}
