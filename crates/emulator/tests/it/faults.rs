//! What goes wrong on purpose.

use std::io::Read as _;

use accredit_emulator::{Emulator, NewUser};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{CLIENT_ID, OURS, Org, USERNAME, claims_with, request};
use crate::tls::builder;

const VERSIONS: &str = "/services/data";

async fn add(org: &Org, fault: Value) -> Value {
    let reply = org.manage("POST", "/faults", fault).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

/// Status and body of an answer at `path` that `effect` befalls.
async fn befallen(path: &str, effect: Value) -> (u16, String) {
    let org = Org::new();
    add(&org, json!({"effect": effect})).await;
    let reply = org.get(path).await;
    (reply.status.as_u16(), reply.text)
}

#[tokio::test]
async fn errors_of_the_token_endpoint_are_those_of_oauth() {
    for (effect, status, error, description) in [
        (
            json!({"kind": "unknown-error"}),
            400,
            "unknown_error",
            "retry your request",
        ),
        (
            json!({"kind": "rate-limit"}),
            400,
            "invalid_grant",
            "login rate exceeded",
        ),
        (
            json!({"kind": "error", "status": 503, "code": "x", "message": "y"}),
            503,
            "x",
            "y",
        ),
    ] {
        let (found, text) = befallen("/services/oauth2/token", effect).await;
        let expected = json!({"error": error, "error_description": description});
        assert_eq!((found, text), (status, expected.to_string()));
    }
}

#[tokio::test]
async fn errors_of_the_rest_api_are_lists() {
    for (effect, status, code) in [
        (json!({"kind": "unknown-error"}), 500, "UNKNOWN_EXCEPTION"),
        (json!({"kind": "rate-limit"}), 403, "REQUEST_LIMIT_EXCEEDED"),
        (
            json!({"kind": "error", "status": 503}),
            503,
            "SERVER_UNAVAILABLE",
        ),
        (
            json!({"kind": "error", "status": 401}),
            401,
            "INVALID_SESSION_ID",
        ),
        (
            json!({"kind": "error", "status": 418, "code": "TEA"}),
            418,
            "TEA",
        ),
    ] {
        let (found, text) = befallen(VERSIONS, effect).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((found, body[0]["errorCode"].as_str()), (status, Some(code)));
        assert!(body[0]["message"].is_string(), "{text}");
    }
}

#[tokio::test]
async fn pages_redirects_and_nothing_come_instead_of_answers() {
    let (status, text) = befallen(VERSIONS, json!({"kind": "html-page"})).await;
    assert!(
        status == 503 && text.starts_with("<!DOCTYPE html>"),
        "{text}"
    );
    let (status, _) = befallen(VERSIONS, json!({"kind": "html-page", "status": 200})).await;
    assert_eq!(status, 200);
    let nothing = befallen(VERSIONS, json!({"kind": "empty"})).await;
    assert_eq!(nothing, (200, String::new()));
    let org = Org::new();
    let effect = json!({"kind": "redirect", "location": "https://x.example/"});
    add(&org, json!({"effect": effect})).await;
    let reply = org.get(VERSIONS).await;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location"), "https://x.example/");
}

#[tokio::test]
async fn a_fault_strikes_whom_it_names_and_no_one_else() {
    let org = Org::new();
    let other = "other@example.com";
    org.app.add_user(NewUser::named(other)).unwrap();
    let for_user = |user: &str| OURS.assertion(&claims_with(&json!({"sub": user})));
    add(
        &org,
        json!({"user": other, "path": "**/token", "effect": {"kind": "unknown-error"}}),
    )
    .await;
    assert_eq!(org.exchange(&for_user(USERNAME)).await.verdict(), "ok");
    assert_eq!(
        org.exchange(&for_user(other)).await.verdict(),
        "unknown_error: retry your request"
    );
    let token = org.token().await;
    add(
        &org,
        json!({"app": CLIENT_ID, "nth": 2, "effect": {"kind": "kill-session"}}),
    )
    .await;
    // The match that counts is made by its session; a request without one is nobody's.
    let query = "/services/data/v65.0/query?q=SELECT+COUNT()+FROM+Account";
    assert_eq!(org.get_as(&token, query).await.status, 200);
    assert_eq!(org.get(query).await.status, 401);
    assert_eq!(org.get_as(&token, query).await.status, 401);
    let fresh = org.token().await;
    assert_eq!(org.get_as(&fresh, query).await.status, 200);
}

#[tokio::test]
async fn a_session_ends_however_its_token_is_shown() {
    for place in ["header", "query"] {
        let org = Org::new();
        let token = org.token().await;
        add(
            &org,
            json!({"user": USERNAME, "effect": {"kind": "kill-session"}}),
        )
        .await;
        let path = match place {
            "query" => format!("/services/oauth2/userinfo?oauth_token={token}"),
            _ => "/services/async/65.0/job/750".to_owned(),
        };
        let mut request = request("GET", &path, "");
        if place == "header" {
            let value = token.parse().unwrap();
            request.headers_mut().insert("x-sfdc-session", value);
        }
        org.send(request).await;
        org.manage("DELETE", "/faults", Value::Null).await;
        let limits = "/services/data/v65.0/limits";
        assert_eq!(org.get_as(&token, limits).await.status, 401, "{place}");
        let listed = org.manage("GET", "/requests", Value::Null).await.json();
        assert_eq!(listed[1]["clientId"], CLIENT_ID, "{place}");
    }
}

#[tokio::test]
async fn faults_are_listed_counted_removed_and_reset() {
    let org = Org::new();
    let fault = add(
        &org,
        json!({"method": "get", "path": VERSIONS, "count": 1, "effect": {"kind": "empty"}}),
    )
    .await;
    assert_eq!(fault["id"], 1);
    for expected in ["", "["] {
        assert!(org.get(VERSIONS).await.text.starts_with(expected));
    }
    let listed = org.manage("GET", "/faults", Value::Null).await.json();
    assert_eq!(listed[0]["matched"], 2);
    assert_eq!(listed[0]["struck"], 1);
    assert_eq!(
        org.manage("DELETE", "/faults/1", Value::Null).await.status,
        204
    );
    assert_eq!(
        org.manage("DELETE", "/faults/1", Value::Null).await.status,
        404
    );
    add(&org, json!({"effect": {"kind": "hang-up"}})).await;
    // The management API has no faults.
    assert_eq!(org.manage("POST", "/reset", Value::Null).await.status, 204);
    let listed = org.manage("GET", "/faults", Value::Null).await.json();
    assert_eq!(listed, json!([]));
}

#[tokio::test]
async fn an_unfit_fault_is_refused_with_what_was_expected() {
    let org = Org::new();
    for (fault, part) in [
        (json!({}), "missing field `effect`"),
        (
            json!({"effect": {"kind": "bang"}}),
            "unknown variant `bang`",
        ),
        (
            json!({"effect": {"kind": "error", "status": 99}}),
            "expected 200 to 599",
        ),
        (
            json!({"effect": {"kind": "error", "status": 500, "bytes": 1}}),
            "unknown field `bytes`",
        ),
        (
            json!({"effect": {"kind": "latency", "milliseconds": 300_001}}),
            "at most 300 seconds",
        ),
        (
            json!({"effect": {"kind": "redirect", "location": "a\nb"}}),
            "cannot stand in a header",
        ),
        (
            json!({"path": "services", "effect": {"kind": "empty"}}),
            "begins with /",
        ),
        (
            json!({"nth": 0, "effect": {"kind": "empty"}}),
            "nth counts from 1",
        ),
    ] {
        let reply = org.manage("POST", "/faults", fault).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.text.contains(part), "{reply:?}");
    }
    for _ in 0..100 {
        add(&org, json!({"effect": {"kind": "empty"}})).await;
    }
    let reply = org
        .manage("POST", "/faults", json!({"effect": {"kind": "empty"}}))
        .await;
    assert_eq!(reply.status, 400);
}

