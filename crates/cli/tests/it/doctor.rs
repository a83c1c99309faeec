//! `accredit doctor`: every check in its order, the fix under each, and nothing that tells who.

use serde_json::Value;

use crate::program::{BINARY, Program, Run, files};
use crate::server::{self, Server, json, refusal, token_body, with_header};

const CHECKS: [&str; 12] = [
    "settings",
    "key",
    "certificate",
    "host",
    "network",
    "tls",
    "clock",
    "audience",
    "token",
    "scopes",
    "api",
    "limits",
];

const VERSIONS: &str = r#"[{"version":"65.0"}]"#;

const LIMITS: &str = r#"{"DailyApiRequests":{"Max":1000,"Remaining":900}}"#;

fn states(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let checks = report["result"]["checks"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let state = |check: &Value| (text(&check["name"]), text(&check["state"]));
    checks.iter().map(state).collect()
}

fn state(run: &Run, name: &str) -> String {
    let found = states(run).into_iter().find(|(check, _)| check == name);
    found.unwrap().1
}

/// A server for the whole conversation: discovery, token, versions, limits.
fn healthy(limits: &'static str) -> Server {
    Server::start(|url| {
        vec![
            json(200, "{}"),
            server::token(url),
            json(200, VERSIONS),
            json(200, limits),
        ]
    })
}

fn signing_in(server: &Server) -> Program {
    Program::signing_in_at(&server.url)
}

#[test]
fn a_sign_in_that_works_is_ok_from_end_to_end() {
    let server = healthy(LIMITS);
    let certificate = files().join("server.crt");
    let line = format!("doctor --cert {}", certificate.display());
    let run = signing_in(&server).line(&line);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let names: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' ') && line.len() > 20)
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|name| CHECKS.contains(name))
        .collect();
    assert_eq!(names, CHECKS, "{run:?}");
    assert!(
        run.stdout
            .contains("\nok    token        granted, for http"),
        "{run:?}"
    );
    assert!(run.stdout.contains("900 of 1000 API requests"), "{run:?}");
    assert!(run.stdout.contains("by the rule this-machine"), "{run:?}");
    assert!(run.stdout.contains(" 0 failed, "), "{run:?}");
}

#[test]
fn the_local_org_passes() {
    let words = ["emulator", "run", "-q", "--", BINARY, "doctor", "--json"];
    let run = Program::new().run(words);
    assert_eq!(run.code, 0, "{run:?}");
    for name in [
        "settings", "key", "network", "clock", "token", "scopes", "api", "limits",
    ] {
        assert_eq!(state(&run, name), "ok", "{name}: {run:?}");
    }
}

#[test]
fn nothing_that_tells_who_signs_in_where_is_shown() {
    let program = Program::new()
        .with("ACCREDIT_CLIENT_ID", "3MVG9.secretive")
        .with("ACCREDIT_USERNAME", "jane@acme.example")
        .with("ACCREDIT_KEY", files().join("server.key").to_str().unwrap())
        .with(
            "ACCREDIT_LOGIN_URL",
            "https://acmecorp--uat.sandbox.my.salesforce.com",
        )
        .with("HTTPS_PROXY", &server::closed_url());
    for line in ["doctor", "doctor --json"] {
        let run = program.line(line);
        for secret in ["secretive", "jane", "acme.example", "acmecorp"] {
            assert!(!run.stdout.contains(secret), "{secret}: {run:?}");
            assert!(!run.stderr.contains(secret), "{secret}: {run:?}");
        }
        assert!(
            run.stdout
                .contains("https://a***.sandbox.my.salesforce.com"),
            "{run:?}"
        );
        assert!(run.stdout.contains("j***@a***"), "{run:?}");
        assert_eq!(run.code, 6, "{run:?}");
    }
    let wrong = program.with("ACCREDIT_AUDIENCE", "https://acmecorp.my.salesforce.com");
    let run = wrong.line("doctor");
    assert_eq!(run.code, 3, "{run:?}");
    assert!(!run.stdout.contains("acmecorp"), "{run:?}");
    assert!(run.stdout.contains("fix: ACC-3004"), "{run:?}");
}

