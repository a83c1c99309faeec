//! A client that asks at a steady rate, whatever the answers take: `bench/broker` learns from it
//! what the proxy adds to a request. The time of a request counts from the moment at which it was
//! due, so that a server that stalls is charged for everybody who waits.
//!
//! `paced_client URL RATE SECONDS [HEADER:VALUE]...` prints the middle and the 99th percentile in
//! microseconds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool of measurement that stops at whatever is odd"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, rate, seconds, headers @ ..] = arguments.as_slice() else {
        panic!("paced_client URL RATE SECONDS [HEADER:VALUE]...")
    };
    let (rate, seconds): (u32, u32) = (rate.parse().unwrap(), seconds.parse().unwrap());
    let mut request = Request::get(url);
    for header in headers {
        let (name, value) = header.split_once(':').unwrap();
        request = request.header(name, value.trim());
    }
    let request = Arc::new(request.body(Empty::<Bytes>::new()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut spans = runtime.block_on(ask(&request, rate, rate * seconds));
    spans.sort_unstable();
    let at = |share: usize| spans.get(spans.len() * share / 100).unwrap().as_micros();
    println!("{} {}", at(50), at(99));
}

/// Asks `count` times and gives how long each took.
async fn ask(request: &Arc<Request<Empty<Bytes>>>, rate: u32, count: u32) -> Vec<Duration> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for number in 0..count {
        let due = began + Duration::from_secs(1) * number / rate;
        tokio::time::sleep_until(due.into()).await;
        let (client, request) = (client.clone(), Arc::clone(request));
        asked.spawn(async move {
            let answer = client.request(Request::clone(&request)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            answer.into_body().collect().await.unwrap();
            due.elapsed()
        });
    }
    asked.join_all().await
}
