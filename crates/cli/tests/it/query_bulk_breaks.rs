//! `accredit query --bulk` where the org or the reader is odd: no record is lost, and no job.

use std::process::Stdio;

use crate::program::{Program, Run};
use crate::query_bulk::{JOB, SOQL, bulk, job, no_list, page, page_of, with_token};
use crate::server::{self, Server, json};

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

#[test]
fn a_part_of_the_list_without_pages_does_not_end_it() {
    let list = |link: &str, next: &str| {
        let pages = match link {
            "" => String::new(),
            link => format!(r#"{{"resultLink":"/jobs/query/{JOB}/{link}"}}"#),
        };
        let next = match next {
            "" => "null".to_owned(),
            next => format!("\"/jobs/query/{JOB}/{next}\""),
        };
        json(
            200,
            &format!(r#"{{"resultPages":[{pages}],"nextRecordsUrl":{next}}}"#),
        )
    };
    let server = Server::answering(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "query" => job("UploadComplete", 0),
            JOB => job("JobComplete", 1),
            "resultPages" => list("", "resultPages?b"),
            "resultPages?b" => list("", "resultPages?c"),
            "resultPages?c" => list("results?one", ""),
            "results?one" => page(&["1"], "null"),
            other => panic!("{other}"),
        }
    });
    let run = with_token(&server.url).run(["query", "--bulk", SOQL]);
    assert_eq!(run.succeeds().stdout.matches("\"A\n").count(), 1);
}

#[test]
fn a_session_may_end_more_than_once_in_a_long_result() {
    let ended = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
    let server = Server::start(|url| {
        vec![
            server::token(url),
            job("UploadComplete", 0),
            json(401, ended),
            server::token(url),
            job("JobComplete", 2),
            no_list(),
            page(&["1"], "MTAw"),
            json(401, ended),
            server::token(url),
            page(&["2"], "null"),
        ]
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run(["query", "--bulk", SOQL, "--no-cache"]);
    assert_eq!(run.succeeds().stdout.matches("\"A\n").count(), 2);

    let server = Server::start(|url| {
        let refused = || json(401, ended);
        let made = job("UploadComplete", 0);
        let token = || server::token(url);
        vec![token(), made, refused(), token(), refused()]
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run(["query", "--bulk", SOQL, "--no-cache"]);
    run.fails(4, "INVALID_SESSION_ID");
}