#[test]
fn a_refusal_is_diagnosed_and_what_needs_a_token_is_skipped() {
    let server = Server::giving([json(200, "{}"), refusal("invalid_grant", "inactive user")]);
    let run = signing_in(&server).line("doctor --json");
    assert_eq!(run.code, 4, "{run:?}");
    let report = run.json();
    assert_eq!(report["status"], 4);
    let checks = report["result"]["checks"].as_array().unwrap();
    let token = checks
        .iter()
        .find(|check| check["name"] == "token")
        .unwrap();
    assert_eq!(token["code"], "ACC-1040");
    assert!(!token["fix"].as_array().unwrap().is_empty());
    for name in ["scopes", "api", "limits"] {
        assert_eq!(state(&run, name), "skip");
    }
}

#[test]
fn a_certificate_of_another_key_explains_an_invalid_assertion() {
    let other = Program::new();
    other.line("key new -q").succeeds();
    let certificate = other.folder().join("server.crt");
    let server = Server::giving([
        json(200, "{}"),
        refusal("invalid_grant", "invalid assertion"),
    ]);
    let run =
        signing_in(&server).run(["doctor", "--json", "--cert", certificate.to_str().unwrap()]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(state(&run, "certificate"), "fail");
    let report = run.json();
    let codes: Vec<&str> = report["result"]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| check["code"].as_str())
        .collect();
    assert_eq!(codes, ["ACC-3002", "ACC-1017"]);
}

#[test]
fn no_more_than_two_logins_are_made() {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    let date = at.strftime("Date: %a, %d %b %Y %H:%M:%S GMT").to_string();
    let body = r#"{"error":"invalid_grant","error_description":"expired authorization code"}"#;
    let server = Server::giving([
        with_header(200, &date, "{}"),
        with_header(400, &date, body),
        with_header(400, &date, body),
        with_header(400, &date, body),
    ]);
    let run = signing_in(&server).line("doctor --json");
    assert_eq!(run.code, 4, "{run:?}");
    assert_eq!(server.requests_left(), 3);
    assert_eq!(state(&run, "clock"), "warn");
}

#[test]
fn what_works_but_should_be_looked_at_is_a_warning_with_exit_code_0() {
    let server = healthy(r#"{"DailyApiRequests":{"Max":1000,"Remaining":9}}"#);
    let run = signing_in(&server).line("doctor --json");
    assert_eq!(
        (run.code, state(&run, "limits")),
        (0, "warn".to_owned()),
        "{run:?}"
    );
    let server = Server::start(|url| {
        let body = token_body(url).replace(r#""scope":"api""#, r#""scope":"id web""#);
        let refused = r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#;
        vec![json(200, "{}"), json(200, &body), json(401, refused)]
    });
    let run = signing_in(&server).line("doctor --json");
    assert_eq!(
        (run.code, state(&run, "scopes")),
        (4, "warn".to_owned()),
        "{run:?}"
    );
    assert!(run.stdout.contains("ACC-2002"));
}

#[test]
fn settings_that_are_not_whole_end_it_with_all_mistakes() {
    let run = Program::new().line("doctor");
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.stdout
            .starts_with("fail  settings     no client id was given"),
        "{run:?}"
    );
    assert!(
        run.stdout
            .contains("fix: pass --username or set ACCREDIT_USERNAME"),
        "{run:?}"
    );
    assert!(
        run.stdout
            .contains("0 ok, 0 to look at, 1 failed, 11 not checked"),
        "{run:?}"
    );
    let run = Program::signing_in_at("http://127.0.0.1:9").line("doctor -f nowhere.key");
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("fail  key"), "{run:?}");
    assert!(run.stdout.contains("fail  network"), "{run:?}");
}
