//! TLS: a certificate that nobody vouches for is refused, one that the settings name is taken.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::program::Program;
use crate::server::{TOKEN, read_request, token};

/// A server with a certificate of its own making; gives one token. Returns its URL and certificate.
fn server() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answer = token(&url);
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(config).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        if read_request(&mut stream).is_some() {
            stream.write_all(&answer).unwrap();
            connection.send_close_notify();
            let _closed = connection.write_tls(&mut socket);
        }
    });
    (url, made.cert.pem())
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (_, other) = server();
    let (url, _) = server();
    let program = Program::signing_in_at(&url);
    let roots = program.write("roots.pem", other.as_bytes());
    let program = program.with("SSL_CERT_FILE", roots.to_str().unwrap());
    program.line("token").fails(6, "is not trusted");
}

#[test]
fn a_certificate_that_the_settings_name_is_taken() {
    let (url, certificate) = server();
    let program = Program::signing_in_at(&url);
    let roots = program.write("roots.pem", certificate.as_bytes());
    let program = program.with("SSL_CERT_FILE", roots.to_str().unwrap());
    let run = program.line("token -q");
    assert_eq!(run.stdout, format!("{TOKEN}\n"), "{run:?}");
}

#[test]
fn a_file_of_certificates_that_cannot_be_read_is_named() {
    let program =
        Program::signing_in_at("https://127.0.0.1:1").with("SSL_CERT_FILE", "/nowhere.pem");
    program
        .line("token")
        .fails(3, "/nowhere.pem could not be read");
}
