//! The emulator as a server on a socket.

use accredit::secret::Secret;
use accredit_emulator::{Emulator, Mode, NewUser, StartError, routes};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{JWT_BEARER, OURS, USERNAME, app, claims_with, form, send};

async fn ask(stream: &mut TcpStream, host: &str, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = vec![0; 64 * 1024];
    let count = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[tokio::test]
async fn it_serves_on_loopback_until_it_is_shut_down() {
    let emulator = Emulator::builder()
        .mode(Mode::Strict)
        .start()
        .await
        .unwrap();
    emulator.add_app(app()).unwrap();
    emulator.add_user(NewUser::named("x@example.com")).unwrap();
    let address = emulator.address();
    let host = address.to_string();
    assert_eq!(emulator.url(), format!("http://{host}"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let reply = ask(&mut stream, &host, "/_emulator/health").await;
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
    // The same connection serves on; a Host with another port is not this emulator.
    let reply = ask(&mut stream, "127.0.0.1:1", "/_emulator/health").await;
    assert!(reply.starts_with("HTTP/1.1 421"), "{reply}");
    emulator.shutdown().await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_headers_is_cut_off() {
    let emulator = Emulator::builder().start().await.unwrap();
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    // Time stands still until everybody waits: then the server's patience ends at once.
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    assert!(!reply.starts_with(b"HTTP/1.1 2"));
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = Emulator::builder().start().await.unwrap();
    let error = Emulator::builder()
        .listen(first.address())
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::AddressInUse(_)), "{error}");
    assert!(
        error.to_string().contains(&first.address().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_sample_org_has_its_two_users() {
    let emulator = Emulator::builder().start().await.unwrap();
    for username in ["admin@accredit.example", "INTEGRATION@accredit.example"] {
        assert!(
            emulator.add_user(NewUser::named(username)).is_err(),
            "{username}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_body_is_cut_off() {
    for path in [
        "/services/oauth2/token",
        "/services/oauth2/revoke",
        "/_emulator/apps",
    ] {
        let emulator = Emulator::builder().start().await.unwrap();
        let host = emulator.address();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let kind = "application/x-www-form-urlencoded";
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: 9\r\n\r\na=b"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert!(reply.starts_with(b"HTTP/1.1 4"), "{path}");
    }
}

#[tokio::test]
async fn strict_mode_believes_no_other_port() {
    let emulator = Emulator::builder()
        .mode(Mode::Strict)
        .start()
        .await
        .unwrap();
    emulator.add_app(app()).unwrap();
    emulator.add_user(NewUser::named(USERNAME)).unwrap();
    let port = emulator.address().port();
    let router = routes(emulator.app().clone());
    for (host, code) in [
        (format!("127.0.0.1:{port}"), ""),
        (format!("localhost:{port}"), ""),
        ("localhost".to_owned(), "ACC-1010"),
        ("localhost:1".to_owned(), "ACC-1010"),
        ("127.0.0.1:65535".to_owned(), "ACC-1010"),
    ] {
        let exp = accredit::clock::Clock::now(&accredit::clock::SystemClock).as_secs() + 100;
        let claims = claims_with(&json!({"aud": format!("http://{host}"), "exp": exp}));
        let assertion = OURS.assertion(&claims);
        let pairs = [
            ("grant_type", JWT_BEARER),
            ("assertion", assertion.as_str()),
        ];
        let mut request = form("/services/oauth2/token", &pairs);
        let value = host.parse().unwrap();
        request.headers_mut().insert("host", value);
        let reply = send(&router, request, [127, 0, 0, 1].into()).await;
        assert_eq!(reply.code(), code, "{host}");
    }
}

#[tokio::test]
async fn a_management_key_that_could_be_guessed_is_refused() {
    for key in ["", "fifteen-letters", "               x  "] {
        let builder = Emulator::builder().management_key(Secret::new(key.to_owned()));
        let error = builder.start().await.unwrap_err();
        assert!(matches!(error, StartError::ManagementKey), "{error}");
        assert!(error.to_string().contains("at least 16"), "{error}");
    }
    let long = Secret::new("sixteen-letters-".to_owned());
    assert!(Emulator::builder().management_key(long).open().is_ok());
}
