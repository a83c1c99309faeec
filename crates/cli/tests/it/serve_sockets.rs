//! `accredit serve` on sockets that systemd opened, where its tool for trying that out is there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{BINARY, Program, key};
use crate::serve::{REQUIRED, Served, get};
use crate::skip::skipped;

const CONNECTION: &str = "[connections.default]\nclient_id = \"a\"\nusername = \"u@example.com\"\nlogin_url = \"http://127.0.0.1:1\"\nkey = \"server.key\"\n";

/// Starts `accredit serve` with these sockets, once somebody connects to one of them.
fn activate(program: &Program, sockets: &[&str]) -> Option<Child> {
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    let listen = sockets.iter().flat_map(|socket| ["--listen", socket]);
    let child = Command::new("systemd-socket-activate")
        .args(listen)
        .args([BINARY, "serve", "--config", "broker.toml"])
        .current_dir(program.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    child
        .map_err(|error| skipped(format_args!("systemd-socket-activate: {error}")))
        .ok()
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn ask_unix(path: &Path) -> String {
    let mut stream = loop {
        if let Ok(stream) = UnixStream::connect(path) {
            break stream;
        }
        std::thread::yield_now();
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn sockets_of_systemd_take_the_place_of_the_configured_ones_and_stay() {
    let program = Program::new();
    let (address, path) = (free_address(), program.folder().join("handed.sock"));
    // Neither could be opened here: what was handed over is taken in their place.
    let listener = "[listener]\naddress = \"192.0.2.1:1\"\nsocket = \"nowhere/broker.sock\"\n";
    program.write("broker.toml", format!("{listener}{CONNECTION}").as_bytes());
    let sockets = [address.to_string(), path.to_str().unwrap().to_owned()];
    let Some(child) = activate(&program, &[&sockets[0], &sockets[1]]) else {
        return;
    };
    let answer = ask_unix(&path);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let broker = Served::of(child);
    assert_eq!(broker.url, format!("http://{address}"));
    let (status, _, body) = get(&format!("{}/healthz", broker.url), &[REQUIRED]);
    assert_eq!(status, 200, "{body}");
    let run = broker.stop();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(path.exists(), "whoever opened it keeps it");
}

#[test]
fn what_is_handed_over_is_held_to_the_same_rules() {
    let program = Program::new();
    program.write("broker.toml", CONNECTION.as_bytes());
    let path = program.folder().join("first.sock");
    let port = free_address().port();
    let sockets = [format!("0.0.0.0:{port}"), path.to_str().unwrap().to_owned()];
    let Some(mut child) = activate(&program, &[&sockets[0], &sockets[1]]) else {
        return;
    };
    while UnixStream::connect(&path).is_err() {
        std::thread::yield_now();
    }
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{said}");
    assert!(said.contains("no caller is configured"), "{said}");
}

#[test]
fn sockets_that_were_meant_for_another_process_are_left_alone() {
    let program = Program::signing_in_at("http://127.0.0.1:1")
        .with("LISTEN_PID", "1")
        .with("LISTEN_FDS", "1");
    let broker = Served::start(&program, "serve --listen 127.0.0.1:0");
    let pid = Pid::from_child(&broker.child);
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(broker.stop().code, 0);
}