/// An emulator in which everything is struck by `effect`.
async fn struck_by(effect: &Value) -> Emulator {
    let emulator = builder().start().await.unwrap();
    let host = emulator.address().to_string();
    let body = json!({"effect": effect}).to_string();
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let request = format!(
        "POST /_emulator/faults HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 201"), "{reply}");
    emulator
}

/// Everything that comes back over a socket after a fault.
async fn over_a_socket(effect: Value) -> Vec<u8> {
    let emulator = struck_by(&effect).await;
    let host = emulator.address().to_string();
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let head = format!("GET {VERSIONS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let _cut = stream.read_to_end(&mut reply).await;
    reply
}

/// Head and body of a reply, and the length that its head promises.
fn parts(reply: &[u8]) -> (String, &[u8], Option<usize>) {
    let at = reply
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&reply[..at]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map(|length| length.parse().unwrap());
    (head, &reply[at + 4..], length)
}

#[tokio::test]
async fn a_connection_that_hangs_up_says_nothing() {
    assert_eq!(over_a_socket(json!({"kind": "hang-up"})).await, b"");
}

#[tokio::test]
async fn a_connection_that_hangs_up_in_mid_body_promised_more() {
    let whole = over_a_socket(json!({"kind": "latency", "milliseconds": 0})).await;
    let reply = over_a_socket(json!({"kind": "hang-up-mid-body"})).await;
    let (_, body, length) = parts(&reply);
    assert_eq!(length, Some(parts(&whole).1.len()));
    assert_eq!(body.len(), length.unwrap() / 2);
}

#[tokio::test]
async fn compressed_bodies_are_cut_or_are_none() {
    let reply = over_a_socket(json!({"kind": "truncated-gzip"})).await;
    let (head, body, length) = parts(&reply);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert_eq!(length, Some(body.len()));
    let mut text = String::new();
    assert!(GzDecoder::new(body).read_to_string(&mut text).is_err());
    let reply = over_a_socket(json!({"kind": "wrong-gzip"})).await;
    let (head, body, _) = parts(&reply);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(body.starts_with(b"["));
}

#[tokio::test(start_paused = true)]
async fn latency_and_drips_take_their_time_and_are_whole() {
    let whole = over_a_socket(json!({"kind": "latency", "milliseconds": 0})).await;
    let (_, expected, _) = parts(&whole);
    let slow = json!({"kind": "slow-drip", "bytes": 500, "milliseconds": 1_000});
    for (effect, least) in [
        (json!({"kind": "latency", "milliseconds": 7_000}), 7),
        (slow, 3),
    ] {
        let before = tokio::time::Instant::now();
        let reply = over_a_socket(effect).await;
        assert_eq!(parts(&reply).1, expected);
        assert!(
            before.elapsed().as_secs() >= least,
            "{:?}",
            before.elapsed()
        );
    }
}
