//! The client against certificates and proxies: who is not trusted sees nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use accredit::error::{Error, ErrorKind};
use accredit::http::{ClientSettings, HttpClient, ProxyUrl, UreqClient};
use http::{Request, Response};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const BODY: &[u8] = b"assertion=secret";

struct Server {
    url: String,
    certificate: String,
    seen: Receiver<Vec<u8>>,
}

/// A server with a certificate of its own that answers one request and tells what it saw of it.
fn server(params: &CertificateParams) -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = params.clone().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let (tell, seen) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(BODY) && tls.read(&mut byte).is_ok_and(|read| read == 1) {
            seen.push(byte[0]);
        }
        tell.send(seen).unwrap();
        drop(tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        tls.conn.send_close_notify();
        drop(tls.flush());
    });
    Server {
        url,
        certificate: certificate.pem(),
        seen,
    }
}

fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

async fn post(url: &str, settings: ClientSettings) -> Result<Response<Vec<u8>>, Error> {
    let request = Request::post(url).body(BODY.to_vec()).unwrap();
    UreqClient::new(settings).send(request).await
}

fn trusting(certificate: &str) -> ClientSettings {
    ClientSettings {
        extra_roots: certificate.as_bytes().to_vec(),
        ..ClientSettings::default()
    }
}

#[tokio::test]
async fn a_certificate_that_is_trusted_on_request_is_accepted() {
    let server = server(&named("localhost"));
    let reply = post(&server.url, trusting(&server.certificate))
        .await
        .unwrap();
    assert_eq!(reply.body(), b"ok");
}

#[tokio::test]
async fn who_is_not_trusted_sees_no_byte_of_the_assertion() {
    let mut expired = named("localhost");
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    for (params, is_trusted) in [
        (named("localhost"), false),
        (named("other.example"), true),
        (expired, true),
    ] {
        let server = server(&params);
        // Without a trusted certificate of its own a bare machine has nothing to trust at all.
        let stranger = named("stranger")
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .pem();
        let certificate = if is_trusted {
            server.certificate.clone()
        } else {
            stranger
        };
        let error = post(&server.url, trusting(&certificate)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
        assert!(error.to_string().contains("is not trusted"), "{error}");
        assert!(server.seen.recv().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_file_of_certificates_without_one_is_an_error() {
    for text in ["", "not PEM"] {
        let settings = trusting(text);
        let outcome = post("https://localhost:1", settings).await.unwrap_err();
        let is_setting = outcome.kind() == ErrorKind::Setting;
        assert_eq!(is_setting, !text.is_empty(), "{outcome}");
    }
}

/// A proxy that tells what it was asked and hangs up.
fn proxy() -> (ProxyUrl, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:hunter2@{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        let (stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        tell.send(head.join("\n")).unwrap();
    });
    (ProxyUrl::parse(&url, "").unwrap(), told)
}

#[tokio::test]
async fn a_proxy_is_asked_for_other_machines_and_not_for_this_one() {
    let (proxy, told) = proxy();
    let own = server(&named("localhost"));
    let settings = ClientSettings {
        proxy: Some(proxy),
        ..trusting(&own.certificate)
    };
    let settings = ClientSettings {
        total_timeout: Duration::from_secs(30),
        ..settings
    };
    assert!(
        post(&own.url, settings.clone()).await.is_ok(),
        "this machine is reached directly"
    );
    assert!(
        post("https://login.salesforce.com", settings)
            .await
            .is_err()
    );
    let asked = told.recv().unwrap();
    assert!(
        asked.starts_with("CONNECT login.salesforce.com:443 "),
        "{asked}"
    );
    assert!(!asked.contains("secret"), "{asked}");
}

#[test]
fn only_http_proxies_with_a_real_port_are_taken() {
    for url in [
        "https://p.example:3128",
        "socks5://p.example:1080",
        "http://p.example:99999",
        "",
    ] {
        assert!(ProxyUrl::parse(url, "").is_err(), "{url}");
    }
    assert!(ProxyUrl::parse("http://p.example:3128", "a.example, .b").is_ok());
}
