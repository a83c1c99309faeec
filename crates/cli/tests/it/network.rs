//! What a network and a server can get wrong: one line, a hint, the right exit code, no secret.

use std::net::TcpListener;

use crate::program::Program;
use crate::server::{Server, answer, closed_url, json, token_body, with_header};

#[test]
fn nothing_that_listens() {
    let run = Program::signing_in_at(&closed_url()).line("token");
    run.fails(6, "refused the connection")
        .hints("check the login URL");
}

#[test]
fn a_server_that_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let run = Program::signing_in_at(&url).line("token --timeout 0.2");
    run.fails(6, "did not answer within 0.2 s");
}

#[test]
fn answers_that_are_no_token() {
    let long = "x".repeat(10 * 1024 * 1024);
    let page = "<html><body>Down for maintenance</body></html>";
    for (answer, exit, part) in [
        (
            with_header(302, "Location: https://evil.example/x", ""),
            1,
            "redirect to evil.example",
        ),
        (
            answer(200, "text/html", page),
            6,
            "an HTML page of 46 bytes",
        ),
        (answer(503, "text/html", page), 6, "answered 503"),
        (answer(404, "text/html", page), 1, "answered 404"),
        (json(200, r#"{"access_token":"00D!se"#), 6, "ends too early"),
        (json(200, r#"{"token_type":"Bearer"}"#), 6, "missing"),
        (json(200, ""), 6, "an empty body"),
        (json(400, ""), 1, "a body of 0 bytes"),
        (answer(200, "text/plain", &long), 1, "more than 65536 bytes"),
        (json(429, r#"{"x":1}"#), 5, "answered 429"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec(),
            6,
            "mid-reply",
        ),
        (Vec::new(), 6, ""),
        (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), 6, "could not be asked"),
    ] {
        let server = Server::giving([answer]);
        let run = Program::signing_in_at(&server.url).line("token");
        run.fails(exit, part).hints("asked http://127.0.0.1:");
        assert!(!run.stderr.contains("00D!se"), "{run:?}");
    }
}

#[test]
fn an_instance_elsewhere_does_not_get_the_token() {
    let server = Server::giving([json(200, &token_body("https://evil.example"))]);
    let run = Program::signing_in_at(&server.url).line("token");
    run.fails(1, "sends the token to evil.example");
}
