//! What is kept of jobs and their batches.

use rusqlite::params;

use super::{BATCHES_MAX, ClassicError, Content, Delimiter, JOBS_MAX, LineEnding, Load};
use super::{Job, Operation, Task};
use crate::org::tests::{NOW, org, user};
use crate::org::write::Author;
use crate::org::{Org, Seed};

fn author() -> Author {
    Author {
        user: user(),
        now: NOW,
    }
}

fn new() -> Task {
    Task {
        operation: Operation::Insert,
        object: "Account".to_owned(),
        query: None,
        external_id: None,
        delimiter: Delimiter::Comma,
        line_ending: LineEnding::Lf,
        version: 60,
    }
}

fn add(org: &Org, job: &Job) -> Result<Job, ClassicError> {
    org.add_batch(&job.id, Load::Table(b"Name\na\n"), &author())
}

/// Keeps copies of a job under ids that start with `start`.
fn copy(org: &Org, job: &Job, (start, count): (&str, i64)) {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
        INSERT INTO accredit_bulk_job
        SELECT ?2 || printf('%010d', i), created_at, job FROM n, accredit_bulk_job WHERE id = ?1";
    let count = params![job.id, start, count];
    org.store
        .run(|connection| connection.execute(sql, count))
        .unwrap();
}

fn count(org: &Org, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    org.store
        .run(|connection| connection.query_row(&sql, [], |row| row.get(0)))
        .unwrap()
}

#[test]
fn batches_do_not_push_out_jobs_and_end_at_a_number() {
    let org = org(Seed::Empty);
    let job = org.begin_classic(new(), Content::Csv, &author()).unwrap();
    let batch = add(&org, &job).unwrap();
    copy(&org, &batch, ("751zz", BATCHES_MAX as i64 - 1));
    let error = add(&org, &job).unwrap_err();
    assert!(matches!(error, ClassicError::Full), "{error:?}");
    org.begin_job(new(), &author()).unwrap();
    assert!(org.job(&job.id).unwrap().is_some());
    assert!(org.job(&batch.id).unwrap().is_some());
}

#[test]
fn a_job_is_forgotten_with_its_batches_when_there_are_too_many() {
    let org = org(Seed::Empty);
    let job = org.begin_classic(new(), Content::Csv, &author()).unwrap();
    add(&org, &job).unwrap();
    let next = org.begin_job(new(), &author()).unwrap();
    copy(&org, &next, ("750zz", JOBS_MAX - 2));
    assert_eq!(count(&org, "accredit_bulk_job"), JOBS_MAX + 1);
    assert_eq!(count(&org, "accredit_bulk_part"), 1);
    org.begin_job(new(), &author()).unwrap();
    assert!(org.job(&job.id).unwrap().is_none());
    assert!(org.job(&next.id).unwrap().is_some());
    assert_eq!(count(&org, "accredit_bulk_job"), JOBS_MAX);
    assert_eq!(count(&org, "accredit_bulk_part"), 0);
}
