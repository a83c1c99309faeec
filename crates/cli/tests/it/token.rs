//! `accredit token`: what is printed, what is asked, and what each refusal comes to.

use serde_json::json;

use crate::program::{Program, key};
use crate::server::{self, Server, TOKEN, refusal, with_header};

fn granting() -> Server {
    Server::start(|url| vec![server::token(url)])
}

#[test]
fn the_token_stands_alone_on_stdout_and_the_steps_on_stderr() {
    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token");
    run.succeeds();
    assert_eq!(run.stdout, format!("{TOKEN}\n"));
    let host = server.url.trim_start_matches("http://");
    assert_eq!(
        run.stderr,
        format!(
            "Loading private key...\nGenerating signed JWT assertion...\n\
             Making OAuth request to {host}...\nStatus: 200\n"
        )
    );
    let request = server.request();
    assert!(
        request.starts_with("POST /services/oauth2/token HTTP/1.1\r\n"),
        "{request}"
    );
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ";
    assert!(request.contains(form), "{request}");
}

#[test]
fn quiet_says_nothing_but_the_token() {
    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token -q");
    assert_eq!(
        (run.stdout, run.stderr),
        (format!("{TOKEN}\n"), String::new())
    );
}

#[test]
fn each_format_is_ready_for_its_use() {
    for (format, expected) in [
        ("token", "{token}\n"),
        ("header", "Authorization: Bearer {token}\n"),
        ("env", "SF_ACCESS_TOKEN={token}\nSF_INSTANCE_URL={url}\n"),
        ("curl", "header = \"Authorization: Bearer {token}\"\n"),
    ] {
        let server = granting();
        let run = Program::signing_in_at(&server.url).run(["token", "-q", "--format", format]);
        let expected = expected
            .replace("{token}", TOKEN)
            .replace("{url}", &server.url);
        assert_eq!(run.stdout, expected, "{format}");
    }
    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token -q --format json");
    assert_eq!(run.stdout, format!("{}\n", server::token_body(&server.url)));
}

#[test]
fn json_wraps_the_whole_answer_and_leaves_stderr_empty() {
    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token --json");
    let report = run.json();
    assert_eq!(report["status"], 0);
    assert_eq!(report["result"]["access_token"], TOKEN);
    assert_eq!(report["result"]["token_type"], "Bearer");
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(run.stderr, "");
}

#[test]
fn the_flags_of_the_salesforce_cli_are_taken() {
    let server = granting();
    let key = key();
    let run = Program::new().run([
        "token",
        "--clientid",
        "3MVG9.client",
        "--username",
        "user@example.com",
        "--jwtkeyfile",
        key.to_str().unwrap(),
        "--instanceurl",
        &server.url,
        "--no-prompt",
    ]);
    assert_eq!(run.stdout, format!("{TOKEN}\n"), "{run:?}");
    for flag in ["--alias x", "--set-default", "-d"] {
        Program::signing_in_at(&server.url)
            .line(&format!("token {flag}"))
            .fails(2, "keeps no such list");
    }
}

#[test]
fn the_report_has_five_sorted_members_and_no_secret_unless_asked() {
    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token --show-assertion");
    run.succeeds();
    let report = run.json();
    let names: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "claim",
            "response_headers",
            "response_text",
            "signed_claim",
            "target_payload"
        ]
    );
    assert_eq!(report["signed_claim"], "***");
    assert_eq!(
        report["response_text"]["access_token"],
        "00D2E000000ncKP!***"
    );
    assert!(!run.stdout.contains(TOKEN));
    let request = server.request();
    let (_, assertion) = request.split_once("&assertion=").unwrap();
    let (claim, signature) = assertion.rsplit_once('.').unwrap();
    assert_eq!(report["claim"], claim);
    assert!(!run.stdout.contains(signature));

    let server = granting();
    let run = Program::signing_in_at(&server.url).line("token --show-assertion --reveal");
    let report = run.json();
    let request = server.request();
    let (_, assertion) = request.split_once("&assertion=").unwrap();
    assert_eq!(report["target_payload"], assertion);
    assert_eq!(report["response_text"]["access_token"], TOKEN);
}

#[test]
fn a_refused_exchange_is_reported_too() {
    let server = Server::giving([refusal("invalid_grant", "audience is invalid")]);
    let run = Program::signing_in_at(&server.url).line("token --show-assertion");
    assert_eq!(run.code, 4, "{run:?}");
    assert_eq!(
        run.json()["response_text"]["error_description"],
        "audience is invalid"
    );
    run.hints("ACC-1010");
}

