//! Much of the same: connections that say nothing, frames of another protocol, endless bodies, and
//! paths made at random, against the broker as a process.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::broker::{Broker, FOLDER, Reply, cases, json};

const THROUGH: &str = "/v1/connections/default/proxy";

/// Lets this process have as many connections as the system allows; gives how many of `wanted`.
fn room(wanted: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let files = usize::try_from(limit.maximum.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    wanted.min(files.saturating_sub(1_000))
}

/// A number from the kernel's page on the broker, such as `VmHWM` in KiB; `None` where there is no
/// such page.
fn status_of(broker: &Broker, name: &str) -> Option<u64> {
    let path = format!("/proc/{}/status", broker.served.child.id());
    let page = std::fs::read_to_string(path).ok()?;
    let line = page.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().ok()
}

/// How many files the broker has open.
fn open_files(broker: &Broker) -> Option<usize> {
    let folder = format!("/proc/{}/fd", broker.served.child.id());
    Some(std::fs::read_dir(folder).ok()?.count())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the answer of a process has to come soon"
)]
fn is_alive_soon(broker: &Broker) -> Duration {
    let began = std::time::Instant::now();
    assert_eq!(broker.ask("GET /healthz", "").status, 200);
    began.elapsed()
}

#[test]
fn idle_connections_keep_nobody_from_asking_whether_it_is_alive() {
    idle("[listener]\nmax_connections = 1000\n", 1_500);
}

#[test]
#[ignore = "takes a quarter of a minute; a smaller one is above"]
fn ten_thousand_idle_connections_keep_nobody_from_asking_whether_it_is_alive() {
    idle("", 10_000);
}

fn idle(listener: &str, wanted: usize) {
    let broker = Broker::start(listener);
    let count = room(wanted);
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(TcpStream::connect(&broker.address).unwrap());
    }
    let taken = is_alive_soon(&broker);
    assert!(taken < Duration::from_secs(2), "{taken:?} with {count}");
    eprintln!("alive in {taken:?} with {count} idle connections");
    drop(open);
    while broker.ask("GET /readyz", "").status != 200 {}
}

#[test]
fn connections_that_are_reset_leave_nothing_behind() {
    reset(1_000);
}

#[test]
#[ignore = "takes a quarter of a minute; a smaller one is above"]
fn ten_thousand_connections_that_are_reset_leave_nothing_behind() {
    reset(10_000);
}

fn reset(count: usize) {
    let broker = Broker::start("");
    let before = open_files(&broker);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        for _ in 0..count {
            let stream = tokio::net::TcpStream::connect(&broker.address)
                .await
                .unwrap();
            stream.set_zero_linger().unwrap();
        }
    });
    assert_eq!(broker.ask("GET /healthz", "").status, 200);
    let Some(before) = before else {
        eprintln!("skipped: there is no /proc to count files in");
        return;
    };
    // The last ones may still be on their way out.
    while open_files(&broker).unwrap() > before + 8 {}
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend_from_slice(&[kind, flags, 0, 0, 0, u8::from(kind != 4)]);
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn frames_of_http_2_end_the_connection() {
    let broker = Broker::start("");
    let headers = frame(1, 4, &[0x82, 0x86, 0x84]);
    for (id, flood) in [
        (
            "h2-rapid-reset",
            [headers.clone(), frame(3, 0, &[0, 0, 0, 8])].concat(),
        ),
        ("h2-continuation", frame(9, 0, &[0x82])),
        ("h2-empty-data", frame(0, 0, &[])),
    ] {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend_from_slice(&frame(4, 0, &[]));
        bytes.extend_from_slice(&headers);
        bytes.extend_from_slice(&flood.repeat(100_000));
        let reply = Reply::parse(&broker.raw(&bytes));
        assert!(matches!(reply.status, 0 | 400), "{id} {reply:?}");
        assert!(broker.salesforce.take().is_empty(), "{id}");
        assert_eq!(broker.ask("GET /healthz", "").status, 200, "after {id}");
    }
}

#[test]
#[ignore = "takes ten real seconds; the library is tested for it with a clock that is set"]
fn a_body_that_drips_is_given_up() {
    let broker = Broker::start("");
    let mut stream = broker.connect();
    let host = &broker.address;
    let head = format!(
        "POST {THROUGH}/services/data/x HTTP/1.1\r\nHost: {host}\r\nAccredit-Request: true\r\nContent-Length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut dripping = stream.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        // Until the other side has enough of it.
        while dripping.write_all(b"a").is_ok() {
            #[expect(clippy::disallowed_methods, reason = "what is tested is to be slow")]
            std::thread::sleep(Duration::from_secs(5));
        }
    });
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert_eq!(Reply::parse(&answer).status, 408);
    assert!(broker.salesforce.take().is_empty());
    drop(stream);
    drip.join().unwrap();
}

