//! How long it takes to put an org with many records back, and to start one.
//!
//! `cargo bench -p accredit-emulator --bench reset`. Rows, reset and restore are those of an org
//! with 17,000 contacts that were loaded as CSV; start is everything from nothing to answering
//! requests.

#![expect(clippy::expect_used, reason = "a benchmark without its data stops")]

use accredit_emulator::store::Place;
use accredit_emulator::{App, Emulator, LoadFile, routes};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use divan::Bencher;
use http::Request;
use std::net::SocketAddr;
use tower::ServiceExt as _;

/// Records of the org.
const ROWS: usize = 17_000;

fn main() {
    divan::main();
}

fn files() -> Vec<LoadFile> {
    let rows = (0..ROWS).map(|number| {
        format!("First{number},Last{number},c{number}@example.com,+1 555 0100,1990-01-31\n")
    });
    let content = "FirstName,LastName,Email,Phone,Birthdate\n".to_owned();
    vec![LoadFile {
        path: "Contact.csv".to_owned(),
        content: content + &rows.collect::<String>(),
        object: None,
    }]
}

/// An org with its rows loaded, at `place`.
fn loaded(place: Place) -> App {
    let app = Emulator::builder().place(place).open().expect("an org");
    let report = app.load(&files()).expect("rows that fit");
    assert_eq!(report.records.get("Contact"), Some(&ROWS));
    app
}

/// Asks the management API as a program on this machine does.
fn manage(runtime: &tokio::runtime::Runtime, router: &Router, method: &str, path: &str) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/_emulator{path}"))
        .header("host", "localhost")
        .body(Body::empty())
        .expect("a request");
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
    request.extensions_mut().insert(peer);
    let reply = runtime.block_on(router.clone().oneshot(request));
    assert!(reply.expect("a reply").status().is_success());
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().expect("a runtime")
}

#[divan::bench]
fn reset_in_memory(bencher: Bencher<'_, '_>) {
    let (runtime, router) = (runtime(), routes(loaded(Place::Memory)));
    bencher.bench_local(|| manage(&runtime, &router, "POST", "/reset"));
}

#[divan::bench]
fn restore_in_memory(bencher: Bencher<'_, '_>) {
    let (runtime, router) = (runtime(), routes(loaded(Place::Memory)));
    manage(&runtime, &router, "PUT", "/snapshots/bench");
    bencher.bench_local(|| manage(&runtime, &router, "POST", "/snapshots/bench/restore"));
}

#[divan::bench]
fn reset_in_a_file(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::File(folder.path().join("org.db"));
    let (runtime, router) = (runtime(), routes(loaded(place)));
    bencher.bench_local(|| manage(&runtime, &router, "POST", "/reset"));
}

#[divan::bench(sample_count = 5)]
fn load(bencher: Bencher<'_, '_>) {
    let files = files();
    bencher
        .with_inputs(|| Emulator::builder().open().expect("an org"))
        .bench_local_values(|app| app.load(&files).expect("rows that fit").records.len());
}

#[divan::bench]
fn start(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    bencher.bench_local(|| {
        let emulator = runtime.block_on(Emulator::builder().start());
        std::net::TcpStream::connect(emulator.expect("an emulator").address()).expect("an answer")
    });
}
