//! Requests and answers that are meant to mislead, against the broker as a process.

use serde_json::Value;

use crate::broker::{Broker, Reply, cases, headers, json, text};
use crate::program::Program;

const THROUGH: &str = "/v1/connections/default/proxy";

/// The key of a new caller, and the table for it.
fn caller(name: &str, connection: &str) -> (String, String) {
    let made = Program::new().line("serve key new -q");
    let (key, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    let table = format!(
        "[callers.{name}]\nkey_hash = \"{hash}\"\nconnections = \"{connection}\"\nuses = \"token\"\n"
    );
    (key.to_owned(), table)
}

/// The statuses that a case allows.
fn expected(case: &Value) -> Vec<u16> {
    let words = case["expect"].to_string();
    let words = words.trim_matches('"').split([' ', ',']);
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The status that a case begins with, if it is about a refusal.
fn refusal(case: &Value) -> Option<u16> {
    text(case, "expect").split(' ').next()?.parse().ok()
}

#[test]
fn the_listener_lets_in_whom_it_should() {
    let Some(file) = cases("local_listener_cases.json") else {
        return;
    };
    let ((key, a), (key_b, b)) = (caller("a", "prod"), caller("b", "default"));
    let broker = Broker::start(&format!("{a}{b}"));
    let port = broker.address.rsplit_once(':').unwrap().1;
    for case in file["cases"].as_array().unwrap() {
        let id = text(case, "id");
        let version = if id.contains("http10") { "1.0" } else { "1.1" };
        let (method, path) = (text(case, "method"), text(case, "path"));
        let sent = headers(case)
            .replace("8089", port)
            .replace("<client-key-of-app-b>", &key_b)
            .replace("<client-key>", &key);
        let head = format!("{method} {path} HTTP/{version}\r\nConnection: close\r\n{sent}\r\n");
        let reply = Reply::parse(&broker.raw(head.as_bytes()));
        assert!(expected(case).contains(&reply.status), "{id} {reply:?}");
        assert!(!reply.head.contains("access-control-"), "{id} {reply:?}");
        let has_token = reply.body.contains("canary");
        assert_eq!(has_token, reply.status == 200, "{id} {reply:?}");
    }
}

#[test]
fn no_stream_of_bytes_smuggles_a_request() {
    let Some(file) = cases("http1_raw_cases.json") else {
        return;
    };
    let broker = Broker::start("");
    let host = format!("Host: {}\r\nAccredit-Request: true\r\n", broker.address);
    // Whoever is still listened to is answered, and the connection ends.
    let last = format!("GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    for case in file["cases"].as_array().unwrap() {
        let (id, bytes) = (text(case, "id"), text(case, "bytes"));
        if bytes.contains("<gen:") {
            continue;
        }
        let allowed = bytes
            .replace("Host: 127.0.0.1:8089\r\n", &host)
            .replace("Host: x\r\n", &host);
        let latin = allowed.chars().map(|c| u8::try_from(u32::from(c)).unwrap());
        let mut whole: Vec<u8> = latin.collect();
        whole.extend_from_slice(last.as_bytes());
        let answer = broker.raw(&whole);
        let reply = Reply::parse(&answer);
        let arrived = broker.salesforce.take();
        let is_smuggled = |one: &String| one.contains("/setup") || one.contains("Bearer x");
        assert!(!arrived.iter().any(is_smuggled), "{id} {arrived:?}");
        assert_ne!(reply.status, 101, "{id}");
        let answers = String::from_utf8_lossy(&answer)
            .matches("HTTP/1.1 200")
            .count();
        match id {
            "pipelined" => assert_eq!((answers, arrived.len()), (3, 2), "{id}"),
            "h2c" | "trailer-authz" => assert_eq!((answers, arrived.len()), (2, 1), "{id}"),
            "cl-underscore" | "http10-no-cl" => {
                assert!(!arrived.iter().any(|one| one.contains("abcde")), "{id}");
            }
            _ => assert!(
                matches!(reply.status, 0 | 400) && arrived.is_empty(),
                "{id} {reply:?} {arrived:?}"
            ),
        }
        assert_eq!(broker.ask("GET /healthz", "").status, 200, "after {id}");
    }
}

#[test]
fn a_target_is_forwarded_as_it_came_or_not_at_all() {
    let Some(file) = cases("proxy_path_cases.json") else {
        return;
    };
    let broker = Broker::start("");
    for case in file["cases"].as_array().unwrap() {
        let (id, method) = (text(case, "id"), text(case, "method"));
        let recipe = &case["gen"];
        let target = match case["target"].as_str() {
            Some(target) => target.to_owned(),
            None => {
                let times = usize::try_from(recipe["times"].as_u64().unwrap()).unwrap();
                text(recipe, "prefix").to_owned() + &text(recipe, "repeat").repeat(times)
            }
        };
        for way in ["", THROUGH] {
            let reply = broker.ask(&format!("{method} {way}{target}"), "");
            let arrived = broker.salesforce.take();
            if text(case, "expect") == "allow" {
                let line = format!("{method} {target} HTTP/1.1\r\n");
                assert_eq!((reply.status, arrived.len()), (200, 1), "{id} {reply:?}");
                assert!(arrived[0].starts_with(&line), "{id} {arrived:?}");
            } else {
                assert!(arrived.is_empty(), "{id} {arrived:?}");
                assert!(matches!(reply.status, 0 | 400..), "{id} {reply:?}");
            }
        }
    }
}

#[test]
fn the_one_credential_that_goes_on_is_the_brokers() {
    let Some(file) = cases("proxy_header_and_response_cases.json") else {
        return;
    };
    let broker = Broker::start("");
    let line = format!("GET {THROUGH}/services/data/x");
    let gone = [
        "x-sfdc-session",
        "keep-alive",
        "proxy-",
        "te:",
        "trailer",
        "upgrade",
        "http2-settings",
        "attacker",
        "accredit",
    ];
    for case in file["request_headers"].as_array().unwrap() {
        let id = text(case, "id");
        let sent = headers(case);
        let reply = broker.ask(&line, &sent);
        let arrived = broker.salesforce.take();
        // What a library is asked to write as one header with a line break in it comes over the
        // wire as two headers, each as it may be, and so as the case `client-authz`. Single line
        // breaks are no end of a header, and are refused.
        if id == "crlf-value" {
            for bare in ["\r", "\n"] {
                let reply = broker.ask(&line, &sent.replacen("\r\n", bare, 1));
                assert_eq!(reply.status, 400, "{id} {bare:?} {reply:?}");
                assert!(broker.salesforce.take().is_empty(), "{id} {bare:?}");
            }
        } else if let Some(refused) = refusal(case) {
            let found = (reply.status, arrived.len());
            assert_eq!(found, (refused, 0), "{id} {reply:?}");
            continue;
        }
        assert_eq!(reply.status, 200, "{id} {reply:?}");
        let head = arrived[0].to_ascii_lowercase();
        let is_credential = |line: &&str| line.starts_with("authorization:");
        let credentials: Vec<&str> = head.lines().filter(is_credential).collect();
        assert_eq!(
            credentials,
            ["authorization: bearer 00dcanary!token1"],
            "{id}"
        );
        let left = gone.iter().find(|name| head.contains(**name));
        assert_eq!(left, None, "{id} {head}");
        let passes = head.contains("sforce-auto-assign: true");
        assert_eq!(passes, id == "x-sfdc-session", "{id}");
    }
}

#[test]
fn what_an_upstream_answers_gives_nobody_a_session() {
    let Some(file) = cases("proxy_header_and_response_cases.json") else {
        return;
    };
    for case in file["upstream_responses"].as_array().unwrap() {
        let id = text(case, "id");
        match id {
            "gzip-bomb"
            | "token-crlf"
            | "instance-url-lookalike"
            | "instance-url-meta"
            | "html-200"
            | "torn-json"
            | "no-token-type" => {}
            _ => rest_answer(id, case),
        }
    }
}

/// One answer of the REST API, to two requests.
fn rest_answer(id: &str, case: &Value) {
    let broker = Broker::start("");
    let (extra, body) = (headers(case), case["body"].as_str().unwrap_or("{}"));
    let status = case["status"].as_u64().filter(|status| *status != 103);
    let status = status.unwrap_or(200);
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    broker.salesforce.answer(match id {
        "te-cl-resp" => format!("HTTP/1.1 200 OK\r\n{extra}\r\n2\r\n{{}}\r\n0\r\n\r\n"),
        "early-hints" => format!("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{whole}"),
        "extra-bytes" => format!("{whole}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"),
        _ => format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{extra}\r\n{body}",
            body.len()
        ),
    });
    for _ in 0..2 {
        let line = format!("GET {THROUGH}/services/data/x");
        let mut reply = broker.ask(&line, "");
        while reply.status == 503 {
            // A second has to pass between two logins.
            reply = broker.ask(&line, "");
        }
        assert_eq!(u64::from(reply.status), status, "{id} {reply:?}");
        for gone in [
            "set-cookie",
            "clear-site-data",
            "canary",
            "\r\nauthorization",
        ] {
            assert!(!reply.head.contains(gone), "{id} {reply:?}");
        }
        assert!(!reply.body.contains("poison"), "{id} {reply:?}");
    }
    let (asked, arrived) = (broker.salesforce.asked(), broker.salesforce.take().len());
    match status {
        // A token that is new is not replaced; on a slow machine it may be old enough.
        401 => assert!(asked <= 3 && arrived == asked + 1, "{id} {asked} {arrived}"),
        _ => assert_eq!((asked, arrived), (1, 2), "{id}"),
    }
    if ["te-cl-resp", "extra-bytes"].contains(&id) {
        assert_eq!(broker.salesforce.connections(), 2, "{id}");
    }
}

#[test]
fn what_a_token_endpoint_answers_is_a_token_or_a_clear_no() {
    let Some(file) = cases("proxy_header_and_response_cases.json") else {
        return;
    };
    let line = "GET /v1/connections/default/token";
    for case in file["upstream_responses"].as_array().unwrap() {
        let (id, body) = (text(case, "id"), text(case, "body"));
        let answer = match id {
            "html-200" => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
            "token-crlf"
            | "instance-url-lookalike"
            | "instance-url-meta"
            | "torn-json"
            | "no-token-type" => json(body),
            _ => continue,
        };
        let broker = Broker::start("");
        broker.salesforce.give(Some(answer));
        let reply = broker.ask(line, "");
        if id == "no-token-type" {
            assert_eq!(reply.status, 200, "{id} {reply:?}");
            continue;
        }
        assert_eq!(reply.status, 502, "{id} {reply:?}");
        assert!(!reply.head.contains("x-injected"), "{id} {reply:?}");
        assert!(!reply.body.contains("access_token"), "{id} {reply:?}");
        if ["html-200", "torn-json"].contains(&id) {
            broker.salesforce.give(None);
            let mut after = broker.ask(line, "");
            while after.status == 503 {
                after = broker.ask(line, "");
            }
            assert_eq!(after.status, 200, "{id} {after:?}");
            assert!(after.body.contains("canary"), "{id} {after:?}");
        }
    }
}
