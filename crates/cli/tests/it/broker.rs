//! The broker as a process, with a scripted Salesforce behind it and callers made of bytes.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Program, key};
use crate::serve::Served;

/// What the scripted Salesforce answers where it was told nothing.
const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";

/// The longest that a test waits for an answer before it is taken for none.
const PATIENCE: Duration = Duration::from_secs(60);

/// A token endpoint and a REST API that remember what arrived.
#[derive(Debug, Default)]
pub(crate) struct Salesforce {
    pub(crate) url: String,
    requests: Mutex<Vec<String>>,
    asked: AtomicUsize,
    connections: AtomicUsize,
    answer: Mutex<Option<Vec<u8>>>,
    token: Mutex<Option<Vec<u8>>>,
}

impl Salesforce {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            ..Self::default()
        });
        let serving = Arc::clone(&this);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (Arc::clone(&serving), stream.unwrap());
                thread::spawn(move || serving.converse(stream));
            }
        });
        this
    }

    /// What the REST API answers from now on.
    pub(crate) fn answer(&self, bytes: impl Into<Vec<u8>>) {
        *self.answer.lock().unwrap() = Some(bytes.into());
    }

    /// What the token endpoint answers from now on; `None`: a token.
    pub(crate) fn give(&self, bytes: Option<Vec<u8>>) {
        *self.token.lock().unwrap() = bytes;
    }

    /// How many token requests came.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many connections to the REST API there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What arrived at the REST API since this was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    fn converse(&self, mut stream: TcpStream) {
        let (mut bytes, mut is_known) = (Vec::new(), false);
        loop {
            let mut more = [0; 16 * 1024];
            while length(&bytes).is_none_or(|length| bytes.len() < length) {
                match stream.read(&mut more) {
                    Ok(0) | Err(_) => return,
                    Ok(count) => bytes.extend_from_slice(&more[..count]),
                }
            }
            let rest = bytes.split_off(length(&bytes).unwrap());
            let request = String::from_utf8_lossy(&bytes).into_owned();
            bytes = rest;
            let answer = match request.starts_with("POST /services/oauth2/token ") {
                true => self.token(),
                false => {
                    let first = usize::from(!std::mem::replace(&mut is_known, true));
                    self.connections.fetch_add(first, Ordering::SeqCst);
                    self.requests.lock().unwrap().push(request);
                    let told = self.answer.lock().unwrap().clone();
                    told.unwrap_or_else(|| OK.to_vec())
                }
            };
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    }

    fn token(&self) -> Vec<u8> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let told = self.token.lock().unwrap().clone();
        told.unwrap_or_else(|| {
            let body = format!(
                r#"{{"access_token":"00Dcanary!TOKEN{number}","instance_url":"{}","token_type":"Bearer"}}"#,
                self.url
            );
            json(&body)
        })
    }
}

/// An answer with a body in JSON.
pub(crate) fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// How long the request at the beginning is, once that is known.
fn length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if text.contains("transfer-encoding: chunked") {
        let rest = &bytes[head..];
        let end = rest.windows(5).position(|five| five == b"0\r\n\r\n")?;
        return Some(head + end + 5);
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    Some(head + length.map_or(0, |length| length.trim().parse::<usize>().unwrap()))
}

/// An answer, taken apart; status 0 stands for none.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }
}

/// A broker and its Salesforce.
pub(crate) struct Broker {
    pub(crate) salesforce: Arc<Salesforce>,
    pub(crate) address: String,
    pub(crate) served: Served,
    _program: Program,
}

impl Broker {
    /// With two connections, and with what `more` adds to the configuration.
    pub(crate) fn start(more: &str) -> Self {
        Self::start_in(Program::new(), more)
    }

    /// The same with the environment of `program`.
    pub(crate) fn start_in(program: Program, more: &str) -> Self {
        let salesforce = Salesforce::start();
        let connection = |name: &str| {
            format!(
                "[connections.{name}]\nclient_id = \"3MVG9\"\nusername = \"{name}@example.com\"\nlogin_url = \"{}\"\nkey = \"{}\"\n",
                salesforce.url,
                key().display()
            )
        };
        let text = format!("{}{}{more}", connection("default"), connection("prod"));
        program.write("broker.toml", text.as_bytes());
        let served = Served::start(
            &program,
            "serve --config broker.toml --listen 127.0.0.1:0 -q",
        );
        Self {
            salesforce,
            address: served.url.strip_prefix("http://").unwrap().to_owned(),
            served,
            _program: program,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes on a connection of their own and reads until the other side ends it.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that refuses early need not read all of it.
        let _refused = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        answer
    }

    /// A request with `headers` besides Host, Accredit-Request and Connection.
    pub(crate) fn ask(&self, line: &str, headers: &str) -> Reply {
        let host = &self.address;
        let text = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nAccredit-Request: true\r\nConnection: close\r\n{headers}\r\n"
        );
        Reply::parse(&self.raw(text.as_bytes()))
    }
}

/// Where the cases are.
pub(crate) const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/derived/"
);

/// A file of cases, or `None` with a word about it where the folder is not.
pub(crate) fn cases(name: &str) -> Option<Value> {
    match std::fs::read(format!("{FOLDER}{name}")) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            eprintln!("skipped: {FOLDER}{name}: {error}");
            None
        }
    }
}

/// A member of a case as text.
pub(crate) fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

/// The headers of a case as they go over the wire.
pub(crate) fn headers(case: &Value) -> String {
    let list = case["headers"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|pair| {
            format!(
                "{}: {}\r\n",
                pair[0].as_str().unwrap(),
                pair[1].as_str().unwrap()
            )
        })
        .collect()
}
