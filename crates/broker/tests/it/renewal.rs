//! When a session is taken to be over, and how often it is replaced.

use std::io::Write as _;
use std::time::Duration;

use accredit_broker::Reveal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{CONNECTIONS, Reply, World, caller};

const THROUGH: &str = "/v1/connections/default/proxy";

const OVER: &str = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

/// The word of RFC 6750 §3.1 for a token that is over.
const INVALID_TOKEN: &str =
    "WWW-Authenticate: Basic, Bearer realm=\"https://org\", error=\"invalid_token\"\r\n";

/// An answer with this status and body.
fn answer(status: u16, extra: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{extra}\r\n");
    [head.as_bytes(), body].concat()
}

fn gzip(body: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Lets this many seconds pass, an even number.
fn pass(world: &World, seconds: u32) {
    (0..seconds / 2).for_each(|_| world.pause());
}

/// A broker that has a token, a moment later.
async fn signed_in() -> World {
    let world = World::local().await;
    world.get("/v1/connections/default/token").await;
    world.pause();
    world
}

#[tokio::test]
async fn a_401_that_does_not_say_that_the_session_is_over_passes_and_renews_nothing() {
    let world = signed_in().await;
    let long = format!(r#"{{"my":"{}"}}"#, "x".repeat(100_000));
    for body in [
        r#"{"my":"no entry"}"#,
        "",
        "{}",
        "[]",
        "INVALID_SESSION_ID",
        "<html>INVALID_SESSION_ID</html>",
        r#"[{"message":"INVALID_SESSION_ID","errorCode":"MY_OWN"}]"#,
        r#"{"errorCode":["INVALID_SESSION_ID"]}"#,
        r#"[{"message":"INVALID_HEADER_TYPE","errorCode":"INVALID_AUTH_HEADER"}]"#,
        r#"[{"message":"Connected app is not attached to Agent","errorCode":"INVALID_SESSION_ID"}]"#,
        &long,
    ] {
        world.rest.answer(answer(401, "", body.as_bytes()));
        let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
        assert_eq!((reply.status, reply.body.as_str()), (401, body));
        assert_eq!(world.rest.take().len(), 1, "{body}");
        assert_eq!(world.salesforce.asked(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_session_that_is_over_is_replaced_in_whatever_form_that_is_said() {
    let json = r#"{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}"#;
    let rest = "<?xml version=\"1.0\"?><Errors><Error><errorCode>INVALID_SESSION_ID</errorCode><message>Session expired or invalid</message></Error></Errors>";
    let soap = "<soapenv:Envelope><soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode></soapenv:Fault></soapenv:Body></soapenv:Envelope>";
    let bulk = "<?xml version=\"1.0\"?>\n<error xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\n <exceptionCode>InvalidSessionId</exceptionCode>\n</error>";
    let bulk_json =
        r#"{"exceptionCode":"InvalidSessionId","exceptionMessage":"Invalid session id"}"#;
    let gzipped = answer(401, "Content-Encoding: gzip\r\n", &gzip(OVER));
    for (path, over) in [
        ("data/x", answer(401, "", OVER.as_bytes())),
        ("data/x", answer(401, "", json.as_bytes())),
        ("data/x", answer(401, "", rest.as_bytes())),
        ("data/x", answer(401, "", soap.as_bytes())),
        ("data/x", gzipped),
        ("data/x", answer(401, INVALID_TOKEN, b"{}")),
        ("data/x", answer(401, INVALID_TOKEN, b"")),
        ("async/62.0/job", answer(400, "", bulk.as_bytes())),
        ("async/62.0/job", answer(400, "", bulk_json.as_bytes())),
    ] {
        let shown = String::from_utf8_lossy(&over).into_owned();
        let (key, a) = caller("a", "connections = \"*\"\npaths = \"/services/\"");
        let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
        let key = format!("Authorization: Bearer {key}\r\n");
        let line = format!("GET {THROUGH}/services/{path}");
        world.ask(&line, &key, "").await;
        world.rest.take();
        world.rest.over(over);
        world.rest.kill("00Dcanary!TOKEN1");
        world.pause();
        let reply = world.ask(&line, &key, "").await;
        assert_eq!(reply.status, 200, "{shown} {reply:?}");
        assert_eq!(world.rest.take().len(), 2, "{shown}");
        assert_eq!(world.salesforce.asked(), 2, "{shown}");
    }
}

#[tokio::test]
async fn a_challenge_without_that_word_and_a_body_that_says_otherwise_renew_nothing() {
    let world = signed_in().await;
    let never = r#"[{"message":"INVALID_HEADER_TYPE","errorCode":"INVALID_AUTH_HEADER"}]"#;
    for (extra, body) in [
        ("WWW-Authenticate: Bearer realm=\"invalid_token\"\r\n", "{}"),
        (
            "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n",
            "",
        ),
        (INVALID_TOKEN, never),
    ] {
        world.rest.answer(answer(401, extra, body.as_bytes()));
        let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
        assert_eq!((reply.status, reply.body.as_str()), (401, body));
        assert_eq!(world.salesforce.asked(), 1, "{extra}");
    }
}

#[tokio::test]
async fn a_400_outside_of_bulk_says_nothing_of_the_session() {
    let world = signed_in().await;
    world.rest.answer(answer(400, "", OVER.as_bytes()));
    let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
    assert_eq!((reply.status, reply.body.as_str()), (400, OVER));
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn a_compressed_never_is_read_and_passes_as_it_came() {
    let world = signed_in().await;
    let never = r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#;
    for (encoding, body) in [("gzip", gzip(never)), ("br", OVER.into())] {
        let extra = format!("Content-Encoding: {encoding}\r\n");
        world.rest.answer(answer(401, &extra, &body));
        let head = format!(
            "GET {THROUGH}/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n",
            world.address
        );
        let reply = world.raw(head.as_bytes()).await;
        assert!(reply.starts_with(b"HTTP/1.1 401"), "{encoding}");
        assert!(reply.ends_with(&body), "{encoding}");
        assert_eq!(world.salesforce.asked(), 1, "{encoding}");
    }
}

#[tokio::test]
async fn a_new_session_that_is_refused_too_is_not_replaced_for_a_while() {
    let long = "x".repeat(100_000);
    for body in ["", &long] {
        let world = signed_in().await;
        world.rest.answer(answer(401, "", OVER.as_bytes()));
        let line = format!("POST {THROUGH}/services/data/x");
        for _ in 0..8 {
            let reply = world.ask(&line, "", body).await;
            assert_eq!((reply.status, reply.body.as_str()), (401, OVER));
            world.pause();
        }
        assert_eq!(world.salesforce.asked(), 2);
        for (seconds, asked) in [(60, 3), (60, 3), (62, 4), (200, 4)] {
            pass(&world, seconds);
            // A body that cannot be sent twice leaves the login to the next request.
            world.ask(&line, "", body).await;
            world.ask(&line, "", body).await;
            assert_eq!(world.salesforce.asked(), asked, "after {seconds} s more");
        }
    }
}

#[tokio::test]
async fn what_is_refused_at_one_resource_keeps_nobody_from_a_new_session_at_another() {
    let world = signed_in().await;
    world.rest.answer(answer(401, "", OVER.as_bytes()));
    let broken = format!("{THROUGH}/services/data/broken");
    world.get(&broken).await;
    assert_eq!(world.salesforce.asked(), 2);
    world.rest.answer(answer(200, "", b"{}"));
    world.rest.kill("00Dcanary!TOKEN2");
    world.pause();
    let reply = world.get(&format!("{THROUGH}/services/data/x")).await;
    assert_eq!((reply.status, world.salesforce.asked()), (200, 3));
}

#[tokio::test]
async fn resources_that_are_all_refused_share_a_few_new_sessions() {
    let world = signed_in().await;
    world.rest.answer(answer(401, "", OVER.as_bytes()));
    for number in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let path = format!("{THROUGH}/services/data/{number}");
        assert_eq!(world.get(&path).await.status, 401);
        world.pause();
    }
    assert_eq!(world.salesforce.asked(), 4);
}

#[tokio::test]
async fn a_refresh_that_the_budget_forbids_takes_the_token_from_nobody() {
    let world = signed_in().await;
    let token = "/v1/connections/default/token";
    let refresh = format!("POST {token}/refresh");
    for number in 0..8 {
        let reply = world.ask(&refresh, "", "").await;
        let expected = if number < 4 { 200 } else { 503 };
        assert_eq!(reply.status, expected, "{number}: {reply:?}");
        assert_eq!(world.get(token).await.status, 200, "{number}");
        world.pause();
    }
    assert_eq!(world.salesforce.asked(), 5);
}

#[tokio::test]
async fn resources_that_are_always_refused_take_the_token_from_nobody() {
    let world = signed_in().await;
    world.rest.answer(answer(401, "", OVER.as_bytes()));
    for number in 0..8 {
        for name in ["a", "b", "c"] {
            let path = format!("{THROUGH}/services/data/{name}");
            world.get(&path).await;
            world.pause();
        }
        let reply = world.get("/v1/connections/default/token").await;
        assert_eq!(reply.status, 200, "{number}: {reply:?}");
        pass(&world, 60);
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_that_stands_still_goes_on_to_the_client() {
    let world = World::local().await;
    let head = "HTTP/1.1 401 X\r\nContent-Length: 100\r\n\r\n0123456789";
    world.rest.answer(head);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let request = format!(
        "GET {THROUGH}/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\n\r\n",
        world.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"0123456789") {
        let read = stream.read_buf(&mut answer);
        let patience = Duration::from_secs(60);
        let count = tokio::time::timeout(patience, read).await.unwrap().unwrap();
        assert_ne!(count, 0);
    }
    assert_eq!(Reply::parse(&answer).status, 401);
}