/// What the server says, the code of the diagnosis, the exit code.
#[rustfmt::skip]
const REFUSALS: [(&str, &str, &str, i32); 17] = [
    ("invalid_grant", "user hasn't approved this consumer", "ACC-1030", 4),
    ("invalid_app_access", "user is not admin approved to access this app", "ACC-1031", 4),
    ("app_not_found", "External client app is not installed in this org", "ACC-1021", 4),
    ("invalid_client", "app must be installed into org", "ACC-1022", 4),
    ("invalid_client_id", "client identifier invalid", "ACC-1020", 4),
    ("invalid_client", "invalid client credentials", "ACC-1023", 4),
    ("invalid_grant", "invalid assertion", "ACC-1003", 4),
    ("invalid_grant", "audience is invalid", "ACC-1010", 4),
    ("invalid_grant", "expired authorization code", "ACC-1011", 4),
    ("invalid_grant", "inactive user", "ACC-1040", 4),
    ("invalid_grant", "ip restricted", "ACC-1042", 4),
    ("invalid_grant", "login rate exceeded", "ACC-1043", 5),
    ("invalid_grant", "authentication failure", "ACC-1044", 4),
    ("invalid_grant", "user is locked", "ACC-1041", 4),
    ("invalid_grant", "activation secret invalid", "ACC-1045", 4),
    ("unsupported_grant_type", "grant type not supported", "ACC-1001", 4),
    ("unknown_error", "retry your request", "ACC-1050", 4),
];

#[test]
fn every_refusal_has_a_code_a_cause_a_setting_and_an_exit_code() {
    for (error, description, code, exit) in REFUSALS {
        let server = Server::giving([refusal(error, description)]);
        let run = Program::signing_in_at(&server.url).line("token");
        run.fails(exit, &format!("{error}: {description}"))
            .hints(&format!("{code}: "))
            .hints("look at ")
            .hints(&server.url);
        let server = Server::giving([refusal(error, description)]);
        let run = Program::signing_in_at(&server.url).line("token --json");
        let report = run.json();
        assert_eq!(report["code"], code);
        assert_eq!(report["exitCode"], exit);
        assert_eq!(
            report["actions"].as_array().unwrap().len().min(4),
            4,
            "{report}"
        );
        assert!(report.get("stack").is_none());
        assert_eq!(run.stderr, "");
    }
}

/// A `Date` header ten minutes from now, and what it says in seconds since 1970.
fn ten_minutes_from_now() -> (String, i64) {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    let date = at.strftime("Date: %a, %d %b %Y %H:%M:%S GMT");
    (date.to_string(), at.as_second())
}

#[test]
fn a_clock_ten_minutes_off_is_told_and_tried_once_more_on_the_servers_time() {
    let (date, server_now) = ten_minutes_from_now();
    let body = r#"{"error":"invalid_grant","error_description":"expired authorization code"}"#;
    let server = Server::start(|url| vec![with_header(400, &date, body), server::token(url)]);
    let run = Program::signing_in_at(&server.url).line("token");
    assert_eq!(run.stdout, format!("{TOKEN}\n"), "{run:?}");
    let warning = "warning: the clock of this machine is ";
    assert!(run.stderr.contains(warning), "{run:?}");
    assert!(run.stderr.contains(" s behind the server's"), "{run:?}");
    let (_, second) = (server.request(), server.request());
    let assertion = second.split("&assertion=").nth(1).unwrap();
    let shown = Program::new().run(["inspect", assertion, "--json"]).json();
    let expires_at = shown["result"]["claims"]["exp"].as_i64().unwrap();
    let lifetime = expires_at - server_now;
    assert!((178..=240).contains(&lifetime), "{lifetime}: {shown}");
}

#[test]
fn a_clock_that_stays_wrong_is_not_tried_for_ever() {
    let (date, _) = ten_minutes_from_now();
    let body = r#"{"error":"invalid_grant","error_description":"expired authorization code"}"#;
    let server = Server::giving([with_header(400, &date, body), with_header(400, &date, body)]);
    let run = Program::signing_in_at(&server.url).line("token");
    run.fails(4, "expired authorization code")
        .hints("ACC-1015")
        .hints("behind the server's");
    assert_eq!(server.requests_left(), 2);
}
