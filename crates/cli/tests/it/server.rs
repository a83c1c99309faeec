//! A server that gives prepared answers, one for each connection, and remembers the requests.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// An answer as bytes.
pub(crate) type Answer = Vec<u8>;

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Receiver<String>,
}

impl Server {
    /// Serves `answers` in their order, then closes.
    pub(crate) fn giving(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::start(|_| answers.into_iter().collect())
    }

    /// The same for answers that must know the URL.
    pub(crate) fn start(answers: impl FnOnce(&str) -> Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = answers(&url);
        let (sender, requests) = channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                // The test is over if nobody listens.
                let _over = sender.send(read_request(&stream).unwrap_or_default());
                let _gone = stream.write_all(&answer);
            }
        });
        Self { url, requests }
    }

    /// Serves what `answer` makes of each request, for as long as the test lasts.
    pub(crate) fn answering(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let request = read_request(&stream).unwrap_or_default();
                let _gone = stream.write_all(&answer(&request));
                let _over = sender.send(request);
            }
        });
        Self { url, requests }
    }

    /// The next request, waiting for it if need be.
    pub(crate) fn request(&self) -> String {
        self.requests.recv().unwrap()
    }

    /// How many requests came and were not looked at.
    pub(crate) fn requests_left(&self) -> usize {
        self.requests.try_iter().count()
    }
}

/// Takes one request and answers it.
pub(crate) fn answer_one(listener: &TcpListener, answer: &[u8]) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let request = read_request(&stream).unwrap_or_default();
    stream.write_all(answer).unwrap();
    request
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &str) -> Answer {
    answer(status, "application/json;charset=UTF-8", body)
}

/// An answer of any kind.
pub(crate) fn answer(status: u16, kind: &str, body: &str) -> Answer {
    with_header(status, &format!("Content-Type: {kind}"), body)
}

/// An answer with one more header.
pub(crate) fn with_header(status: u16, header: &str, body: &str) -> Answer {
    format!(
        "HTTP/1.1 {status} Answer\r\n{header}\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A token reply for an org at `url`.
pub(crate) fn token(url: &str) -> Answer {
    json(200, &token_body(url))
}

pub(crate) const TOKEN: &str = "00D2E000000ncKP!AQ4AQGLaeVPC1xft5DR1.yWAo3a5NbzC";

pub(crate) fn token_body(url: &str) -> String {
    format!(
        r#"{{"access_token":"{TOKEN}","scope":"api","instance_url":"{url}","id":"{url}/id/00D2E000000ncKPUAY/0052E00000IMbxTQAT","token_type":"Bearer"}}"#
    )
}

pub(crate) fn refusal(error: &str, description: &str) -> Answer {
    json(
        400,
        &format!(r#"{{"error":"{error}","error_description":"{description}"}}"#),
    )
}

/// An address where nothing listens.
pub(crate) fn closed_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Reads a whole request, or nothing where none comes.
pub(crate) fn read_request(stream: impl Read) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        request.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8_lossy(&body));
    Some(request)
}

/// Reads the head of a request byte by byte, and the length of the body that follows.
pub(crate) fn read_head(stream: &mut impl Read) -> Option<(String, u64)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let lower = head.to_ascii_lowercase();
    let mut lines = lower.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(Some(0), |length| length.trim().parse().ok())?;
    Some((head, length))
}
