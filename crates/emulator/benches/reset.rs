//! How long it takes to put an org with many records back, and to start one.
//!
//! `cargo bench -p accredit-emulator --bench reset`. Rows, reset and restore are those of NPSP with
//! its 17,285 rows where its folder is there, else those of an org with 17,000 contacts; start is
//! everything from nothing to answering requests.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark says what it measures, and stops without its data"
)]

use accredit_emulator::store::Place;
use accredit_emulator::{App, Emulator, LoadFile, is_loadable, is_searched, routes};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use divan::Bencher;
use http::Request;
use std::net::SocketAddr;
use std::path::Path;
use tower::ServiceExt as _;

/// Records of the org.
const ROWS: usize = 17_000;

fn main() {
    divan::main();
}

/// The folder of an org with metadata and rows.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/orgs/npsp");

/// What is loaded: the folder, or else a table.
fn files() -> Vec<LoadFile> {
    let mut files = Vec::new();
    collect(Path::new(FOLDER), &mut files);
    if files.is_empty() {
        println!("no folder {FOLDER}: a table of {ROWS} contacts stands in for it");
        return table();
    }
    files
}

fn collect(folder: &Path, files: &mut Vec<LoadFile>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if is_searched(&name.to_string_lossy()) {
                collect(&path, files);
            }
        } else if is_loadable(&path.to_string_lossy()) {
            files.push(LoadFile {
                content: std::fs::read_to_string(&path).expect("text"),
                path: path.to_string_lossy().into_owned(),
                object: None,
            });
        }
    }
}

fn table() -> Vec<LoadFile> {
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
    assert!(report.records.values().sum::<usize>() >= ROWS);
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
