//! One login for everybody.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use crate::salesforce::OVER;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cold_callers_make_one_login() {
    let world = Arc::new(World::local().await);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let world = world.clone();
        all.spawn(async move { world.get("/v1/connections/default/token").await.status });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn who_connected_before_the_stop_is_answered() {
    let world = World::local().await;
    let request = format!(
        "GET /v1/connections/default/token HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\n\r\n",
        world.address
    );
    // On one thread, nobody accepts these before the broker is told to stop.
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = std::net::TcpStream::connect(world.address).unwrap();
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        streams.push(tokio::net::TcpStream::from_std(stream).unwrap());
    }
    world.stop.send_replace(true);
    for mut stream in streams {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_for_many_at_once_is_renewed_once_and_each_asks_again_once() {
    let world = Arc::new(World::local().await);
    assert_eq!(world.get("/v1/connections/default/token").await.status, 200);
    world.rest.kill("00Dcanary!TOKEN1");
    world.pause();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let world = world.clone();
        all.spawn(async move {
            world
                .get("/v1/connections/default/proxy/services/data/x")
                .await
                .status
        });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(world.salesforce.asked(), 2);
    let requests = world.rest.take();
    let again = requests.iter().filter(|one| one.contains("TOKEN2")).count();
    assert_eq!(again, 1_000);
    assert!(requests.len() <= 2_000, "{}", requests.len());
}

#[tokio::test]
async fn a_session_that_is_always_dead_leaves_most_of_the_login_budget() {
    let world = World::local().await;
    world.rest.answer(OVER);
    for _ in 0..1_200 {
        let before = (world.salesforce.asked(), world.rest.take().len());
        let reply = world
            .get("/v1/connections/default/proxy/services/data/x")
            .await;
        assert!([401, 503].contains(&reply.status), "{reply:?}");
        let (logins, sent) = (world.salesforce.asked() - before.0, world.rest.take().len());
        // The first of all signs in before it can be told that the session is dead.
        assert!(logins <= 1 + usize::from(before.0 == 0) && sent <= 2);
        world.pass(Duration::from_secs(3));
    }
    assert!((10..=20).contains(&world.salesforce.asked()));
}

#[tokio::test]
async fn an_answer_that_is_known_is_given_without_asking_anybody() {
    let world = World::local().await;
    for (status, body, code) in [
        (400, r#"{"error":"invalid_grant"}"#, 502),
        (503, "<html>", 502),
    ] {
        world.salesforce.refuse(status, body);
        // Until the breaker is open, whatever the failure is.
        for _ in 0..10 {
            world.pass(Duration::from_secs(61));
            assert_eq!(token(&world).await, code);
        }
        let asked = world.salesforce.asked();
        for _ in 0..50 {
            assert_eq!(token(&world).await, 503);
        }
        assert_eq!(world.salesforce.asked(), asked);
        world.rest.answer(OVER);
        *world.salesforce.refusal.lock().unwrap() = None;
    }
    assert!(world.rest.take().is_empty());
}

async fn token(world: &World) -> u16 {
    world.get("/v1/connections/default/token").await.status
}
