//! `accredit query --bulk`: a job is made, waited for, and its result fetched whole, in order, and
//! counted.

use std::net::TcpListener;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{BINARY, Program, Run};
use crate::server::{self, Answer, Server, TOKEN, json, with_header};

pub(crate) const SOQL: &str = "SELECT Id, Account.Name FROM Contact";
pub(crate) const JOB: &str = "750R0000000zlh9IAA";

pub(crate) fn job(state: &str, processed: u32) -> Answer {
    json(
        200,
        &format!(
            r#"{{"id":"{JOB}","operation":"query","object":"Contact","state":"{state}",
            "apiVersion":64.0,"numberRecordsProcessed":{processed}}}"#
        ),
    )
}

/// A page of results with these ids.
pub(crate) fn page(ids: &[&str], locator: &str) -> Answer {
    let lines: String = ids
        .iter()
        .map(|id| format!("\"{id}\",\"A\nB\"\n"))
        .collect();
    page_of(
        &format!("\"Id\",\"Account.Name\"\n{lines}"),
        ids.len(),
        locator,
    )
}

pub(crate) fn page_of(table: &str, records: usize, locator: &str) -> Answer {
    let header = format!(
        "Content-Type: text/csv\r\nSforce-NumberOfRecords: {records}\r\nSforce-Locator: {locator}"
    );
    with_header(200, &header, table)
}

/// No list of pages: an older org.
pub(crate) fn no_list() -> Answer {
    let body = r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#;
    json(404, body)
}

fn describe() -> Answer {
    json(
        200,
        r#"{"name":"Contact","fields":[{"name":"AccountId","type":"reference",
        "relationshipName":"Account","referenceTo":["Account"]}]}"#,
    )
}

