//! How many may be connected, and for how long without doing anything.

use std::time::Duration;

use accredit_broker::Reveal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{CONNECTIONS, Reply, World};

const FEW: &str = "[listener]\nmax_connections = 8\nmax_connections_per_peer = 3\n";

/// Connections that say nothing.
async fn idle(world: &World, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(TcpStream::connect(world.address).await.unwrap());
    }
    streams
}

/// What the other side still says before it ends the connection.
async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _reset = tokio::time::timeout(Duration::from_secs(300), stream.read_to_end(&mut bytes))
        .await
        .unwrap();
    bytes
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_the_next_after_an_end_is_served() {
    let world = World::start(&format!("{FEW}{CONNECTIONS}"), Reveal::Never).await;
    let mut open = idle(&world, 3).await;
    let told = world.get("/v1/connections/default/token").await;
    assert_eq!(told.status, 503, "{told:?}");
    assert_eq!(told.json()["error"], "too_many_connections");
    assert!(told.head.contains("retry-after: 1"), "{told:?}");
    assert!(told.head.contains("connection: close"), "{told:?}");
    assert_eq!(world.get("/readyz").await.status, 503);
    assert_eq!(world.get("/healthz").await.status, 200);
    assert_eq!(world.salesforce.asked(), 0);
    open.pop();
    while world.get("/v1/connections/default/token").await.status == 503 {}
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn those_who_are_told_are_not_unbounded_either() {
    let world = World::start(&format!("{FEW}{CONNECTIONS}"), Reveal::Never).await;
    let open = idle(&world, 3 + 600).await;
    assert_eq!(world.get("/healthz").await.status, 200);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let is_ended = |stream: &TcpStream| matches!(stream.try_read(&mut [0]), Ok(0));
    let ended = open[3..].iter().filter(|stream| is_ended(stream)).count();
    assert!(ended >= 300, "the oldest make room: {ended}");
    assert!(!open[..3].iter().any(is_ended), "and only those");
}

#[tokio::test]
async fn all_peers_together_are_limited_and_a_new_limit_holds_at_once() {
    let text =
        format!("[listener]\nmax_connections = 2\nmax_connections_per_peer = 2\n{CONNECTIONS}");
    let world = World::start(&text, Reveal::Never).await;
    let _open = idle(&world, 2).await;
    assert_eq!(world.get("/metrics").await.status, 503);
    let more = text.replace("= 2", "= 4");
    world.reload(&more).await.unwrap();
    assert_eq!(world.get("/metrics").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_drips_a_head_is_given_up_after_ten_seconds() {
    let world = World::local().await;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n", world.address);
    let answered = format!("{request}\r\n");
    for first in ["", "GE", &request, &answered] {
        let began = tokio::time::Instant::now();
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let said = rest(stream).await;
        assert_eq!(
            said.starts_with(b"HTTP/1.1 200"),
            first == answered,
            "{first:?}"
        );
        let seconds = began.elapsed().as_secs();
        assert!((9..=11).contains(&seconds), "{first:?} {seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_that_drips_is_given_up() {
    let world = World::local().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /services/oauth2/token HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nContent-Length: 1000\r\n\r\ngrant_",
        world.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let reply = Reply::parse(&rest(stream).await);
    assert_eq!(reply.status, 408, "{reply:?}");
    let long = format!("grant_type={}", "x".repeat(70_000));
    let line = "POST /services/oauth2/token";
    assert_eq!(world.ask(line, "", &long).await.status, 413);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_given_up_after_a_minute() {
    let world = World::local().await;
    let length = 64 * 1024 * 1024;
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + length, b'x');
    world.rest.answer(answer);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "GET /services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\n\r\n",
        world.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    let taken = rest(stream).await.len();
    assert!((1..length).contains(&taken), "{taken} bytes");
}

#[tokio::test]
async fn while_some_requests_finish_others_are_answered_and_the_broker_is_not_ready() {
    let world = World::local().await;
    assert_eq!(world.get("/readyz").await.status, 200);
    // A request whose body is not there yet.
    let mut slow = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nContent-Length: 2\r\n\r\n",
        world.address
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    while world.salesforce.asked() == 0 {
        tokio::task::yield_now().await;
    }
    world.stop.send_replace(true);
    let mut ready = world.get("/readyz").await;
    while ready.status == 200 {
        ready = world.get("/readyz").await;
    }
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(ready.json()["status"], "draining");
    assert_eq!(world.get("/healthz").await.status, 200);
    let late = world.get("/services/data/y").await;
    assert_eq!(late.status, 200, "{late:?}");
    slow.write_all(b"{}").await.unwrap();
    let last = Reply::parse(&rest(slow).await);
    assert_eq!(last.status, 200, "{last:?}");
    while TcpStream::connect(world.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_broker_ready_to_tell_of_it() {
    let world = World::local().await;
    let body = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;
    world.salesforce.refuse(400, body);
    for connection in ["default", "prod"] {
        world
            .get(&format!("/v1/connections/{connection}/token"))
            .await;
    }
    let ready = world.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["usable"].as_u64()),
        (200, Some(2))
    );
    assert_eq!(world.salesforce.asked(), 2, "readiness asks nobody");
}
