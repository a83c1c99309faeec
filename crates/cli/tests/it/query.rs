//! `accredit query`: formats, paging, and results that are whole or say that they are not.

use std::fs::Permissions;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Program, Run, SmallDisk};
use crate::server::{self, Answer, Server, TOKEN, json};
use crate::skip::skipped;

const VERSIONS: &str = r#"[{"label":"a","url":"/services/data/v9.0","version":"9.0"},
    {"label":"b","url":"/services/data/v65.0","version":"65.0"}]"#;

const FIRST: &str = r#"{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v65.0/query/0r8-2",
    "records":[
    {"attributes":{"type":"Contact","url":"x"},"Id":"1","Name":"A, \"B\"","Account":{"attributes":{"type":"Account"},"Name":"É"},"Amount":1.50E2},
    {"attributes":{"type":"Contact","url":"x"},"Id":"2","Name":null,"Account":null,"Amount":null}]}"#;

const SECOND: &str = r#"{"totalSize":3,"done":true,"records":[
    {"attributes":{"type":"Contact"},"Id":"3","Name":"C\nD","Account":{"attributes":{},"Name":"F"},"Amount":7}]}"#;

const SOQL: &str = "SELECT Id, Name, Account.Name, Amount FROM Contact";

const ENDED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

/// With a token for the org at `server`, so that its first answer is to the query.
fn with_token(server: &Server) -> Program {
    Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", &server.url)
        .with("ACCREDIT_API_VERSION", "65.0")
}

fn query(answers: Vec<Answer>, flags: &[&str]) -> Run {
    let server = Server::giving(answers);
    with_token(&server).run(["query", SOQL].iter().chain(flags))
}

fn both() -> Vec<Answer> {
    vec![json(200, FIRST), json(200, SECOND)]
}

