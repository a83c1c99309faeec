//! `accredit import` when something breaks off: what became of the records is never told wrongly.

use std::fs;

use crate::import::{JOB, describe, interrupted, job, report, with_token};
use crate::program::Program;
use crate::server::{Server, json, token};

const ENDED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

/// What becomes of the two lines of the table.
const BOTH: &str = "sf__Id,sf__Created,Name\n1,true,A\n2,true,B\n";

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

/// Runs an import whose session ends in mid-upload; the abort gets this answer.
fn session_ends(aborted: Vec<u8>) -> (Server, crate::program::Run) {
    let server = Server::start(|url| {
        vec![
            token(url),
            describe(),
            job("Open", ""),
            json(401, ENDED),
            token(url),
            aborted,
            job("Open", ""),
            json(201, ""),
            job("UploadComplete", ""),
            job("JobComplete", ""),
            report(BOTH),
            report(""),
            report(""),
        ]
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65.0");
    program.write("a.csv", b"Name\nA\nB\n");
    let run = program.line("import a.csv --object Account --no-cache");
    (server, run)
}

#[test]
fn a_job_whose_session_ended_is_aborted_in_the_next_one() {
    let (server, run) = session_ends(job("Aborted", ""));
    run.succeeds();
    let _first_five = [(); 5].map(|()| server.request());
    let abort = server.request();
    assert!(abort.ends_with(r#"{"state":"Aborted"}"#), "{abort}");
    assert!(!run.stderr.contains("could not be aborted"), "{run:?}");
}

#[test]
fn a_job_that_could_not_be_aborted_is_named() {
    let (_, run) = session_ends(json(503, ""));
    run.succeeds();
    let warning = format!("warning: the job {JOB} could not be aborted");
    assert!(run.stderr.contains(&warning), "{run:?}");
}

#[test]
fn a_folder_that_takes_no_results_is_told_before_anybody_is_asked() {
    let server = Server::answering(|_| json(500, ""));
    let program = with_token(&server.url);
    let run = program.line("import a.csv --object Account --results-dir nope");
    run.fails(1, "nope");
    assert_eq!(server.requests_left(), 0);
}

#[test]
fn results_that_cannot_take_their_names_say_how_to_get_them() {
    let elsewhere = Program::new();
    let folder = elsewhere.folder().to_owned();
    let taken = folder.join("a.success.csv");
    let server = Server::answering(move |request| {
        let line: Vec<&str> = request.split(' ').take(2).collect();
        let last = line[1].rsplit('/').next().unwrap_or_default();
        match (line[0], last) {
            (_, "describe") => describe(),
            ("POST", _) => job("Open", ""),
            ("PUT", _) => json(201, ""),
            ("PATCH", _) => job("UploadComplete", ""),
            (_, "successfulResults") => {
                fs::write(&taken, "of another").unwrap();
                report(BOTH)
            }
            (_, JOB) => job("JobComplete", ""),
            _ => report(""),
        }
    });
    let program = with_token(&server.url);
    let results = folder.display();
    let run = program.line(&format!(
        "import a.csv --object Account --results-dir {results}"
    ));
    run.fails(1, "a.success.csv")
        .hints(&format!("--resume {JOB}"));
}

#[test]
fn a_job_of_something_else_is_not_gone_on_with() {
    for (more, part) in [
        (r#","object":"Contact""#, "Contact"),
        (r#","object":"Account","operation":"delete""#, "delete"),
    ] {
        let found = format!(r#"{{"id":"{JOB}","state":"JobComplete"{more}}}"#);
        let server = Server::giving([describe(), json(200, &found)]);
        let program = with_token(&server.url);
        let run = program.line(&format!("import a.csv --object account --resume {JOB}"));
        run.fails(2, part).hints("--resume");
    }
}

#[test]
fn results_are_asked_of_the_version_that_made_the_job() {
    let found = format!(
        r#"{{"id":"{JOB}","object":"Account","operation":"insert","apiVersion":64.0,
        "state":"JobComplete"}}"#
    );
    let server = Server::giving([
        describe(),
        json(200, &found),
        json(200, &found),
        report(BOTH),
        report(""),
        report(""),
    ]);
    let program = with_token(&server.url);
    let line = format!("import a.csv --object Account --resume {JOB}");
    program.line(&line).succeeds();
    let _looks = [(); 3].map(|()| server.request());
    let results = server.request();
    assert!(
        results.starts_with("GET /services/data/v64.0/jobs/"),
        "{results}"
    );
}
