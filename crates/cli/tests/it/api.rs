//! `accredit api`: what is sent, what is printed, and where a token never goes.

use crate::program::Program;
use crate::server::{self, Server, TOKEN, answer, json, refusal, with_header};

const VERSIONS: &str = r#"[{"version":"64.0"},{"version":"65.0"}]"#;

const ENDED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

fn with_token(url: &str) -> Program {
    Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", url)
}

#[test]
fn a_relative_path_is_below_the_newest_version_and_the_body_comes_as_it_is() {
    let server = Server::giving([json(200, VERSIONS), json(200, r#"{"a": 1}"#)]);
    let run = with_token(&server.url).line("api limits");
    assert_eq!(run.succeeds().stdout, "{\"a\": 1}\n");
    assert!(server.request().starts_with("GET /services/data/ HTTP"));
    let request = server.request();
    assert!(
        request.starts_with("GET /services/data/v65.0/limits HTTP"),
        "{request}"
    );
    assert!(
        request.contains(&format!("uthorization: Bearer {TOKEN}")),
        "{request}"
    );
}

#[test]
fn fields_make_a_body_and_turn_get_into_post() {
    let server = Server::giving([json(201, r#"{"id":"001"}"#), json(200, "[]")]);
    let program = with_token(&server.url);
    program.write("note.txt", b"two\nlines");
    let run = program.run([
        "api",
        "/services/data/v65.0/sobjects/Account",
        "-f",
        "Name=Acme",
        "-F",
        "NumberOfEmployees=7",
        "-F",
        "Description=@note.txt",
        "-H",
        "Sforce-Call-Options: client=test",
    ]);
    run.succeeds();
    let request = server.request();
    assert!(request.starts_with("POST /services/data/v65.0/sobjects/Account HTTP"));
    let body = r#"{"Name":"Acme","NumberOfEmployees":7,"Description":"two\nlines"}"#;
    assert!(request.ends_with(body), "{request}");
    assert!(
        request
            .to_ascii_lowercase()
            .contains("sforce-call-options: client=test")
    );
    let get = "api /services/data/v65.0/query -X GET -f q=SELECT+Id";
    program.line(get).succeeds();
    let request = server.request();
    assert!(
        request.starts_with("GET /services/data/v65.0/query?q=SELECT%2BId HTTP"),
        "{request}"
    );
}

#[test]
fn a_file_or_stdin_is_sent_as_it_is() {
    let server = Server::giving([answer(201, "text/plain", ""), answer(201, "text/plain", "")]);
    let program = with_token(&server.url);
    program.write("rows.csv", b"Name\nA\n");
    let path = "api -X PUT /services/data/v65.0/jobs/ingest/750/batches";
    let line = format!("{path} --input rows.csv -H Content-Type:text/csv");
    assert_eq!(program.line(&line).succeeds().stdout, "");
    let request = server.request();
    assert!(request.ends_with("\r\n\r\nName\nA\n"), "{request}");
    assert!(
        request
            .to_ascii_lowercase()
            .contains("content-length: 7\r\n"),
        "{request}"
    );
    assert!(
        request
            .to_ascii_lowercase()
            .contains("content-type: text/csv"),
        "{request}"
    );
    let line = format!("{path} --input nothing-here.csv");
    program
        .line(&line)
        .fails(2, "nothing-here.csv could not be read");
}

#[test]
fn pages_are_followed_to_the_last_in_json_and_in_csv() {
    let first = r#"{"done":false,"nextRecordsUrl":"/services/data/v65.0/query/01g-2"}"#;
    let server = Server::giving([json(200, first), json(200, r#"{"done":true}"#)]);
    let run = with_token(&server.url).line("api --paginate /services/data/v65.0/query?q=x");
    assert_eq!(
        run.succeeds().stdout,
        format!("{first}\n{{\"done\":true}}\n")
    );
    server.request();
    assert!(
        server
            .request()
            .starts_with("GET /services/data/v65.0/query/01g-2 HTTP")
    );

    let server = Server::giving([
        with_header(
            200,
            "Content-Type: text/csv\r\nSforce-Locator: MTAw",
            "\"Id\"\n\"1\"\n",
        ),
        with_header(
            200,
            "Content-Type: text/csv\r\nSforce-Locator: null",
            "\"Id\"\n\"2\"\n",
        ),
    ]);
    let path = "/services/data/v65.0/jobs/query/750/results";
    let run = with_token(&server.url).run(["api", "--paginate", path]);
    assert_eq!(run.succeeds().stdout, "\"Id\"\n\"1\"\n\"2\"\n");
    server.request();
    assert!(server.request().contains("results?locator=MTAw HTTP"));
}

#[test]
fn json_puts_the_answer_into_the_envelope_and_pages_into_an_array() {
    let server = Server::giving([json(200, r#"{"a":1}"#)]);
    let report = with_token(&server.url)
        .line("api --json /services/data/v65.0/limits")
        .json();
    assert_eq!(report["result"]["a"], 1);
    let first = r#"{"n":1,"nextRecordsUrl":"/services/data/v65.0/query/01g-2"}"#;
    let server = Server::giving([json(200, first), json(200, r#"{"n":2}"#)]);
    let line = "api --json --paginate /services/data/v65.0/query?q=x";
    let report = with_token(&server.url).line(line).json();
    assert_eq!(report["result"][1]["n"], 2);
}

#[test]
fn include_shows_the_head_and_no_cookie() {
    let server = Server::giving([with_header(
        200,
        "Content-Type: application/json\r\nSet-Cookie: sid=secret",
        "{}",
    )]);
    let run = with_token(&server.url).line("api --include /services/data");
    let stdout = &run.succeeds().stdout;
    assert!(stdout.starts_with("HTTP/1.1 200 OK\n"), "{run:?}");
    assert!(
        stdout.contains("set-cookie: ***\n") && !stdout.contains("secret"),
        "{run:?}"
    );
    assert!(stdout.ends_with("\n\n{}\n"), "{run:?}");
}

#[test]
fn an_error_of_the_api_is_diagnosed_and_has_an_exit_code() {
    for (status, body, exit, code) in [
        (
            404,
            r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#,
            4,
            "ACC-2009",
        ),
        (
            403,
            r#"[{"errorCode":"API_DISABLED_FOR_ORG","message":"x"}]"#,
            4,
            "ACC-2005",
        ),
        (
            403,
            r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#,
            5,
            "ACC-2007",
        ),
        (401, ENDED, 4, "ACC-2001"),
        (
            503,
            "<html>We are down for maintenance</html>",
            6,
            "ACC-1053",
        ),
    ] {
        let server = Server::giving([json(status, body)]);
        let run = with_token(&server.url).line("api /services/data/v65.0/x");
        run.fails(exit, "127.0.0.1").hints(code);
    }
}

#[test]
fn a_session_that_has_ended_is_renewed_once() {
    let server = Server::start(|url| {
        vec![
            server::token(url),
            json(401, ENDED),
            server::token(url),
            json(200, "{}"),
        ]
    });
    let run = Program::signing_in_at(&server.url).line("api -q /services/data/v65.0/limits");
    assert_eq!(run.succeeds().stdout, "{}\n");
    let server = Server::start(|url| {
        vec![
            server::token(url),
            json(401, ENDED),
            refusal("invalid_grant", "inactive user"),
        ]
    });
    let run = Program::signing_in_at(&server.url).line("api -q /services/data/v65.0/limits");
    run.fails(4, "inactive user");
}

#[test]
fn a_body_that_is_cut_short_is_no_success() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 99\r\n\r\na,b\n";
    let server = Server::giving([head.as_bytes().to_vec()]);
    let run = with_token(&server.url).line("api /services/data/v65.0/x");
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.stderr.contains("broke off in mid-reply"), "{run:?}");
}

#[test]
fn a_token_goes_nowhere_but_to_the_api_of_its_instance() {
    let program = with_token("http://127.0.0.1:9");
    for (path, part) in [
        ("//evil.example/services/data", "no place of the API"),
        ("https://evil.example/services/data", "no place of the API"),
        ("http://127.0.0.1:99/services/data", "no place of the API"),
        ("/services/../secret", "no place of the API"),
        ("/services/%2E%2e/secret", "no place of the API"),
        ("/setup", "no place of the API"),
        ("/services/data?q=a b", "no place of the API"),
    ] {
        program.run(["api", path]).fails(2, part);
    }
    for (flags, part) in [
        (vec!["-X", "TRACE"], "no method"),
        (vec!["-H", "Authorization: x"], "not yours"),
        (vec!["-H", "nonsense"], "no header"),
        (vec!["-f", "nonsense"], "without a key"),
        (vec!["--paginate", "-f", "a=b"], "--paginate follows"),
        (vec!["-X", "GET", "--input", "x"], "takes no body"),
    ] {
        let words = ["api", "/services/data"].into_iter().chain(flags);
        program.run(words).fails(2, part);
    }
}
