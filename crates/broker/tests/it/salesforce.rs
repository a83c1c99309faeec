//! A scripted Salesforce: a token endpoint without sockets, a REST API with one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::key::{PublicKey, Signer};
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Signs with zeros: what is signed does not matter here.
#[derive(Debug)]
pub(crate) struct Zeros(pub(crate) PublicKey);

impl Signer for Zeros {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(std::future::ready(Ok(vec![0; 256])))
    }
}

/// The token endpoint: gives numbered tokens, or what it was told to answer, which
/// with a status of 0 is nothing.
#[derive(Debug, Default)]
pub(crate) struct TokenEndpoint {
    pub(crate) instance_url: Mutex<String>,
    pub(crate) asked: AtomicUsize,
    pub(crate) refusal: Mutex<Option<(u16, String)>>,
}

impl TokenEndpoint {
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn refuse(&self, status: u16, body: &str) {
        *self.refusal.lock().unwrap() = Some((status, body.to_owned()));
    }
}

impl HttpClient for TokenEndpoint {
    fn send(&self, _: Request<Vec<u8>>) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let (status, body) = self.refusal.lock().unwrap().clone().unwrap_or_else(|| {
            let instance = self.instance_url.lock().unwrap();
            let body = format!(
                r#"{{"access_token":"00Dcanary!TOKEN{number}","instance_url":"{instance}","id":"https://login.salesforce.com/id/00D/005","token_type":"Bearer"}}"#
            );
            (200, body)
        });
        if status == 0 {
            return Box::pin(std::future::ready(Err(Error::transport("no reply"))));
        }
        let reply = Response::builder()
            .status(status)
            .header("set-cookie", "BrowserId=x")
            .body(body.into_bytes())
            .unwrap();
        Box::pin(async move {
            // Others get a chance to ask as well.
            tokio::task::yield_now().await;
            Ok(reply)
        })
    }
}

/// The REST API: keeps the bytes of every request, and answers with what it was told.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) requests: Mutex<Vec<String>>,
    answer: Mutex<Vec<u8>>,
    over: Mutex<Vec<u8>>,
    /// Tokens that end in this are over.
    dead: Mutex<Vec<String>>,
}

/// The answer where none was told.
const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";

/// The answer to a session that is over.
pub(crate) const OVER: &str = concat!(
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 75\r\n\r\n",
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#
);

impl Rest {
    pub(crate) fn new() -> Self {
        Self {
            requests: Mutex::default(),
            answer: Mutex::new(OK.to_vec()),
            over: Mutex::new(OVER.into()),
            dead: Mutex::default(),
        }
    }

    pub(crate) fn answer(&self, bytes: impl Into<Vec<u8>>) {
        *self.answer.lock().unwrap() = bytes.into();
    }

    /// What is answered to a token that is over.
    pub(crate) fn over(&self, bytes: impl Into<Vec<u8>>) {
        *self.over.lock().unwrap() = bytes.into();
    }

    pub(crate) fn kill(&self, token: &str) {
        self.dead.lock().unwrap().push(format!("{token}\r\n"));
    }

    /// What arrived since this was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    pub(crate) async fn serve(self: std::sync::Arc<Self>, listener: TcpListener) {
        let mut conversations = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let this = self.clone();
            conversations.spawn(async move { this.converse(stream).await });
        }
    }

    async fn converse(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        loop {
            while request_length(&bytes).is_none_or(|length| bytes.len() < length) {
                let mut more = vec![0; 16 * 1024];
                match stream.read(&mut more).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => bytes.extend_from_slice(&more[..count]),
                }
            }
            let length = request_length(&bytes).unwrap();
            let rest = bytes.split_off(length);
            let request = String::from_utf8_lossy(&bytes).into_owned();
            bytes = rest;
            let lower = request.to_ascii_lowercase();
            let is_dead = self
                .dead
                .lock()
                .unwrap()
                .iter()
                .any(|token| lower.contains(&token.to_ascii_lowercase()));
            self.requests.lock().unwrap().push(request);
            let answer = if is_dead { &self.over } else { &self.answer };
            let answer = answer.lock().unwrap().clone();
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
}

/// How long the request at the beginning is, once its end is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if text.contains("transfer-encoding: chunked") {
        let end = bytes[head..]
            .windows(5)
            .position(|five| five == b"0\r\n\r\n")?;
        return Some(head + end + 5);
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse::<usize>().unwrap());
    Some(head + length)
}
