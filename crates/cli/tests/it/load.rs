//! The broker under load: it ends without dropping a request, and streams without holding a body.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::Program;
use crate::serve::{Served, org};
use crate::server::{read_head, token_body};

/// How a request under load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// With the whole of a 200.
    Answered,
    /// Nobody listened any more, or the answer before said that it was the last.
    Over,
    /// The system took the connection in the instant in which the listener was closed, and reset it
    /// before a byte of an answer: no process can see those, and they are safe to send again.
    Untaken,
    /// After it was taken, without the whole of an answer.
    Dropped,
}

/// How many connections may come in that instant.
const UNTAKEN_MAX: usize = 3;

fn ask(address: &str, path: &str) -> Ended {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return Ended::Over;
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n"
    );
    let mut answer = Vec::new();
    let asked = stream.write_all(request.as_bytes());
    let read = asked.and_then(|()| stream.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer);
    let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
        head.starts_with("http/1.1 200") && length.is_none_or(|length| length == body.len())
    });
    match (read.is_ok() && whole, read.is_err() && answer.is_empty()) {
        (true, _) => Ended::Answered,
        (false, true) => Ended::Untaken,
        (false, false) => Ended::Dropped,
    }
}

/// Asks on one connection until it is told that an answer is the last.
fn keep_asking(address: &str, path: &str, answered: &AtomicUsize) -> Ended {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\n\r\n");
    loop {
        let asked = stream.write_all(request.as_bytes());
        let head = asked.ok().and_then(|()| read_head(&mut stream));
        let Some((head, length)) = head.filter(|(head, _)| head.starts_with("HTTP/1.1 200")) else {
            return Ended::Dropped;
        };
        let body = std::io::copy(&mut (&stream).take(length), &mut std::io::sink());
        if body.unwrap() < length {
            return Ended::Dropped;
        }
        answered.fetch_add(1, Ordering::SeqCst);
        if head.to_ascii_lowercase().contains("connection: close") {
            return Ended::Over;
        }
    }
}

#[test]
fn a_signal_under_load_drops_no_request_and_ends_the_process_in_time() {
    let (emulator, program) = org();
    let log = File::create(program.folder().join("log")).unwrap();
    let mut broker = Served::start_with(&program, "serve --listen 127.0.0.1:0", log);
    let address = broker.url.trim_start_matches("http://").to_owned();
    let query =
        "/v1/connections/default/proxy/services/data/v65.0/query?q=SELECT+Id+FROM+Account+LIMIT+1";
    let token = "/v1/connections/default/token";
    assert_eq!(ask(&address, query), Ended::Answered);
    // Some are under way for a while when the signal comes.
    let slow = [
        "emulator fault add latency --milliseconds 700",
        "--path /services/data/** --nth 20 --count 20",
    ];
    program.line(&slow.join(" ")).succeeds();
    let answered = AtomicUsize::new(0);
    let (ends, took) = thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|number| {
                let path = if number % 2 == 0 { token } else { query };
                let (address, answered) = (&address, &answered);
                scope.spawn(move || {
                    if number % 4 == 0 {
                        return keep_asking(address, path, answered);
                    }
                    loop {
                        match ask(address, path) {
                            Ended::Answered => drop(answered.fetch_add(1, Ordering::SeqCst)),
                            ended => return ended,
                        }
                    }
                })
            })
            .collect();
        while answered.load(Ordering::SeqCst) < 300 {
            thread::yield_now();
        }
        broker.signal(Signal::TERM);
        #[expect(clippy::disallowed_methods, reason = "real time is what is tested")]
        let began = std::time::Instant::now();
        assert_eq!(broker.child.wait().unwrap().code(), Some(0));
        let took = began.elapsed();
        let ends = clients.into_iter().map(|client| client.join().unwrap());
        (ends.collect::<Vec<_>>(), took)
    });
    let count = |wanted| ends.iter().filter(|end| **end == wanted).count();
    let answered = answered.load(Ordering::SeqCst);
    assert_eq!(count(Ended::Dropped), 0, "of {answered}");
    assert!(count(Ended::Untaken) <= UNTAKEN_MAX, "{ends:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(emulator);
}

/// How much passes through, and how much more memory may be used at its peak than before.
const LENGTH: usize = 64 * 1024 * 1024;
const GROWTH_MAX: u64 = 16 * 1024;

/// A Salesforce that takes and gives bodies of any length.
fn generous() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let own = own.clone();
            thread::spawn(move || serve(stream.unwrap(), &own));
        }
    });
    url
}

fn serve(mut stream: TcpStream, own: &str) -> Option<()> {
    loop {
        let (head, length) = read_head(&mut stream)?;
        let taken = std::io::copy(&mut (&stream).take(length), &mut std::io::sink());
        if taken.ok()? < length {
            return None;
        }
        let body = token_body(own);
        let (length, body) = match head.split(' ').next()? {
            "POST" => (body.len(), body.as_bytes()),
            "PUT" => (2, &b"{}"[..]),
            _ => (LENGTH, &[][..]),
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let rest = (length - body.len()) as u64;
        std::io::copy(&mut std::io::repeat(b'x').take(rest), &mut stream).ok()?;
    }
}

/// The most memory that a process has used so far, in KiB.
fn peak(broker: &Served) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", broker.child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn long_bodies_pass_both_ways_in_flat_memory() {
    let program = Program::signing_in_at(&generous());
    let log = File::create(program.folder().join("log")).unwrap();
    let broker = Served::start_with(&program, "serve --listen 127.0.0.1:0", log);
    let address = broker.url.trim_start_matches("http://");
    let proxied = "/v1/connections/default/proxy/services/data/v65.0/x";
    let converse = |method: &str, length: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "{method} {proxied} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let body = std::io::repeat(b'x').take(length as u64);
        std::io::copy(&mut { body }, &mut stream).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap()
    };
    converse("PUT", 1024);
    let Some(before) = peak(&broker) else {
        return crate::skip::skipped("there is no /proc");
    };
    converse("PUT", LENGTH);
    assert!(converse("GET", 0) > LENGTH as u64, "all of it arrived");
    let after = peak(&broker).unwrap();
    assert!(
        after - before < GROWTH_MAX,
        "{before} KiB, then {after} KiB"
    );
}
