//! The proxy: what it answers, and what it refuses.

use std::net::Ipv4Addr;

use accredit_emulator::{Emulator, NewUser};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{JWT_BEARER, OURS, USERNAME, app, claims_with, encode};
use crate::tls::{ask, body, builder, shake_hands};

async fn emulator() -> Emulator {
    let proxy = (Ipv4Addr::LOCALHOST, 0).into();
    let emulator = builder().proxy(proxy).start().await.unwrap();
    emulator.add_user(NewUser::named(USERNAME)).unwrap();
    let mut app = app();
    app.kind = accredit_emulator::AppKind::Connected;
    emulator.add_app(app).unwrap();
    emulator
}

async fn connect(emulator: &Emulator) -> TcpStream {
    let url = emulator.proxy_url().unwrap();
    let address = url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Asks for a tunnel to `target`; gives the stream and the head of the answer.
async fn tunnel(emulator: &Emulator, target: &str) -> (TcpStream, String) {
    let mut stream = connect(emulator).await;
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

async fn ask_through(emulator: &Emulator, host: &str, head: &str) -> String {
    let (stream, granted) = tunnel(emulator, &format!("{host}:443")).await;
    assert!(granted.starts_with("HTTP/1.1 200"), "{granted}");
    let authority = emulator.certificate_pem().unwrap();
    let mut stream = shake_hands(stream, host, authority).await.unwrap();
    ask(&mut stream, head).await
}

fn sign_in(host: &str, audience: &str) -> String {
    let assertion = OURS.assertion(&claims_with(&json!({"aud": audience})));
    let form = encode(&[("grant_type", JWT_BEARER), ("assertion", &assertion)]);
    format!(
        "POST /services/oauth2/token HTTP/1.1\r\nHost: {host}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Sends a request with a body, which ends the connection by the proxy's time-out or ours.
async fn exchange(emulator: &Emulator, host: &str, audience: &str) -> serde_json::Value {
    let request = sign_in(host, audience);
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    let (stream, _) = tunnel(emulator, &format!("{host}:443")).await;
    let authority = emulator.certificate_pem().unwrap();
    let mut stream = shake_hands(stream, host, authority).await.unwrap();
    let request = format!("{head}\r\nConnection: close\r\n\r\n{form}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let _cut = stream.read_to_end(&mut reply).await;
    body(&String::from_utf8(reply).unwrap())
}

#[tokio::test]
async fn programs_with_the_login_host_written_into_them_sign_in() {
    let emulator = emulator().await;
    let login = "https://login.salesforce.com";
    let reply = exchange(&emulator, "login.salesforce.com", login).await;
    let instance = reply["instance_url"].as_str().unwrap();
    assert_eq!(instance, "https://accredit.my.salesforce.com", "{reply}");
    let token = reply["access_token"].as_str().unwrap();
    let head = format!(
        "GET /services/data/v65.0/query?q=SELECT+COUNT()+FROM+Account HTTP/1.1\r\n\
         Host: accredit.my.salesforce.com\r\nAuthorization: Bearer {token}"
    );
    let reply = ask_through(&emulator, "accredit.my.salesforce.com", &head).await;
    assert_eq!(body(&reply)["totalSize"], 50, "{reply}");
}

#[tokio::test]
async fn a_my_domain_is_an_audience_of_its_org() {
    let emulator = emulator().await;
    let host = "accredit.my.salesforce.com";
    let reply = exchange(&emulator, host, &format!("https://{host}")).await;
    assert_eq!(reply["instance_url"], format!("https://{host}"), "{reply}");
}

#[tokio::test]
async fn a_my_domain_of_nobody_says_so() {
    let emulator = emulator().await;
    let host = "other.my.salesforce.com";
    let head = format!("GET /services/data HTTP/1.1\r\nHost: {host}");
    let reply = ask_through(&emulator, host, &head).await;
    assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");
    assert!(reply.contains("URL No Longer Exists"), "{reply}");
}

#[tokio::test]
async fn a_tunnel_leads_to_one_host_and_never_to_the_management() {
    let emulator = emulator().await;
    let host = "accredit.my.salesforce.com";
    let head = format!("GET /_emulator/apps HTTP/1.1\r\nHost: {host}");
    let reply = ask_through(&emulator, host, &head).await;
    assert!(reply.starts_with("HTTP/1.1 421"), "{reply}");
    let head = format!(
        "GET /_emulator/apps HTTP/1.1\r\nHost: {}",
        emulator.address()
    );
    let reply = ask_through(&emulator, host, &head).await;
    assert!(reply.starts_with("HTTP/1.1 421"), "{reply}");
}

#[tokio::test]
async fn every_other_host_and_port_is_refused_in_words() {
    let emulator = emulator().await;
    for target in [
        "example.com:443",
        "www.salesforce.com:443",
        "login.salesforce.com.evil.example:443",
        "login.salesforce.com:22",
        "127.0.0.1:443",
    ] {
        let (_, head) = tunnel(&emulator, target).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{target}: {head}");
    }
    let mut stream = connect(&emulator).await;
    let head = "GET http://example.com/ HTTP/1.1\r\nHost: example.com";
    let reply = ask(&mut stream, head).await;
    assert!(reply.starts_with("HTTP/1.1 403"), "{reply}");
    assert!(
        reply.contains("connects nowhere: \"example.com\""),
        "{reply}"
    );
}

#[tokio::test]
async fn what_is_asked_in_the_clear_is_sent_to_https_and_drops_what_was_posted() {
    let emulator = emulator().await;
    let host = "login.salesforce.com";
    for target in ["http://login.salesforce.com/x?y=1", "/x?y=1"] {
        let mut stream = if target.starts_with('/') {
            tunnel(&emulator, &format!("{host}:80")).await.0
        } else {
            connect(&emulator).await
        };
        let reply = ask(
            &mut stream,
            &format!("GET {target} HTTP/1.1\r\nHost: {host}"),
        )
        .await;
        assert!(reply.starts_with("HTTP/1.1 301"), "{reply}");
        assert!(
            reply.contains("location: https://login.salesforce.com/x?y=1\r\n"),
            "{reply}"
        );
    }
    let mut stream = connect(&emulator).await;
    let head = format!("POST http://{host}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0");
    let reply = ask(&mut stream, &head).await;
    assert!(reply.starts_with("HTTP/1.1 403"), "{reply}");
}

#[tokio::test]
async fn a_client_that_takes_it_for_a_server_is_told() {
    let emulator = emulator().await;
    let mut stream = connect(&emulator).await;
    let reply = ask(&mut stream, "GET / HTTP/1.1\r\nHost: 127.0.0.1").await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(reply.contains("HTTPS_PROXY"), "{reply}");
}

#[tokio::test]
async fn the_proxy_stops_with_the_emulator() {
    let emulator = emulator().await;
    let (mut stream, _) = tunnel(&emulator, "login.salesforce.com:80").await;
    emulator.shutdown().await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn clients_that_ask_their_proxy_even_for_loopback_reach_the_emulator() {
    let emulator = emulator().await;
    let own = emulator.address().to_string();
    let path = "/_emulator/health";
    let (mut stream, head) = tunnel(&emulator, &own).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let reply = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: {own}")).await;
    assert_eq!(body(&reply)["status"], "ok", "{reply}");
    let (stream, _) = tunnel(&emulator, &own).await;
    let authority = emulator.certificate_pem().unwrap();
    let mut stream = shake_hands(stream, "127.0.0.1", authority).await.unwrap();
    let reply = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: {own}")).await;
    assert_eq!(body(&reply)["status"], "ok", "{reply}");
    let mut stream = connect(&emulator).await;
    let head = format!("GET http://{own}{path} HTTP/1.1\r\nHost: {own}");
    let reply = ask(&mut stream, &head).await;
    assert_eq!(body(&reply)["status"], "ok", "{reply}");
}
