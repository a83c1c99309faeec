//! `accredit serve` between its start and its end: what changes, and who is waited for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::process::ChildStderr;
use std::sync::mpsc::{Receiver, channel};

use rustix::process::Signal;

use crate::program::{Program, key};
use crate::serve::{REQUIRED, Served, get};
use crate::server::{json, read_request};
use crate::skip::skipped;

const CONNECTION: &str = "[connections.default]\nclient_id = \"a\"\nusername = \"u@example.com\"\nlogin_url = \"http://127.0.0.1:1\"\n";

/// A program whose connection has the key that `reference` names.
fn program(reference: &str) -> Program {
    let program = Program::new();
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    program.write(
        "broker.toml",
        format!("{CONNECTION}key = \"{reference}\"\n").as_bytes(),
    );
    program
}

const SERVE: &str = "serve --config broker.toml --listen 127.0.0.1:0";

/// The log of a broker, line by line.
struct Log(BufReader<ChildStderr>);

impl Log {
    fn of(broker: &mut Served) -> Self {
        Self(BufReader::new(broker.child.stderr.take().unwrap()))
    }

    /// Everything up to the line with `part`.
    fn until(&mut self, part: &str) -> String {
        let mut text = String::new();
        while !text.contains(part) {
            assert!(
                self.0.read_line(&mut text).unwrap() > 0,
                "no {part}: {text}"
            );
        }
        text
    }

    fn rest(mut self) -> String {
        let mut text = String::new();
        self.0.read_to_string(&mut text).unwrap();
        text
    }
}

/// A vault that gives its key `count` times, and then takes requests without a word. Says when it
/// is asked.
fn vault(count: usize) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pem = std::fs::read_to_string(key()).unwrap();
    let body = serde_json::json!({"data": {"data": {"key": pem}}}).to_string();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let _request = read_request(&stream);
            if number < count {
                stream.write_all(&json(200, &body)).unwrap();
            } else {
                silent.push(stream);
            }
            // The test is over if nobody listens.
            let _over = sender.send(());
        }
    });
    (url, asked)
}

#[test]
fn a_change_right_after_the_start_is_taken_over() {
    let program = program("server.key").with("ACCREDIT_LOG", "info");
    let mut broker = Served::start(&program, SERVE);
    let mut log = Log::of(&mut broker);
    let made = program.line("serve key new");
    let (_, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    let caller = format!("[callers.a]\nkey_hash = \"{hash}\"\nconnections = \"*\"\n");
    program.write(
        "broker.toml",
        format!("{CONNECTION}key = \"server.key\"\n{caller}").as_bytes(),
    );
    log.until("the configuration was read again");
    let token = format!("{}/v1/connections/default/token", broker.url);
    assert_eq!(get(&token, &[REQUIRED]).0, 401);
}

#[test]
fn a_signal_to_end_does_not_wait_for_a_vault_that_is_silent() {
    let (url, asked) = vault(1);
    let program = program("vault:secret/app#key")
        .with("VAULT_ADDR", &url)
        .with("VAULT_TOKEN", "hvs.demo")
        .with("ACCREDIT_LOG", "info");
    let mut broker = Served::start(&program, SERVE);
    let log = Log::of(&mut broker);
    asked.recv().unwrap();
    broker.signal(Signal::HUP);
    asked.recv().unwrap();
    let run = broker.stop();
    let said = log.rest();
    assert_eq!(run.code, 0, "{said}");
    assert!(
        !said.contains("stays as it was"),
        "the vault was waited for: {said}"
    );
}

#[test]
fn a_signal_to_end_is_heard_while_the_first_keys_are_read() {
    let (url, asked) = vault(0);
    let program = program("vault:secret/app#key")
        .with("VAULT_ADDR", &url)
        .with("VAULT_TOKEN", "hvs.demo");
    let mut child = program.start(SERVE);
    asked.recv().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
}

#[test]
fn what_is_in_memory_reaches_no_core_dump() {
    let program = program("server.key");
    let broker = Served::start(&program, SERVE);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", broker.child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(words.get(4..6), Some(&["0", "0"][..]), "{limits}");
}

#[test]
fn who_listens_for_other_machines_without_tls_is_warned_and_a_platform_is_not() {
    let made = Program::new().line("serve key new");
    let (_, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    let in_the_clear = "cross the network in the clear";
    let said_of = |program: &Program, line: &str| {
        let run = Served::start(program, line).stop();
        assert_eq!(run.code, 0, "{run:?}");
        run.stderr.contains(in_the_clear)
    };
    let program =
        Program::signing_in_at("http://127.0.0.1:1").with("ACCREDIT_CALLER_KEY_HASH", hash);
    assert!(said_of(&program, "serve --listen 0.0.0.0:0"));
    assert!(!said_of(&program, "serve --listen 127.0.0.1:0"));
    assert!(!said_of(&program.with("PORT", "0"), "serve"));
}

#[test]
fn the_folder_of_the_socket_belongs_to_nobody_else() {
    let program = program("server.key");
    let folder = program.folder().join("theirs");
    std::fs::create_dir(&folder).unwrap();
    if let Err(error) = chown(&folder, Some(12_345), None) {
        return skipped(format_args!("a folder of another user: {error}"));
    }
    let listener = "[listener]\naddress = \"127.0.0.1:0\"\nsocket = \"theirs/broker.sock\"\n";
    program.write(
        "broker.toml",
        format!("{listener}{CONNECTION}key = \"server.key\"\n").as_bytes(),
    );
    let run = program.line("serve --config broker.toml");
    run.fails(3, "belongs to another user (id 12345)");
}

#[test]
fn each_request_is_a_span_with_who_what_and_how_long_and_no_secret() {
    let made = Program::new().line("serve key new");
    let (word, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    let program = program("server.key").with("ACCREDIT_LOG", "accredit_broker=debug");
    let caller = format!("[callers.billing]\nkey_hash = \"{hash}\"\nconnections = \"*\"\n");
    program.write(
        "broker.toml",
        format!("{CONNECTION}key = \"server.key\"\n{caller}").as_bytes(),
    );
    let mut broker = Served::start(&program, SERVE);
    let mut log = Log::of(&mut broker);
    let bearer = format!("Bearer {word}");
    let path = "/v1/connections/default/proxy/services/apexrest/canary-path?q=canary-query";
    let headers = [REQUIRED, ("Authorization", bearer.as_str())];
    assert_eq!(get(&format!("{}{path}", broker.url), &headers).0, 403);
    let text = log.until("status=403");
    let line = text.lines().last().unwrap();
    for part in [
        "route=\"proxy\"",
        "caller=\"billing\"",
        "connection=\"default\"",
        "time.busy=",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!text.contains("canary") && !text.contains(word), "{text}");
}