#[test]
fn every_format_holds_every_page() {
    let csv = "Id,Name,Account.Name,Amount\n1,\"A, \"\"B\"\"\",É,1.50E2\n2,,,\n3,\"C\nD\",F,7\n";
    let records = [
        r#"{"Id":"1","Name":"A, \"B\"","Account":{"Name":"É"},"Amount":1.50E2}"#,
        r#"{"Id":"2","Name":null,"Account":null,"Amount":null}"#,
        r#"{"Id":"3","Name":"C\nD","Account":{"Name":"F"},"Amount":7}"#,
    ];
    let array = format!("[\n{}\n]\n", records.join(",\n"));
    let lines = format!("{}\n", records.join("\n"));
    for (format, expected) in [("csv", csv), ("json", &array), ("ndjson", &lines)] {
        let run = query(both(), &["--format", format]);
        assert_eq!(run.succeeds().stdout, expected);
        assert_eq!(run.stderr, "3 records\n");
    }
    let table = query(both(), &[]).stdout;
    for line in [
        "| Id | Name   | Account.Name | Amount |",
        "| 1  | A, \"B\" | É            | 1.50E2 |",
        "| 2  |        |              |        |",
        "| 3  | C D    | F            | 7      |",
    ] {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
}

#[test]
fn json_wraps_the_records() {
    let run = query(both(), &["--json"]);
    let report = run.json();
    assert_eq!(report["status"], 0);
    assert_eq!(report["result"]["totalSize"], 3);
    assert_eq!(report["result"]["done"], true);
    assert_eq!(report["result"]["records"][2]["Account"]["Name"], "F");
    assert_eq!(run.stderr, "");
}

#[test]
fn the_token_and_the_newest_version_are_used_and_a_plus_is_escaped() {
    let empty = r#"{"totalSize":0,"done":true,"records":[]}"#;
    let server =
        Server::start(|url| vec![server::token(url), json(200, VERSIONS), json(200, empty)]);
    let run = Program::signing_in_at(&server.url).run([
        "query",
        "SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01T00:00:00+01:00",
        "--format",
        "csv",
        "--all-rows",
    ]);
    assert_eq!(run.succeeds().stdout, "Id\n");
    let (login, versions, query) = (server.request(), server.request(), server.request());
    assert!(login.starts_with("POST /services/oauth2/token "), "{login}");
    assert!(versions.starts_with("GET /services/data/ "), "{versions}");
    assert!(
        query.starts_with("GET /services/data/v65.0/queryAll?q=SELECT%20Id"),
        "{query}"
    );
    assert!(query.contains("%2B01%3A00"), "{query}");
    assert!(
        query
            .to_lowercase()
            .contains(&format!("authorization: bearer {TOKEN}").to_lowercase())
    );
}

#[test]
fn count_is_a_number() {
    let count = |flags: &[&str]| {
        let server = Server::giving([json(200, r#"{"totalSize":5,"done":true,"records":[]}"#)]);
        with_token(&server).run(["query", "SELECT COUNT() FROM Contact"].iter().chain(flags))
    };
    assert_eq!(count(&["--format", "csv"]).stdout, "count\n5\n");
    assert_eq!(count(&["--format", "ndjson"]).stdout, "{\"count\":5}\n");
    assert_eq!(count(&["--json"]).json()["result"]["totalSize"], 5);
}

#[test]
fn soql_errors_keep_their_caret() {
    let message = r"\nSELECT Xyzzy FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Xyzzy' on entity 'Account'.";
    let body = format!(r#"[{{"message":"{message}","errorCode":"INVALID_FIELD"}}]"#);
    let run = query(vec![json(400, &body)], &[]);
    run.fails(
        4,
        "refused: INVALID_FIELD: \nSELECT Xyzzy FROM Account\n       ^\nERROR at \
         Row:1:Column:8\nNo such column",
    );
    let report = query(vec![json(400, &body)], &["--json"]).json();
    assert_eq!(report["code"], "ACC-2041");
}

#[test]
fn a_result_that_breaks_off_is_never_taken_for_whole() {
    let cut = &SECOND[..SECOND.len() - 5];
    let fewer = r#"{"totalSize":3,"done":true,"records":[]}"#;
    let elsewhere = FIRST.replace("/services/data/v65.0/query", "//evil.example");
    for (answers, part) in [
        (vec![json(200, FIRST), json(200, cut)], "is cut off"),
        (vec![json(200, FIRST), json(503, "")], "answered 503"),
        (
            vec![json(200, FIRST), json(200, fewer)],
            "2 records came, 3 were announced",
        ),
        (
            vec![json(200, FIRST), json(401, ENDED)],
            "Session expired or invalid",
        ),
        (
            vec![json(200, &elsewhere)],
            "expected a path below /services/",
        ),
    ] {
        let run = query(answers.clone(), &["--format", "csv"]);
        assert_eq!(run.code, 7, "{run:?}");
        assert!(run.stdout.starts_with("Id,Name"), "{run:?}");
        assert!(
            run.stderr.contains("error: the result is not complete"),
            "{run:?}"
        );
        assert!(run.stderr.contains(part), "{part}: {run:?}");

        let report = query(answers.clone(), &["--json"]).json();
        assert_eq!(
            (&report["status"], &report["exitCode"]),
            (&7.into(), &7.into())
        );
        assert_eq!(report["result"]["done"], false);

        let server = Server::giving(answers);
        let program = with_token(&server);
        let run = program.run(["query", SOQL, "--output", "out.csv", "--format", "csv"]);
        assert_ne!(run.code, 0, "{run:?}");
        assert!(run.stderr.contains("out.csv was not written"), "{run:?}");
        assert!(program.files().is_empty(), "{:?}", program.files());
    }
}

#[test]
fn children_beyond_the_reply_are_not_left_out_silently() {
    let page = r#"{"totalSize":1,"done":true,"records":[{"attributes":{},"Id":"1","Cases":
        {"totalSize":9,"done":false,"nextRecordsUrl":"/services/x","records":[]}}]}"#;
    for format in ["csv", "json", "ndjson", "table"] {
        let server = Server::giving([json(200, page)]);
        let soql = "SELECT Id, (SELECT Id FROM Cases) FROM Contact";
        let run = with_token(&server).run(["query", soql, "--format", format]);
        assert_eq!(run.code, 7, "{run:?}");
        assert!(
            run.stderr.contains("more children than the reply holds"),
            "{run:?}"
        );
    }
}

#[test]
fn an_ended_session_is_renewed_once_and_the_query_started_anew() {
    let server = Server::start(|url| {
        let login = server::token(url);
        let mut answers = vec![login.clone(), json(401, ENDED), login];
        answers.extend(both());
        answers
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run(["query", SOQL, "--format", "ndjson"]);
    assert_eq!(run.succeeds().stdout.lines().count(), 3);

    // In a file nothing was shown yet, so a query that broke off can start again.
    let server = Server::start(|url| {
        let login = server::token(url);
        let mut answers = vec![login.clone(), json(200, FIRST), json(401, ENDED), login];
        answers.extend(both());
        answers
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run([
        "query",
        SOQL,
        "--format",
        "ndjson",
        "--output",
        "out",
        "--no-cache",
    ]);
    run.succeeds();
    let written = std::fs::read_to_string(program.folder().join("out")).unwrap();
    assert_eq!(written.lines().count(), 3);
    assert_eq!(
        (run.stdout.as_str(), program.files()),
        ("", vec!["out".to_owned()])
    );

    let server = Server::start(|url| {
        let login = server::token(url);
        vec![login.clone(), json(401, ENDED), login, json(401, ENDED)]
    });
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    program
        .run(["query", SOQL])
        .fails(4, "Session expired or invalid");
}

#[test]
fn a_session_that_is_not_for_rest_is_not_renewed() {
    let body = r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#;
    let server = Server::start(|url| vec![server::token(url), json(401, body)]);
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    program
        .run(["query", SOQL])
        .fails(4, "not valid for use")
        .hints("a new token alone does not help");
}

#[test]
fn a_query_that_is_too_long_for_a_url_is_refused_here() {
    let server = Server::giving([]);
    let list = "'001000000000001',".repeat(1200);
    let soql = format!("SELECT Id FROM Account WHERE Id IN ({list}'x')");
    with_token(&server)
        .run(["query", &soql])
        .fails(2, "Salesforce takes at most 16384");
}

#[test]
fn a_token_without_its_place_and_a_place_without_its_token_are_named() {
    let program = Program::new().with("ACCREDIT_ACCESS_TOKEN", TOKEN);
    program
        .run(["query", SOQL])
        .fails(3, "no instance URL was given");
    let run = Program::new().run([
        "query",
        SOQL,
        "--access-token-env",
        "T",
        "-r",
        "https://a.my.salesforce.com",
    ]);
    run.fails(3, "the variable T is not set");
    let run = Program::new()
        .with("T", "a b")
        .run(["query", SOQL, "--access-token-env", "T"]);
    run.fails(3, "the variable T holds no access token");
}

#[test]
fn the_variables_of_a_token_as_they_are_printed_feed_a_query() {
    let server = Server::giving(both());
    let program = Program::new()
        .with("SF_ACCESS_TOKEN", TOKEN)
        .with("SF_INSTANCE_URL", &server.url)
        .with("ACCREDIT_API_VERSION", "65.0");
    program.run(["query", SOQL, "-q"]).succeeds();
}

#[test]
fn an_interrupted_query_leaves_no_file() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let program = Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", &url)
        .with("ACCREDIT_API_VERSION", "65.0");
    let mut child = program
        .command()
        .args(["query", SOQL, "--output", "out.csv"])
        .spawn()
        .unwrap();
    // It asks, so the file has been opened; it gets no answer.
    let _asked = listener.accept().unwrap();
    assert_eq!(program.files().len(), 1);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(program.files().is_empty(), "{:?}", program.files());
}

/// The first pages of failures: there is nothing of a result in them.
#[test]
fn a_failure_before_the_first_record_leaves_stdout_to_the_error() {
    let empty = r#"{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v65.0/query/0r8-2",
        "records":[]}"#;
    let answers = [
        vec![json(200, "<html>hello</html>")],
        vec![json(200, r#"{"totalSize":1,"done":true}"#)],
        vec![json(200, &FIRST[..60])],
        vec![json(200, empty), json(503, "")],
    ];
    for answers in answers {
        for format in ["csv", "json", "ndjson", "table"] {
            let run = query(answers.clone(), &["--format", format]);
            assert_eq!(run.stdout, "", "{run:?}");
            run.fails(run.code, "127.0.0.1:");
            assert!(run.stderr.contains("\nhint: "), "{run:?}");
        }
        let report = query(answers.clone(), &["--json"]).json();
        assert_ne!(report["exitCode"], 0, "{report}");
        assert!(report.get("result").is_none(), "{report}");
    }
    query(vec![json(200, "<html>")], &[])
        .fails(1, "sent a page of the result that is not JSON")
        .hints("check the instance URL");
}

#[test]
fn a_first_page_without_records_has_no_head_of_its_own() {
    let empty = r#"{"totalSize":1,"done":false,"nextRecordsUrl":"/services/data/v65.0/query/0r8-2",
        "records":[]}"#;
    let last = SECOND.replace("\"totalSize\":3", "\"totalSize\":1");
    let answers = || vec![json(200, empty), json(200, &last)];
    let csv = query(answers(), &["--format", "csv"]);
    assert_eq!(csv.stdout, "Id,Name,Account.Name,Amount\n3,\"C\nD\",F,7\n");
    let array = query(answers(), &["--format", "json"]).json();
    assert_eq!(array[0]["Id"], "3");
    assert_eq!(
        query(answers(), &["--json"]).json()["result"]["totalSize"],
        1
    );
    let table = query(answers(), &[]).stdout;
    assert_eq!(table.matches("Account.Name").count(), 1, "{table}");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let record = format!(r#"{{"attributes":{{}},"Id":"{}"}}"#, "x".repeat(1000));
    let records = vec![record; 2000].join(",");
    let page = format!(r#"{{"totalSize":2000,"done":true,"records":[{records}]}}"#);
    for format in ["csv", "json", "ndjson", "table"] {
        let server = Server::giving([json(200, &page)]);
        let mut child = with_token(&server)
            .command()
            .args(["query", "SELECT Id FROM Account", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{format}");
    }
}

#[test]
fn an_output_keeps_its_links_and_its_mode() {
    let server = Server::giving(both());
    let program = with_token(&server);
    let target = program.write("target", b"old");
    std::fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    let link = program.folder().join("link");
    std::os::unix::fs::symlink("target", &link).unwrap();
    program
        .run(["query", SOQL, "--format", "csv", "--output", "link"])
        .succeeds();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&target).unwrap().starts_with("Id,"));
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(program.files(), ["link", "target"]);
}

#[test]
fn an_output_that_is_a_pipe_or_a_device_is_written_as_it_is() {
    let server = Server::giving(both());
    let program = with_token(&server);
    let pipe = program.folder().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    program
        .run(["query", SOQL, "--format", "csv", "--output", "pipe"])
        .succeeds();
    assert_eq!(reader.join().unwrap().lines().count(), 5);
    let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
    assert!(kind.is_fifo(), "{kind:?}");
    let server = Server::giving(both());
    let run = with_token(&server).run(["query", SOQL, "--output", "/dev/stdout", "-q"]);
    assert!(run.succeeds().stdout.starts_with("| Id |"), "{run:?}");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let server = Server::giving(vec![json(200, FIRST), json(200, SECOND)]);
    let program = with_token(&server);
    let Some(small) = SmallDisk::mount(&program.folder().join("small")) else {
        skipped("no small file system can be mounted here");
        return;
    };
    program.write("small/filler", &[0; 4096]);
    let run = program.run([
        "query",
        SOQL,
        "--format",
        "csv",
        "--output",
        "small/out.csv",
    ]);
    run.fails(1, "small/out.csv could not be written")
        .hints("the disk is full");
    assert_eq!(small.files(), ["filler"]);
}

#[test]
fn check_parses_without_asking_anybody() {
    let program = Program::new();
    let run = program.run(["query", "--check", SOQL]);
    assert_eq!(run.succeeds().stdout, "The query is well-formed\n");
    let run = program.run(["query", "--check", "SELECT Id FORM Account"]);
    run.fails(2, "the query is not SOQL").hints("ACC-2040");
    assert!(run.stderr.contains("^\n"), "{run:?}");
    assert!(run.stderr.contains("ERROR at Row:1:Column:"), "{run:?}");
}

#[test]
fn tooling_and_all_rows_ask_their_own_resources() {
    for (flag, resource) in [("--tooling", "tooling/query"), ("--all-rows", "queryAll")] {
        let server = Server::giving([json(
            200,
            SECOND
                .replace("\"totalSize\":3", "\"totalSize\":1")
                .as_str(),
        )]);
        with_token(&server).run(["query", SOQL, flag]).succeeds();
        let request = server.request();
        let start = format!("GET /services/data/v65.0/{resource}?q=SELECT");
        assert!(request.starts_with(&start), "{request}");
    }
    let run = Program::new().run(["query", SOQL, "--tooling", "--all-rows"]);
    run.fails(2, "cannot be used with");
}
