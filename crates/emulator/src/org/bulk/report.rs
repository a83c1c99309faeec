//! What became of the lines of an ingest job, as tables.

use rusqlite::params;

use super::columns::write_line;
use super::ingest::{Outcome, STEP};
use super::job::Job;
use crate::org::Org;

/// Which lines to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Successful,
    Failed,
    Unprocessed,
}

impl Org {
    /// Hands a report to `out`, piece by piece, until it says no.
    pub(crate) fn read_report(
        &self,
        job: &Job,
        report: Report,
        out: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let form = (job.task.delimiter, job.task.line_ending);
        let mut table = self.table(job);
        let mut line = csv::StringRecord::new();
        if !table.read_record(&mut line)? {
            return Ok(());
        }
        let own: &[&str] = match report {
            Report::Successful => &["sf__Id", "sf__Created"],
            Report::Failed => &["sf__Id", "sf__Error"],
            Report::Unprocessed => &[],
        };
        let mut data = Vec::new();
        write_line(&mut data, own.iter().copied().chain(line.iter()), form);
        let mut first = 1;
        loop {
            let outcomes = self.outcomes(&job.id, first)?;
            let mut count = 0;
            while count < STEP && table.read_record(&mut line)? {
                let outcome = outcomes.iter().find(|(at, _)| *at == first + count as i64);
                let outcome = outcome.map(|(_, outcome)| outcome);
                if let Some(own) = reported(report, outcome) {
                    write_line(&mut data, own.into_iter().chain(line.iter()), form);
                }
                count += 1;
            }
            if !out(std::mem::take(&mut data)) || count < STEP {
                return Ok(());
            }
            first += count as i64;
        }
    }

    pub(super) fn outcomes(
        &self,
        job: &str,
        first: i64,
    ) -> Result<Vec<(i64, Outcome)>, rusqlite::Error> {
        let sql = "SELECT line, id, is_new, error FROM accredit_bulk_result
            WHERE job = ?1 AND line >= ?2 ORDER BY line LIMIT ?3";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![job, first, STEP as i64], |row| {
                let outcome = Outcome {
                    id: row.get(1)?,
                    is_new: row.get(2)?,
                    error: row.get(3)?,
                };
                Ok((row.get(0)?, outcome))
            })?;
            rows.collect()
        })
    }
}

/// The values that a report puts before a line; nothing if the line is not in it.
fn reported(report: Report, outcome: Option<&Outcome>) -> Option<Vec<&str>> {
    match (report, outcome) {
        (Report::Unprocessed, None) => Some(Vec::new()),
        (
            Report::Successful,
            Some(Outcome {
                id,
                is_new,
                error: None,
            }),
        ) => Some(vec![id, if *is_new { "true" } else { "false" }]),
        (
            Report::Failed,
            Some(Outcome {
                id,
                error: Some(error),
                ..
            }),
        ) => Some(vec![id, error]),
        _ => None,
    }
}
