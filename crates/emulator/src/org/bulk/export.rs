//! Query jobs: the records of a query become a table, part by part.

use serde_json::Value;

use super::classic::write_record;
use super::columns::NoTable;
use super::job::{Job, State};
use crate::org::Org;
use crate::org::query::{Asker, QueryError, Rows};
use crate::org::write::Author;

/// The number of the part that is the header of a result.
const HEADER: i64 = 0;

/// A run of records of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Org {
    /// Writes the result of a query job.
    pub(super) fn run_export(&self, job: &Job, author: &Author) -> Result<(), QueryError> {
        let text = job.task.query.as_deref().unwrap_or_default();
        let rows = match job.task.operation {
            super::Operation::QueryAll => Rows::All,
            _ => Rows::Live,
        };
        let asker = Asker {
            session: job.id.as_bytes(),
            version: job.task.version,
            batch: None,
            user: &author.user,
            now: author.now,
        };
        let columns = match self.export_columns(text, &asker) {
            Ok((columns, _)) => columns,
            Err(NoTable::Query(error)) => return Err(error),
            Err(NoTable::Refused(refusal)) => {
                let end = (State::Failed, Some(refusal.message));
                return Ok(self.end_job(&job.id, end, author)?);
            }
        };
        let header = match job.is_json() {
            true => Vec::new(),
            false => columns.header(job.task.delimiter, job.task.line_ending),
        };
        self.set_header(job, &header)?;
        let mut page = self.query(text, rows, &asker)?;
        let mut first = 0;
        loop {
            let answer: Value = serde_json::from_slice(&page).unwrap_or_default();
            drop(page);
            let records = answer.get("records").and_then(Value::as_array);
            let records = records.map_or(&[][..], Vec::as_slice);
            let mut data = Vec::new();
            for (at, record) in (first..).zip(records) {
                match job.is_json() {
                    true => write_record(&mut data, (at, record), &columns),
                    false => columns.write(
                        &mut data,
                        record,
                        (job.task.delimiter, job.task.line_ending),
                    ),
                }
            }
            let count = records.len() as i64;
            if !self.add_to_result(job, (first, count), &data)? {
                return Ok(());
            }
            first += count;
            let Some(next) = answer.get("nextRecordsUrl").and_then(Value::as_str) else {
                break;
            };
            let locator = next.rsplit('/').next().unwrap_or_default();
            page = self.next_page(locator, &asker)?;
        }
        Ok(self.end_job(&job.id, (State::JobComplete, None), author)?)
    }

    /// Appends records. Tells whether the job goes on.
    fn add_to_result(
        &self,
        job: &Job,
        (first, count): (i64, i64),
        data: &[u8],
    ) -> Result<bool, rusqlite::Error> {
        self.store.together(|| {
            let Some(mut now) = self.job(&job.id)?.filter(|job| !job.state.is_end()) else {
                return Ok(false);
            };
            if count > 0 {
                self.append(job, (first, count), data)?;
            }
            now.processed = first + count;
            self.keep_job(&now)?;
            Ok(true)
        })
    }

    /// The first line of a result.
    pub(crate) fn result_header(&self, job: &Job) -> Result<Vec<u8>, rusqlite::Error> {
        let header = self.part(&job.id, (HEADER - 1, 0))?;
        Ok(header.map(|part| part.data).unwrap_or_default())
    }

    fn set_header(&self, job: &Job, line: &[u8]) -> Result<(), rusqlite::Error> {
        let sql = "INSERT OR REPLACE INTO accredit_bulk_part VALUES (?1, ?2, 0, 0, ?3)";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params![job.id, HEADER, line])
        })?;
        Ok(())
    }

    /// Hands these records of a result to `out`, piece by piece, until it says no.
    pub(crate) fn read_result(
        &self,
        job: &Job,
        slice: Slice,
        out: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<(), rusqlite::Error> {
        let mut number = HEADER;
        let mut at = slice.start;
        while at < slice.end {
            let Some(part) = self.part(&job.id, (number, at))? else {
                return Ok(());
            };
            number = part.number;
            let end = slice.end.min(part.first + part.count);
            let from = line_start(&part.data, at.saturating_sub(part.first));
            let to = line_start(&part.data, end - part.first);
            let lines = part.data.get(from..to).unwrap_or_default().to_vec();
            if !out(lines) {
                return Ok(());
            }
            at = end;
        }
        Ok(())
    }
}

/// Where the line with this number, counted from 0, starts. Line ends in quotes are none.
fn line_start(data: &[u8], number: i64) -> usize {
    let mut lines = 0;
    let mut is_quoted = false;
    if number == 0 {
        return 0;
    }
    for (at, byte) in data.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => {
                lines += 1;
                if lines == number {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    data.len()
}
