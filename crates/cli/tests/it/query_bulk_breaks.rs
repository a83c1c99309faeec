//! `accredit query --bulk` where the org or the reader is odd: no record is lost, and no job.

use std::process::Stdio;

use crate::program::Run;
use crate::query_bulk::{JOB, SOQL, bulk, job, no_list, page, page_of, with_token};
use crate::server::Server;

#[test]
fn pages_that_end_without_a_line_break_are_not_glued_together() {
    let (run, _) = bulk(
        vec![
            job("UploadComplete", 0),
            job("JobComplete", 4),
            no_list(),
            page_of("\"Id\"\n\"1\"\n\"2\"", 2, "b"),
            page_of("\"Id\"\n\"3\"\n\"4\"", 2, "null"),
        ],
        &[],
    );
    let table = "\"Id\"\n\"1\"\n\"2\"\n\"3\"\n\"4\"\n";
    assert_eq!(run.succeeds().stdout, table);
}

/// Runs for a reader that is gone; gives how many requests came after the pages.
fn without_a_reader(words: &[&str], before: usize) -> usize {
    let server = Server::answering(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "query" => job("UploadComplete", 0),
            JOB => job("JobComplete", 1),
            "resultPages" => no_list(),
            _ => page(&["1"], "null"),
        }
    });
    let program = with_token(&server.url);
    let mut command = program.command();
    let mut child = command
        .args(["query", "--bulk"])
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    let _before: Vec<String> = (0..before).map(|_| server.request()).collect();
    server.requests_left()
}

#[test]
fn a_job_of_before_is_kept_when_the_reader_goes_away() {
    assert_eq!(without_a_reader(&[SOQL], 4), 1);
    assert_eq!(without_a_reader(&["--resume", JOB], 4), 0);
}
