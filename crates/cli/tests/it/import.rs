//! `accredit import`: what a table becomes, line by line, and what is said when it cannot.

use std::net::TcpListener;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{BINARY, Program, Run};
use crate::server::{self, Answer, Server, TOKEN, answer, json};

pub(crate) const JOB: &str = "750R0000000zlh9IAA";

/// Runs a line for a local org. What stands in `$0` is the program.
fn on_a_local_org(program: &Program, script: &str) -> Run {
    program.run(["emulator", "run", "-q", "--", "sh", "-c", script, BINARY])
}

fn read(program: &Program, name: &str) -> String {
    std::fs::read_to_string(program.folder().join(name)).unwrap()
}

#[test]
fn each_line_becomes_a_record_or_is_told_with_its_error() {
    let program = Program::new();
    program.write(
        "contacts.csv",
        b"LastName;Email;Birthdate\r\nZaun;z@example.com;2001-02-03\r\n;y@example.com;\r\nX;;nodate\r\n",
    );
    let run = on_a_local_org(
        &program,
        "$0 import contacts.csv --object Contact -q; code=$?
         $0 query -q --format csv \"SELECT Email, Birthdate FROM Contact WHERE LastName = 'Zaun'\"
         exit $code",
    );
    assert_eq!(run.code, 7, "{run:?}");
    assert_eq!(
        run.stdout,
        "3 records for Contact: 1 inserted, 2 failed, 0 not processed\ncontacts.success.csv\n\
         contacts.failed.csv\nEmail,Birthdate\nz@example.com,2001-02-03\n"
    );
    let warning = "warning: 1 record failed: REQUIRED_FIELD_MISSING:Required fields are missing: \
                   [LastName]";
    assert!(run.stderr.contains(warning), "{run:?}");
    assert!(run.stderr.contains("; ACC-2045: "), "{run:?}");
    let success = read(&program, "contacts.success.csv");
    let lines: Vec<&str> = success.lines().collect();
    assert_eq!(
        lines[0],
        r#""sf__Id";"sf__Created";"LastName";"Email";"Birthdate""#
    );
    assert!(
        lines[1].ends_with(r#";"true";"Zaun";"z@example.com";"2001-02-03""#),
        "{success}"
    );
    assert_eq!(lines.len(), 2);
    let failed = read(&program, "contacts.failed.csv");
    assert_eq!(failed.lines().count(), 3, "{failed}");
    assert_eq!(
        program.files(),
        [
            "contacts.csv",
            "contacts.failed.csv",
            "contacts.success.csv"
        ]
    );
}

#[test]
fn records_are_changed_upserted_and_deleted_also_from_stdin() {
    let program = Program::new();
    let script = "set -e
        printf 'LastName\nFresh\nFresh\nFresh\n' | $0 import - --object Contact -q > /dev/null
        $0 query -q --format csv \"SELECT Id FROM Contact WHERE LastName = 'Fresh'\" > ids.csv
        sed '1s/$/,Title/; 2,$s/$/,Chief/' ids.csv > titles.csv
        $0 import titles.csv --object Contact --operation update -q
        sed '1s/Title/Department/; s/Chief/Sea/' titles.csv |
            $0 import - --force --object contact --operation upsert --external-id Id -q --json
        $0 query -q --format csv \"SELECT COUNT(Id) FROM Contact WHERE Title = 'Chief' AND Department = 'Sea'\"
        $0 import ids.csv --object Contact --operation delete -q --results-dir .
        $0 query -q --format csv \"SELECT COUNT(Id) FROM Contact WHERE Title = 'Chief'\"
        $0 query -q --bulk --all-rows \"SELECT Id FROM Contact WHERE Title = 'Chief'\"";
    let run = on_a_local_org(&program, script);
    let lines: Vec<&str> = run.succeeds().stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "3 records for Contact: 3 updated, 0 failed, 0 not processed",
            "titles.success.csv"
        ],
        "{run:?}"
    );
    let report: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
    assert_eq!(report["status"], 0);
    assert_eq!(report["result"]["succeeded"], 3);
    assert_eq!(report["result"]["files"]["succeeded"], "import.success.csv");
    assert_eq!(report["result"]["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(lines[3..5], ["expr0", "3"]);
    assert_eq!(
        lines[5],
        "3 records for Contact: 3 deleted, 0 failed, 0 not processed"
    );
    assert_eq!(lines[7..9], ["expr0", "0"]);
    assert_eq!(lines[9..].len(), 4, "{run:?}");
    assert_eq!(lines[6], "./ids.success.csv");
}

#[test]
fn columns_that_are_not_there_are_explained_and_nothing_is_sent() {
    let program = Program::new();
    program.write("c.csv", b"Last Name,Emial\nA,b\n");
    let run = on_a_local_org(&program, "$0 import c.csv --object Contact -q");
    run.fails(2, "Contact has no fields for the columns Last Name, Emial")
        .hints("ACC-2041")
        .hints("Last Name may be meant for LastName");
    let run = on_a_local_org(&program, "$0 import c.csv --object Contakt -q");
    run.fails(4, "NOT_FOUND");
    assert_eq!(program.files(), ["c.csv"]);
}

#[test]
fn a_table_that_cannot_be_read_is_refused_before_anybody_is_asked() {
    let program = Program::new();
    program.write("utf16.csv", b"\xFF\xFEI\0d\0");
    program.write("open.csv", b"Name\n\"x\n");
    program.write("old.csv", b"Name\nx\n");
    program.write("old.failed.csv", b"of before");
    for (line, code, part) in [
        (
            "import utf16.csv --object A",
            2,
            "utf16.csv cannot be imported: it is UTF-16",
        ),
        (
            "import open.csv --object A",
            2,
            "opened in line 2 do not end",
        ),
        ("import none.csv --object A", 2, "none.csv cannot be read"),
        (
            "import old.csv --object A",
            1,
            "old.failed.csv is there already",
        ),
        ("import old.csv", 2, "--object"),
        (
            "import old.csv --object A --operation upsert",
            2,
            "--external-id",
        ),
        (
            "import old.csv --object A --resume x",
            2,
            "not the id of a bulk job",
        ),
        (
            "import utf16.csv --object A --operation replace",
            2,
            "replace",
        ),
    ] {
        program.line(line).fails(code, part);
    }
    assert_eq!(read(&program, "old.failed.csv"), "of before");
}

pub(crate) fn job(state: &str, more: &str) -> Answer {
    let id = format!(r#""id":"{JOB}","object":"Account","apiVersion":65.0"#);
    json(200, &format!(r#"{{{id},"state":"{state}"{more}}}"#))
}

pub(crate) fn describe() -> Answer {
    json(
        200,
        r#"{"name":"Account","fields":[{"name":"Name","type":"string"}]}"#,
    )
}

pub(crate) fn report(lines: &str) -> Answer {
    answer(200, "text/csv", lines)
}

pub(crate) fn with_token(url: &str) -> Program {
    let program = Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", url)
        .with("ACCREDIT_API_VERSION", "65.0");
    program.write("a.csv", b"Name\nA\nB\n");
    program
}

#[test]
fn the_data_go_up_whole_and_the_wire_is_that_of_bulk_api_2() {
    let server = Server::giving([
        describe(),
        job("Open", ""),
        json(201, ""),
        job("UploadComplete", ""),
        job("InProgress", ""),
        job("JobComplete", r#","numberRecordsProcessed":2"#),
        report("\"sf__Id\",\"sf__Created\",\"Name\"\n\"1\",\"true\",\"A\"\n\"2\",\"true\",\"B\"\n"),
        report("\"sf__Id\",\"sf__Error\",\"Name\"\n"),
        report(""),
    ]);
    let program = with_token(&server.url);
    let run = program.line("import a.csv --object Account");
    assert_eq!(
        run.succeeds().stdout,
        "2 records for Account: 2 inserted, 0 failed, 0 not processed\na.success.csv\n"
    );
    let requests: Vec<String> = (0..9).map(|_| server.request()).collect();
    let jobs = "/services/data/v65.0/jobs/ingest";
    for (request, start) in requests.iter().zip([
        "GET /services/data/v65.0/sobjects/Account/describe ".to_owned(),
        format!("POST {jobs} "),
        format!("PUT {jobs}/{JOB}/batches "),
        format!("PATCH {jobs}/{JOB} "),
        format!("GET {jobs}/{JOB} "),
        format!("GET {jobs}/{JOB} "),
        format!("GET {jobs}/{JOB}/successfulResults "),
        format!("GET {jobs}/{JOB}/failedResults "),
        format!("GET {jobs}/{JOB}/unprocessedrecords "),
    ]) {
        assert!(request.starts_with(&start), "{start}: {request}");
    }
    assert!(
        requests[1].contains(r#""operation":"insert""#),
        "{}",
        requests[1]
    );
    assert!(
        requests[1].contains(r#""lineEnding":"LF""#),
        "{}",
        requests[1]
    );
    assert!(
        requests[2].to_lowercase().contains("content-length: 9\r\n"),
        "{}",
        requests[2]
    );
    assert!(
        requests[2].ends_with("\r\n\r\nName\nA\nB\n"),
        "{}",
        requests[2]
    );
    assert!(
        requests[3].ends_with(r#"{"state":"UploadComplete"}"#),
        "{}",
        requests[3]
    );
}

#[test]
fn an_upload_that_breaks_off_is_aborted_and_tried_with_another_job() {
    let server = Server::giving([
        describe(),
        job("Open", ""),
        json(503, ""),
        job("Aborted", ""),
        job("Open", ""),
        json(201, ""),
        job("UploadComplete", ""),
        job("JobComplete", ""),
        report("sf__Id,sf__Created,Name\n1,true,A\n2,true,B\n"),
        report(""),
        report(""),
    ]);
    let program = with_token(&server.url);
    program.line("import a.csv --object Account").succeeds();
    let _first_three = [(); 3].map(|()| server.request());
    let fourth = server.request();
    assert!(fourth.ends_with(r#"{"state":"Aborted"}"#), "{fourth}");
}

#[test]
fn a_job_that_fails_keeps_what_it_did_and_says_why() {
    let failed = r#","errorMessage":"InvalidBatch : Field name not found : Name""#;
    let server = Server::giving([
        describe(),
        job("Open", ""),
        json(201, ""),
        job("UploadComplete", ""),
        job("Failed", failed),
        report(""),
        report(""),
        report("\"Name\"\n\"A\"\n\"B\"\n"),
    ]);
    let program = with_token(&server.url);
    let run = program.line("import a.csv --object Account --json");
    assert_eq!((run.code, run.stderr.as_str()), (4, ""), "{run:?}");
    let told = run.json();
    assert_eq!(told["status"], 4);
    assert_eq!(told["result"]["unprocessed"], 2);
    let warning = told["warnings"][0].as_str().unwrap();
    assert!(warning.contains("failed: InvalidBatch : Field name not found : Name; ACC-2041"));
    assert_eq!(
        read(&program, "a.unprocessed.csv"),
        "\"Name\"\n\"A\"\n\"B\"\n"
    );
}

#[test]
fn results_that_are_not_those_of_the_table_are_not_taken_for_whole() {
    let server = Server::giving([
        describe(),
        job("JobComplete", ""),
        job("JobComplete", ""),
        report("sf__Id,sf__Created,Name\n1,true,A\n"),
        report(""),
        report(""),
    ]);
    let program = with_token(&server.url);
    let run = program.line(&format!("import a.csv --object Account --resume {JOB}"));
    assert_eq!(run.code, 7, "{run:?}");
    let warning = "tells of 1 record, and the table has 2 for it";
    assert!(run.stderr.contains(warning), "{run:?}");
    assert!(run.stdout.contains("1 inserted"), "{run:?}");
    assert_eq!(program.files(), ["a.csv", "a.success.csv"]);
}

/// Answers, takes one more request without an answer, interrupts. Gives what came and the run.
pub(crate) fn interrupted(answers: &[Answer], last: &[Answer]) -> (Vec<String>, Run, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let program = with_token(&format!("http://{}", listener.local_addr().unwrap()));
    let child = program
        .command()
        .args(["import", "a.csv", "--object", "Account"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for answer in answers {
        server::answer_one(&listener, answer);
    }
    let (_asked, _) = listener.accept().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let asked = last
        .iter()
        .map(|answer| server::answer_one(&listener, answer));
    let asked = asked.collect();
    let run = Run::from(child.wait_with_output().unwrap());
    (asked, run, program.files())
}

#[test]
fn an_upload_that_is_interrupted_is_aborted() {
    let (asked, run, files) = interrupted(&[describe(), job("Open", "")], &[job("Aborted", "")]);
    assert_eq!(run.code, 130, "{run:?}");
    assert!(asked[0].starts_with("PATCH "), "{asked:?}");
    assert!(asked[0].ends_with(r#"{"state":"Aborted"}"#), "{asked:?}");
    run.hints("nothing was imported");
    assert_eq!(files, ["a.csv"]);
}

#[test]
fn a_job_that_works_when_we_are_interrupted_can_be_gone_on_with() {
    let answers = [
        describe(),
        job("Open", ""),
        json(201, ""),
        job("UploadComplete", ""),
    ];
    let (_, run, files) = interrupted(&answers, &[]);
    assert_eq!(
        (run.code, files),
        (130, vec!["a.csv".to_owned()]),
        "{run:?}"
    );
    run.hints(&format!(
        "accredit import a.csv --object Account --resume {JOB}"
    ));

    let server = Server::giving([
        describe(),
        job("InProgress", ""),
        job("JobComplete", ""),
        report("sf__Id,sf__Created,Name\n1,true,A\n2,true,B\n"),
        report(""),
        report(""),
    ]);
    let program = with_token(&server.url);
    let run = program.line(&format!("import a.csv --object Account --resume {JOB}"));
    assert!(
        run.succeeds()
            .stdout
            .starts_with("2 records for Account: 2 inserted")
    );
    let run = program.line(&format!(
        "import a.csv --object A --force --resume {JOB} --resume {JOB}"
    ));
    run.fails(2, "2 jobs were given to go on with, and the table makes 1");

    let server = Server::giving([describe(), job("Open", "")]);
    let program = with_token(&server.url);
    let run = program.line(&format!("import a.csv --object Account --resume {JOB}"));
    run.fails(2, "never had all of its data")
        .hints("leave out --resume");
}