#[test]
fn a_bomb_in_a_token_answer_takes_no_memory() {
    let script = "import gzip,sys; sys.stdout.buffer.write(gzip.compress(bytes(1<<20),9)*1024)";
    let Ok(made) = Command::new("python3").args(["-c", script]).output() else {
        eprintln!("skipped: python3 is not there");
        return;
    };
    let bomb = made.stdout;
    let broker = Broker::start("");
    assert_eq!(broker.ask("GET /readyz", "").status, 200);
    let before = status_of(&broker, "VmHWM");
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    answer.extend_from_slice(&bomb);
    broker.salesforce.give(Some(answer));
    let reply = broker.ask("GET /v1/connections/default/token", "");
    assert_eq!(reply.status, 502, "{reply:?}");
    let Some((before, after)) = before.zip(status_of(&broker, "VmHWM")) else {
        eprintln!("skipped: there is no /proc to see the memory in");
        return;
    };
    // The program itself, its TLS and its tables are part of it the first time.
    assert!(after - before < 8 * 1024, "{before} KiB, then {after} KiB");
    broker.salesforce.give(Some(json("{}")));
}

/// Makes targets and says of each whether it may be forwarded, by the statement of the rule.
const MAKE: &str = include_str!("broker_targets.py");

/// Targets made from a seed; none, with a word about it, where they cannot be made.
fn targets(seed: u64, count: usize) -> Vec<(String, String, bool)> {
    if cases("proxy_path_cases.json").is_none() {
        return Vec::new();
    }
    let mut command = Command::new("python3");
    command.args([
        "-B",
        "-c",
        MAKE,
        FOLDER,
        &seed.to_string(),
        &count.to_string(),
    ]);
    let Ok(made) = command.stderr(Stdio::inherit()).output() else {
        eprintln!("skipped: python3 is not there");
        return Vec::new();
    };
    let lines = String::from_utf8(made.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// One answer on a connection that stays open, if the other side keeps it so.
fn answer(reader: &mut BufReader<TcpStream>, method: &str) -> Option<(u16, bool)> {
    let (mut status, mut length, mut stays) = (0, 0, true);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().unwrap();
        } else if line == "connection: close" {
            stays = false;
        } else if line.is_empty() {
            break;
        }
    }
    if method != "HEAD" {
        std::io::copy(&mut reader.take(length), &mut std::io::sink()).unwrap();
    }
    Some((status, stays))
}

/// Sends them all and holds what arrives against the rule.
fn compare(seed: u64, count: usize) {
    let broker = Broker::start("");
    broker
        .salesforce
        .answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (mut connection, mut allowed) = (None, 0);
    let made = targets(seed, count);
    for (at, (method, target, may)) in made.iter().enumerate() {
        let way = if at % 4 == 0 { "" } else { THROUGH };
        let mut stream = connection
            .take()
            .unwrap_or_else(|| BufReader::new(broker.connect()));
        let host = &broker.address;
        let head = format!(
            "{method} {way}{target} HTTP/1.1\r\nHost: {host}\r\nAccredit-Request: true\r\n\r\n"
        );
        let _closed = stream.get_mut().write_all(head.as_bytes());
        let (status, stays) = answer(&mut stream, method).unwrap_or((0, false));
        connection = stays.then_some(stream);
        let arrived = broker.salesforce.take();
        if *may {
            allowed += 1;
            let line = format!("{method} {target} HTTP/1.1\r\n");
            assert_eq!((status, arrived.len()), (200, 1), "{method} {target}");
            assert!(arrived[0].starts_with(&line), "{target} {arrived:?}");
        } else {
            assert!(arrived.is_empty(), "{method} {target} {arrived:?}");
            assert!(matches!(status, 0 | 400..), "{method} {target} {status}");
        }
    }
    eprintln!("{} targets, {allowed} of them forwarded", made.len());
    assert!(
        made.is_empty() || allowed > count / 20,
        "too few are allowed to tell anything"
    );
}

#[test]
fn targets_made_at_random_go_on_as_the_rule_says() {
    compare(1, 3_000);
}

#[test]
#[ignore = "takes minutes"]
fn very_many_targets_made_at_random_go_on_as_the_rule_says() {
    for seed in 2..22 {
        compare(seed, 10_000);
    }
}
