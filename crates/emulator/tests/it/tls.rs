//! TLS on the emulator's own port.

use std::sync::Arc;

use accredit::clock::{ManualClock, UnixTime};
use accredit_emulator::{Authority, Builder, Emulator};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::NOW;

/// An emulator whose time is that of the tests.
pub(crate) fn builder() -> Builder {
    let clock = ManualClock::new(UnixTime::from_secs(NOW));
    Emulator::builder().clock(Arc::new(clock))
}

#[derive(Debug)]
struct TestTime;

impl TimeProvider for TestTime {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let since_epoch = std::time::Duration::from_secs(NOW);
        Some(rustls::pki_types::UnixTime::since_unix_epoch(since_epoch))
    }
}

/// Shakes hands as a client that trusts `authority` alone and asks for `host`.
pub(crate) async fn shake_hands<I>(
    stream: I,
    host: &str,
    authority: &str,
) -> std::io::Result<TlsStream<I>>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(TestTime))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends a request that ends the connection, and gives everything that comes back.
pub(crate) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str) -> String {
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    // A server that closes without a goodbye of TLS has said all it had to say.
    let _cut = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

pub(crate) fn body(reply: &str) -> Value {
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {reply}"))
}

async fn emulator() -> Emulator {
    let authority = Authority::generate(UnixTime::from_secs(NOW)).unwrap();
    builder().tls(authority).start().await.unwrap()
}

#[tokio::test]
async fn every_host_has_a_certificate_and_is_answered_as_itself() {
    let emulator = emulator().await;
    let authority = emulator.certificate_pem().unwrap();
    for host in [
        "localhost",
        "127.0.0.1",
        "emulator.test",
        "a.my.salesforce.com",
    ] {
        let stream = TcpStream::connect(emulator.address()).await.unwrap();
        let mut stream = shake_hands(stream, host, authority).await.unwrap();
        let path = "/.well-known/openid-configuration";
        let reply = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: {host}")).await;
        assert_eq!(body(&reply)["issuer"], format!("https://{host}"), "{reply}");
    }
}

#[tokio::test]
async fn the_same_port_speaks_plain_http_too() {
    let emulator = emulator().await;
    let host = emulator.address().to_string();
    assert_eq!(emulator.tls_url(), Some(format!("https://{host}")));
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let head = format!("GET /_emulator/health HTTP/1.1\r\nHost: {host}");
    let reply = ask(&mut stream, &head).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_is_not_fooled() {
    let emulator = emulator().await;
    let other = Authority::generate(UnixTime::from_secs(NOW)).unwrap();
    let stream = TcpStream::connect(emulator.address()).await.unwrap();
    let refused = shake_hands(stream, "localhost", other.certificate_pem()).await;
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut_off() {
    let emulator = emulator().await;
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    assert!(!reply.starts_with(b"HTTP/1.1 2"));
    // A handshake that is begun and not finished.
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(&[0x16, 3, 1]).await.unwrap();
    stream.read_to_end(&mut reply).await.unwrap();
}
