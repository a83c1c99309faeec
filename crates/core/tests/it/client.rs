//! The client against servers that misbehave. Each server answers one connection and ends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use accredit::error::{Error, ErrorKind};
use accredit::http::{ClientSettings, HttpClient, ProxyUrl, UreqClient};
use http::{Request, Response};

fn client(total_timeout: Duration) -> UreqClient {
    UreqClient::new(ClientSettings {
        connect_timeout: total_timeout,
        total_timeout,
        ..ClientSettings::default()
    })
}

const BODY: &[u8] = b"assertion=secret";

/// Starts a server that reads a request and lets `answer` write what it likes.
fn server(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !seen.ends_with(BODY) {
            let length = stream.read(&mut buffer).unwrap_or_default();
            if length == 0 {
                return;
            }
            seen.extend_from_slice(&buffer[..length]);
        }
        answer(&mut stream);
    });
    url
}

async fn post(url: &str) -> Result<Response<Vec<u8>>, Error> {
    post_within(url, Duration::from_secs(30)).await
}

async fn post_within(url: &str, total_timeout: Duration) -> Result<Response<Vec<u8>>, Error> {
    let request = Request::post(url).body(BODY.to_vec()).unwrap();
    client(total_timeout).send(request).await
}

fn says(text: &'static str) -> String {
    server(move |stream| drop(stream.write_all(text.as_bytes())))
}

#[tokio::test]
async fn a_whole_reply_comes_back_whatever_its_status() {
    for (text, status, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
            400,
            "no",
        ),
        (
            "HTTP/1.1 503 x\r\nConnection: close\r\n\r\nbusy",
            503,
            "busy",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            200,
            "ok",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""),
    ] {
        let reply = post(&says(text)).await.unwrap();
        assert_eq!(
            (reply.status().as_u16(), reply.body().as_slice()),
            (status, body.as_bytes())
        );
    }
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_its_target_sees_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        target.set_nonblocking(true).unwrap();
        let location = target.local_addr().unwrap();
        let url = server(move |stream| {
            let head = format!("HTTP/1.1 {status} x\r\nLocation: http://{location}/\r\n");
            drop(stream.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes()));
        });
        assert_eq!(post(&url).await.unwrap().status().as_u16(), status);
        assert!(target.accept().is_err(), "{status} was followed");
    }
}

#[tokio::test]
async fn a_reply_that_is_too_long_is_cut_off_by_name() {
    let url = server(|stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"));
        let chunk = [b'x'; 65_536];
        while stream.write_all(&chunk).is_ok() {}
    });
    let error = post(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Response);
    assert!(
        error.to_string().contains("more than 65536 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn every_way_to_get_no_reply_is_named_and_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let silent = server(|stream| while stream.read(&mut [0; 64]).is_ok_and(|read| read > 0) {});
    let torn = says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    let hung_up = says("");
    let nowhere = "http://no-such-host.invalid".to_owned();
    let [short, long] = [Duration::from_millis(500), Duration::from_secs(30)];
    for (url, patience, part) in [
        (closed, long, "refused the connection"),
        (silent, short, "did not answer within 0.5 s"),
        (torn, long, "closed the connection"),
        (hung_up, long, "closed the connection"),
        (nowhere, short, "no-such-host.invalid"),
    ] {
        let error = post_within(&url, patience).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_transient()),
            (ErrorKind::Transport, true),
            "{url}"
        );
        assert!(error.to_string().contains(part), "{url}: {error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_gets_no_assertion_over_https() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(reply).unwrap();
        let mut seen = Vec::new();
        let _end = stream.read_to_end(&mut seen);
        seen
    });
    let error = post(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    let seen = seen.join().unwrap();
    assert!(!seen.windows(6).any(|part| part == b"secret"));
}

#[test]
fn a_proxy_is_read_and_its_password_is_not_shown() {
    let proxy = ProxyUrl::parse("http://user:hunter2@proxy.example:3128", "a.example, .b").unwrap();
    assert_eq!(format!("{proxy:?}"), "ProxyUrl(proxy.example:3128)");
    assert!(ProxyUrl::parse("not a proxy", "").is_err());
}
