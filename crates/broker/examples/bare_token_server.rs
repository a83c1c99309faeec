//! The least that a server of cached tokens can do: axum answers every request with the same
//! bytes. No callers, no policy, no audit log, no metrics. `bench/broker` runs it as the floor
//! beside `accredit serve`.
//!
//! `bare_token_server FILE` prints its address and serves FILE until it is stopped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a floor to measure against, not a program to copy"
)]

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let body = Bytes::from(std::fs::read(file).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let token = get(move || async move { ([(CONTENT_TYPE, "application/json")], body) });
        let router = Router::new().route("/v1/connections/{name}/token", token);
        axum::serve(listener, router).await.unwrap();
    });
}