fn described_parent() -> Answer {
    json(200, r#"{"fields":[{"name":"Name","type":"string"}]}"#)
}

pub(crate) fn with_token(url: &str) -> Program {
    Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", url)
        .with("ACCREDIT_API_VERSION", "65.0")
}

pub(crate) fn bulk(answers: Vec<Answer>, flags: &[&str]) -> (Run, Server) {
    let server = Server::giving(answers);
    let run = with_token(&server.url).run(["query", "--bulk", SOQL].iter().chain(flags));
    (run, server)
}

#[test]
fn a_job_is_made_waited_for_and_its_pages_follow_their_locators() {
    let (run, server) = bulk(
        vec![
            job("UploadComplete", 0),
            job("InProgress", 0),
            job("JobComplete", 3),
            no_list(),
            page(&["1", "2"], "MTAw"),
            page(&["3"], "null"),
        ],
        &["--all-rows"],
    );
    let table = "\"Id\",\"Account.Name\"\n\"1\",\"A\nB\"\n\"2\",\"A\nB\"\n\"3\",\"A\nB\"\n";
    assert_eq!(run.succeeds().stdout, table);
    assert!(run.stderr.ends_with("3 records\n"), "{run:?}");
    let made = server.request();
    assert!(
        made.starts_with("POST /services/data/v65.0/jobs/query "),
        "{made}"
    );
    assert!(made.contains(r#""operation":"queryAll""#), "{made}");
    let _looks = (server.request(), server.request());
    let list = server.request();
    // Results are given to the version that made the job.
    let results = format!("GET /services/data/v64.0/jobs/query/{JOB}/result");
    assert!(list.starts_with(&format!("{results}Pages ")), "{list}");
    let first = server.request();
    assert!(
        first.starts_with(&format!("{results}s?maxRecords=50000 ")),
        "{first}"
    );
    let second = server.request();
    assert!(second.contains("&locator=MTAw HTTP"), "{second}");
}

#[test]
fn listed_pages_are_fetched_at_once_and_written_in_order() {
    let program = Program::new();
    let words = ["emulator", "run", "-q", "--", BINARY, "query", "-q"];
    let soql = "SELECT Id, Name FROM Contact";
    let rest = program.run(words.iter().chain(&[soql, "--format", "csv"]));
    let bulk = program.run(words.iter().chain(&["--bulk", soql]));
    let plain = |run: &Run| -> Vec<String> {
        let lines = run.succeeds().stdout.lines();
        lines.map(|line| line.replace('"', "")).collect()
    };
    assert_eq!(plain(&bulk), plain(&rest));
    assert!(plain(&bulk).len() > 50);

    let list = format!(
        r#"{{"resultPages":[{{"resultLink":"/jobs/query/{JOB}/results"}},
        {{"resultLink":"/jobs/query/{JOB}/results?locator=b"}}],"done":false,
        "nextRecordsUrl":"/jobs/query/{JOB}/resultpages?locator=c"}}"#
    );
    let rest = format!(
        r#"{{"resultPages":[{{"resultLink":"/jobs/query/{JOB}/results?locator=c"}}],"done":true,
        "nextRecordsUrl":null}}"#
    );
    let server = Server::answering(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "query" => job("UploadComplete", 0),
            JOB => job("JobComplete", 4),
            "resultPages" => json(200, &list),
            "resultpages?locator=c" => json(200, &rest),
            "results" => page(&["1", "2"], "b"),
            "results?locator=b" => page(&["3"], "c"),
            "results?locator=c" => page(&["4"], "null"),
            other => panic!("{other}"),
        }
    });
    let run = with_token(&server.url).run(["query", "--bulk", SOQL, "-q"]);
    let ids: Vec<_> = run
        .succeeds()
        .stdout
        .lines()
        .filter(|line| line.contains("\",\""))
        .collect();
    let expected = [
        "\"Id\",\"Account.Name\"",
        "\"1\",\"A",
        "\"2\",\"A",
        "\"3\",\"A",
        "\"4\",\"A",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn json_is_that_of_a_query_over_rest() {
    let answers = || {
        vec![
            job("UploadComplete", 0),
            job("JobComplete", 2),
            no_list(),
            page_of(
                "\"Id\",\"Account.Name\"\n\"1\",\"x\"\n\"2\",\"\"\n",
                2,
                "null",
            ),
            describe(),
            described_parent(),
        ]
    };
    let records = [
        r#"{"Id":"1","Account":{"Name":"x"}}"#,
        r#"{"Id":"2","Account":null}"#,
    ];
    let (lines, _) = bulk(answers(), &["--format", "ndjson"]);
    assert_eq!(lines.succeeds().stdout, format!("{}\n", records.join("\n")));
    let (array, _) = bulk(answers(), &["--format", "json"]);
    assert_eq!(array.stdout, format!("[\n{}\n]\n", records.join(",\n")));
    let (report, _) = bulk(answers(), &["--json"]);
    assert_eq!(report.stderr, "");
    assert_eq!(
        report.json()["result"]["records"][0]["Account"]["Name"],
        "x"
    );
    assert_eq!(report.json()["result"]["totalSize"], 2);
}

#[test]
fn a_page_that_breaks_off_is_fetched_again() {
    let cut = page_of("\"Id\",\"Account.Name\"\n\"1\",\"x\"\n", 2, "null");
    let open = page_of(
        "\"Id\",\"Account.Name\"\n\"1\",\"x\"\n\"2\",\"x\n",
        2,
        "null",
    );
    let (run, _) = bulk(
        vec![
            job("UploadComplete", 0),
            json(503, ""),
            job("JobComplete", 2),
            no_list(),
            cut,
            open,
            page(&["1", "2"], "null"),
        ],
        &[],
    );
    assert_eq!(run.succeeds().stdout.matches("\"A\n").count(), 2);
}

#[test]
fn a_result_with_fewer_records_than_announced_is_not_whole() {
    let answers = || {
        vec![
            job("UploadComplete", 0),
            job("JobComplete", 3),
            no_list(),
            page(&["1", "2"], "null"),
        ]
    };
    let (run, _) = bulk(answers(), &[]);
    assert_eq!(run.code, 7, "{run:?}");
    assert!(
        run.stderr.contains("2 records came, 3 were announced"),
        "{run:?}"
    );
    run.hints(&format!("accredit query --bulk --resume {JOB}"));

    let server = Server::giving(answers());
    let program = with_token(&server.url);
    let run = program.run(["query", "--bulk", SOQL, "--output", "out.csv"]);
    run.fails(7, "2 records came")
        .hints("out.csv was not written");
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn a_job_that_failed_says_why() {
    let failed = format!(
        r#"{{"id":"{JOB}","object":"Contact","state":"Failed","errorMessage":"BulkQueryTimeout : too slow"}}"#
    );
    let (run, _) = bulk(vec![job("UploadComplete", 0), json(200, &failed)], &[]);
    run.fails(4, "failed: BulkQueryTimeout : too slow");
    let (run, _) = bulk(vec![job("UploadComplete", 0), job("Aborted", 0)], &[]);
    run.fails(4, "was aborted");
}

#[test]
fn the_result_of_a_job_is_fetched_later_and_in_another_form() {
    let server = Server::giving([
        job("InProgress", 0),
        job("JobComplete", 1),
        no_list(),
        page(&["1"], "null"),
    ]);
    let program = with_token(&server.url);
    let run = program.run(["query", "--bulk", "--resume", JOB, "--output", "out.csv"]);
    run.succeeds();
    let written = std::fs::read_to_string(program.folder().join("out.csv")).unwrap();
    assert_eq!(written, "\"Id\",\"Account.Name\"\n\"1\",\"A\nB\"\n");
    assert!(server.request().starts_with("GET "), "nothing is made anew");

    let program = Program::new();
    let run = program.run(["query", "--bulk", "--resume", "../x"]);
    run.fails(2, "is not the id of a bulk job");
    let run = program.run(["query", "--resume", JOB]);
    run.fails(2, "--bulk");
    let run = program.run(["query", "--bulk", SOQL, "--resume", JOB]);
    run.fails(2, "cannot be used with");
}

#[test]
fn a_session_that_ends_in_mid_result_is_renewed_and_the_job_goes_on() {
    let ended = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
    let server = Server::start(|url| {
        vec![
            server::token(url),
            job("UploadComplete", 0),
            job("JobComplete", 3),
            no_list(),
            page(&["1", "2"], "MTAw"),
            json(401, ended),
            server::token(url),
            page(&["3"], "null"),
        ]
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run(["query", "--bulk", SOQL, "--no-cache"]);
    assert_eq!(run.succeeds().stdout.matches("\"A\n").count(), 3);
    assert!(
        run.stderr
            .contains("warning: the session ended; signing in again"),
        "{run:?}"
    );
}

#[test]
fn an_interrupted_job_says_how_to_go_on_and_leaves_no_file() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let program = with_token(&url);
    let child = program
        .command()
        .args(["query", "--bulk", SOQL, "--output", "my out.csv"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    for answer in [job("UploadComplete", 0), job("JobComplete", 1), no_list()] {
        server::answer_one(&listener, &answer);
    }
    // It asks for the page, so the file has been opened; it gets no answer.
    let _asked = listener.accept().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{run:?}");
    run.hints(&format!(
        "accredit query --bulk --output 'my out.csv' --resume {JOB}"
    ));
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn what_a_table_cannot_hold_is_refused_before_anybody_is_asked() {
    let program = Program::new();
    for (flags, part) in [
        ("--format table", "not shown as a table"),
        ("--tooling", "cannot be used with"),
    ] {
        let words = ["query", "--bulk", SOQL]
            .into_iter()
            .chain(flags.split(' '));
        program.run(words).fails(2, part);
    }
    let run = program.run(["query", "--bulk", SOQL, "--format", "parquet", "--json"]);
    let message = run.json()["message"].to_string();
    assert!(message.contains("a Parquet file is no text"), "{message}");
}
