//! Streams of bytes that are meant to be taken for something else.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::vectors::{cases, text};
use crate::world::{Reply, World};

#[tokio::test(start_paused = true)]
async fn no_stream_of_bytes_smuggles_a_request() {
    let Some(file) = cases("http1_raw_cases.json") else {
        return;
    };
    let world = World::local().await;
    let port = world.address.port().to_string();
    for case in file["cases"].as_array().unwrap() {
        let (id, bytes) = (text(case, "id"), text(case, "bytes"));
        if bytes.contains("<gen:") {
            continue;
        }
        // With the header that lets a request in, so that it is the framing that is judged.
        let allowed = bytes
            .replace(
                "127.0.0.1:8089\r\n",
                &format!("127.0.0.1:{port}\r\nAccredit-Request: true\r\n"),
            )
            .replace(
                "Host: x\r\n",
                &format!("Host: 127.0.0.1:{port}\r\nAccredit-Request: true\r\n"),
            );
        let latin: Vec<u8> = allowed.chars().map(|c| c as u32 as u8).collect();
        let answer = world.raw(&latin).await;
        let replies = String::from_utf8_lossy(&answer)
            .matches("HTTP/1.1 ")
            .count();
        let reply = Reply::parse(&answer);
        let arrived = world.rest.take();
        assert!(
            !arrived.iter().any(|one| one.contains("/setup")),
            "{id} {arrived:?}"
        );
        assert!(
            !arrived.iter().any(|one| one.contains("Bearer x")),
            "{id} {arrived:?}"
        );
        assert_ne!(reply.status, 101, "{id}");
        match id {
            "pipelined" => assert_eq!((replies, arrived.len()), (2, 2), "{id}"),
            "h2c" | "trailer-authz" => {
                assert_eq!((reply.status, arrived.len()), (200, 1), "{id} {reply:?}")
            }
            "cl-underscore" | "http10-no-cl" => {
                assert!(arrived.iter().all(|one| !one.contains("abcde")), "{id}")
            }
            _ => {
                assert!(reply.status == 400 || reply.status == 0, "{id} {reply:?}");
                assert!(arrived.is_empty(), "{id} {arrived:?}");
            }
        }
        let after = world.get("/healthz").await;
        assert_eq!(after.status, 200, "after {id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up() {
    let world = World::local().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\nContent-Length: 1000\r\n\r\na",
        world.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _reset = tokio::time::timeout(Duration::from_secs(60), read)
        .await
        .unwrap();
    assert_eq!(
        Reply::parse(&answer).status,
        408,
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(world.rest.take().is_empty());
}
