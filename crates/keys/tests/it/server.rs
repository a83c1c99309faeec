//! A server for tests: HTTP/1.1 on loopback, with or without TLS, one request per connection.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Method and target.
    pub(crate) line: String,
    /// Header lines, names in small letters.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// The certificate of the client in DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// Status, type and body; `None` closes the connection.
pub(crate) type Reply = Option<(u16, &'static str, String)>;

pub(crate) type Handler = dyn Fn(Asked) -> Reply + Send + Sync;

/// Starts a server and gives its port.
pub(crate) fn serve(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, handler, tls) = (stream.unwrap(), Arc::clone(&handler), tls.clone());
            thread::spawn(move || match tls {
                None => answer(stream, None, handler.as_ref()),
                Some(config) => {
                    let mut stream =
                        StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    while stream.conn.is_handshaking() {
                        if stream.conn.complete_io(&mut stream.sock).is_err() {
                            return;
                        }
                    }
                    let certificate = stream
                        .conn
                        .peer_certificates()
                        .and_then(|chain| chain.first())
                        .map(|leaf| leaf.to_vec());
                    answer(&mut stream, certificate, handler.as_ref());
                    stream.conn.send_close_notify();
                    drop(stream.flush());
                }
            });
        }
    });
    port
}

fn answer(mut stream: impl Read + Write, certificate: Option<Vec<u8>>, handler: &Handler) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if !stream.read(&mut byte).is_ok_and(|read| read == 1) {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut asked = Asked {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers: headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| format!("{}: {value}", name.to_lowercase()))
            .collect(),
        body: Vec::new(),
        certificate,
    };
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    if stream.read_exact(&mut asked.body).is_err() {
        return;
    }
    if let Some((status, kind, body)) = handler(asked) {
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: \
             close\r\n\r\n",
            body.len()
        );
        drop(stream.write_all(format!("{head}{body}").as_bytes()));
        drop(stream.flush());
    }
}
