//! `accredit import` when something breaks off: what became of the records is never told wrongly.

use crate::import::{JOB, describe, interrupted, job, with_token};
use crate::server::{Server, json};

#[test]
fn a_job_that_may_have_heard_that_its_data_are_whole_is_named() {
    let unheard = Vec::new();
    let server = Server::giving([
        describe(),
        job("Open", ""),
        json(201, ""),
        unheard,
        json(404, r#"[{"errorCode":"NOT_FOUND","message":"x"}]"#),
    ]);
    let program = with_token(&server.url);
    let run = program.line("import a.csv --object Account");
    run.fails(4, "NOT_FOUND")
        .hints(&format!("the job {JOB} may have its data"))
        .hints(&format!("--resume {JOB}"));
    assert!(!run.stderr.contains("nothing was imported"), "{run:?}");
}

#[test]
fn a_job_that_nobody_made_is_not_said_to_be_aborted() {
    let server = Server::giving([describe(), json(403, "[]")]);
    let program = with_token(&server.url);
    let run = program.line("import a.csv --object Account");
    assert_eq!(run.code, 4, "{run:?}");
    assert!(!run.stderr.contains("aborted"), "{run:?}");
}

#[test]
fn an_interruption_while_the_data_are_said_to_be_whole_aborts_nothing() {
    let (_, run, _) = interrupted(&[describe(), job("Open", ""), json(201, "")], &[]);
    assert_eq!(run.code, 130, "{run:?}");
    assert!(!run.stderr.contains("nothing was imported"), "{run:?}");
    run.hints(&format!("--resume {JOB}"));
}
