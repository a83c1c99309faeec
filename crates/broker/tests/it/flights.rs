//! One login for everybody.

use std::sync::Arc;

use tokio::io::AsyncReadExt as _;

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
    for _ in 0..300 {
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
    assert_eq!(again, 300);
    assert!(requests.len() <= 600, "{}", requests.len());
}
