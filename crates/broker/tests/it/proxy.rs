//! Requests that are forwarded, and those that are not.

use std::time::Duration;

use accredit_broker::Reveal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::vectors::{cases, headers, text};
use crate::world::{CONNECTIONS, Reply, World, caller};

const THROUGH: &str = "/v1/connections/default/proxy";

#[tokio::test]
async fn every_target_is_forwarded_as_it_came_or_not_at_all() {
    let Some(file) = cases("proxy_path_cases.json") else {
        return;
    };
    let world = World::local().await;
    for case in file["cases"].as_array().unwrap() {
        let (id, method) = (text(case, "id"), text(case, "method"));
        let target = match case["target"].as_str() {
            Some(target) => target.to_owned(),
            None => {
                let times = case["gen"]["times"].as_u64().unwrap() as usize;
                format!(
                    "{}{}",
                    text(&case["gen"], "prefix"),
                    text(&case["gen"], "repeat").repeat(times)
                )
            }
        };
        let is_allowed = text(case, "expect") == "allow";
        for target in [target.clone(), format!("{THROUGH}{target}")] {
            let reply = world.ask(&format!("{method} {target}"), "", "").await;
            let arrived = world.rest.take();
            let through = target.strip_prefix(THROUGH).unwrap_or(&target);
            if is_allowed {
                assert_eq!(reply.status, 200, "{id} {reply:?}");
                let line = format!("{method} {through} HTTP/1.1\r\n");
                assert!(
                    arrived.len() == 1 && arrived[0].starts_with(&line),
                    "{id} {arrived:?}"
                );
            } else {
                assert!(arrived.is_empty(), "{id} {arrived:?}");
                assert!(reply.status == 0 || reply.status >= 400, "{id} {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn headers_that_decide_are_ours_and_those_of_the_business_pass() {
    let Some(file) = cases("proxy_header_and_response_cases.json") else {
        return;
    };
    let world = World::local().await;
    for case in file["request_headers"].as_array().unwrap() {
        let id = text(case, "id");
        let extra: String = headers(case)
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let reply = world
            .ask(&format!("GET {THROUGH}/services/data/x"), &extra, "")
            .await;
        let arrived = world.rest.take();
        // On the wire these are two headers that may be; ours is the one that goes on.
        let is_two = id == "crlf-value";
        let first = text(case, "expect").split(' ').next();
        let refused = first.and_then(|word| word.parse::<u16>().ok());
        if let Some(refused) = refused.filter(|_| !is_two) {
            assert_eq!(
                (reply.status, arrived.len()),
                (refused, 0),
                "{id} {reply:?}"
            );
            continue;
        }
        assert_eq!(reply.status, 200, "{id} {reply:?}");
        let head = arrived[0].to_ascii_lowercase();
        let credentials: Vec<&str> = head
            .lines()
            .filter(|line| line.starts_with("authorization:"))
            .collect();
        assert_eq!(
            credentials,
            ["authorization: bearer 00dcanary!token1"],
            "{id}"
        );
        for gone in [
            "x-sfdc-session",
            "keep-alive",
            "proxy-",
            "te:",
            "trailer",
            "upgrade",
            "http2-settings",
            "attacker",
            "accredit",
        ] {
            assert!(!head.contains(gone), "{id} {gone} {head}");
        }
        assert_eq!(
            id == "x-sfdc-session",
            head.contains("sforce-auto-assign: true"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn no_session_of_upstream_comes_back_and_no_redirect_is_followed() {
    let Some(file) = cases("proxy_header_and_response_cases.json") else {
        return;
    };
    let world = World::local().await;
    for case in file["upstream_responses"].as_array().unwrap() {
        let id = text(case, "id");
        if ![
            "set-cookie",
            "redirect-other-host",
            "redirect-downgrade",
            "clear-site-data",
            "early-hints",
            "te-cl-resp",
            "extra-bytes",
        ]
        .contains(&id)
        {
            continue;
        }
        let status = case["status"].as_u64().unwrap_or(200);
        let extra: String = headers(case)
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let answer = match id {
            "te-cl-resp" => format!("HTTP/1.1 200 OK\r\n{extra}\r\n2\r\n{{}}\r\n0\r\n\r\n"),
            "early-hints" => "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
            "extra-bytes" => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".to_owned(),
            _ => format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n{extra}\r\n{{}}"),
        };
        world.rest.answer(answer);
        for _ in 0..2 {
            let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
            let expected = if id == "early-hints" {
                200
            } else {
                status as u16
            };
            assert_eq!(reply.status, expected, "{id} {reply:?}");
            for gone in ["set-cookie", "clear-site-data", "canary", "authorization"] {
                assert!(!reply.head.contains(gone), "{id} {reply:?}");
            }
            assert!(!reply.body.contains("poison"), "{id} {reply:?}");
            assert!(!reply.head.contains("content-length: 5"), "{id} {reply:?}");
        }
        assert_eq!(world.rest.take().len(), 2, "{id}");
    }
}

#[tokio::test]
async fn a_dead_session_is_replaced_once_and_the_body_sent_again() {
    let world = World::local().await;
    world.rest.kill("00Dcanary!TOKEN1");
    world.get("/v1/connections/default/token").await;
    world.pause();
    let reply = world
        .ask(&format!("POST {THROUGH}/services/data/x"), "", "{\"a\":1}")
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let arrived = world.rest.take();
    assert_eq!(arrived.len(), 2);
    assert!(
        arrived.iter().all(|one| one.ends_with("{\"a\":1}")),
        "{arrived:?}"
    );
    assert!(arrived[1].contains("TOKEN2"));
}

#[tokio::test]
async fn a_new_token_that_is_refused_is_not_asked_for_again_in_the_same_moment() {
    let world = World::local().await;
    let body = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
    world.rest.answer(format!(
        "HTTP/1.1 401 X\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let ask = || world.get("/services/data/x");
    let cold = ask().await;
    assert_eq!((cold.status, cold.body.as_str()), (401, body));
    assert_eq!((world.rest.take().len(), world.salesforce.asked()), (1, 1));
    world.pause();
    assert_eq!(ask().await.status, 401);
    assert_eq!((world.rest.take().len(), world.salesforce.asked()), (2, 2));
}

#[tokio::test]
async fn a_session_that_may_never_is_not_replaced() {
    let world = World::local().await;
    let body = r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#;
    world.rest.answer(format!(
        "HTTP/1.1 401 X\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
    assert_eq!((reply.status, reply.body.as_str()), (401, body));
    assert_eq!((world.rest.take().len(), world.salesforce.asked()), (1, 1));
}

#[tokio::test]
async fn a_policy_is_kept_to_whatever_a_request_says_of_its_method() {
    let (key, a) = caller(
        "a",
        "connections = \"default\"\nmethods = [\"GET\", \"POST\"]\npaths = [\"/services/data/v62.0/\"]",
    );
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let key = format!("Authorization: Bearer {key}\r\nX-HTTP-Method-Override: DELETE\r\n");
    for (line, expected) in [
        ("GET /services/data/v62.0/x", 200),
        ("POST /services/data/v62.0/x", 200),
        ("DELETE /services/data/v62.0/x", 403),
        ("POST /services/data/v62.0/x?_HttpMethod=DELETE", 403),
        ("POST /services/data/v62.0/x?a=b&_httpM%65thod=PATCH", 403),
        ("GET /services/data/v61.0/x", 403),
        ("GET /services/data/v62.0/../v61.0/x", 403),
    ] {
        let (method, target) = line.split_once(' ').unwrap();
        let reply = world
            .ask(&format!("{method} {THROUGH}{target}"), &key, "")
            .await;
        assert_eq!(reply.status, expected, "{line} {reply:?}");
        for arrived in world.rest.take() {
            assert!(
                !arrived.to_ascii_lowercase().contains("x-http-method"),
                "{arrived}"
            );
        }
    }
    let token = world
        .ask("GET /v1/connections/default/token", &key, "")
        .await;
    assert_eq!(token.status, 403, "{token:?}");
}

#[tokio::test]
async fn no_policy_lets_a_sign_in_path_through() {
    let (key, a) = caller("a", "connections = \"*\"\npaths = \"/services/\"");
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let key = format!("Authorization: Bearer {key}\r\n");
    for (path, expected) in [
        ("oauth2/singleaccess", 403),
        ("oauth2/userinfo", 403),
        ("OAuth2/revoke", 403),
        ("%6fauth2/revoke", 403),
        ("%256fauth2/revoke", 403),
        ("oauth2;x=1/revoke", 403),
        ("oauth2%5crevoke", 403),
        ("oauth2", 403),
        ("%EF%BD%8Fauth2/revoke", 403),
        ("Soap/u/62.0", 403),
        ("soap/c/62.0", 403),
        ("auth/sso/x", 403),
        ("authcallback/x", 403),
        ("oauth2x/y", 200),
        ("apexrest/oauth2/x", 200),
        ("data/v62.0/Soap", 200),
    ] {
        let line = format!("POST {THROUGH}/services/{path}");
        let reply = world.ask(&line, &key, "").await;
        let arrived = world.rest.take();
        assert_eq!(reply.status, expected, "{path} {reply:?}");
        assert_eq!(arrived.is_empty(), expected == 403, "{path} {arrived:?}");
    }
}

#[tokio::test]
async fn a_list_of_methods_is_not_got_around_by_requests_within_a_request() {
    let (key, a) = caller(
        "a",
        "connections = \"default\"\nmethods = [\"GET\", \"POST\"]",
    );
    let (key_of_all, b) = caller("b", "connections = \"default\"");
    let world = World::start(&format!("{CONNECTIONS}{a}{b}"), Reveal::Never).await;
    let key = format!("Authorization: Bearer {key}\r\n");
    let key_of_all = format!("Authorization: Bearer {key_of_all}\r\n");
    for (line, expected) in [
        ("POST v62.0/composite", 403),
        ("POST v62.0/composite/", 403),
        ("POST v62.0/Composite/Batch", 403),
        ("POST v62.0/composite/graph", 403),
        ("POST v62.0/%63omposite/batch", 403),
        ("POST v62.0/composite/%62atch", 403),
        ("POST v62.0/tooling/composite", 403),
        ("POST v62.0/composite;x=1", 403),
        (
            "GET v62.0/tooling/executeAnonymous/?anonymousBody=delete",
            403,
        ),
        (
            "GET v62.0/tooling/EXECUTEANONYMOUS?anonymousBody=delete",
            403,
        ),
        ("POST v62.0/composite/sobjects", 200),
        ("DELETE v62.0/composite/sobjects", 403),
        ("POST v62.0/composite/tree/Account", 200),
        ("GET v62.0/query?q=composite/batch", 200),
    ] {
        let (method, path) = line.split_once(' ').unwrap();
        let line = format!("{method} {THROUGH}/services/data/{path}");
        let reply = world.ask(&line, &key, "").await;
        assert_eq!(reply.status, expected, "{line} {reply:?}");
        let reply = world.ask(&line, &key_of_all, "").await;
        assert_eq!(reply.status, 200, "{line} {reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_keeps_its_pace_may_take_longer_than_an_answer() {
    let world = World::local().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let (parts, part) = (20, "x".repeat(10 * 1024));
    let head = format!(
        "PUT {THROUGH}/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        world.address,
        parts * part.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..parts {
        tokio::time::sleep(Duration::from_secs(9)).await;
        stream.write_all(part.as_bytes()).await.unwrap();
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(Reply::parse(&answer).status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_given_up() {
    let world = World::local().await;
    world.rest.answer("");
    let request = format!(
        "GET {THROUGH}/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n",
        world.address
    );
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(Reply::parse(&answer).status, 504);
}

#[tokio::test]
async fn a_long_body_streams_both_ways() {
    let world = World::local().await;
    let body = "x".repeat(1024 * 1024);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.rest.answer(head);
    let reply = world
        .ask(&format!("PUT {THROUGH}/services/data/x"), "", &body)
        .await;
    assert_eq!((reply.status, reply.body.len()), (200, body.len()));
    assert!(world.rest.take()[0].ends_with(&body));
    assert!(
        reply.head.contains("content-length: 1048576"),
        "{}",
        reply.head
    );
}
