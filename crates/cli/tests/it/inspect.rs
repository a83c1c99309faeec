//! `accredit inspect`: tokens read offline.

use crate::program::{Program, files};
use crate::server::{Server, TOKEN, token};

/// An assertion as the program sends it.
fn assertion() -> String {
    let server = Server::start(|url| vec![token(url)]);
    Program::signing_in_at(&server.url).line("token").succeeds();
    let request = server.request();
    let (_, assertion) = request.split_once("&assertion=").unwrap();
    assertion.to_owned()
}

#[test]
fn an_assertion_shows_its_claims_and_not_its_signature() {
    let assertion = assertion();
    let run = Program::new().run(["inspect", &assertion]);
    run.succeeds();
    let report = run.json();
    assert_eq!(report["header"]["alg"], "RS256");
    assert_eq!(report["claims"]["iss"], "3MVG9.client");
    assert_eq!(report["claims"]["sub"], "user@example.com");
    assert_eq!(report["signature"], "not verified");
    assert!(report["state"].as_str().unwrap().starts_with("valid for "));
    let (_, signature) = assertion.rsplit_once('.').unwrap();
    assert!(!run.stdout.contains(signature));
    let run = Program::new().line_with_stdin("inspect - --reveal", assertion.as_bytes());
    assert_eq!(run.json()["token"], assertion);
}

#[test]
fn a_certificate_verifies_what_its_key_signed_and_nothing_else() {
    let assertion = assertion();
    let certificate = files().join("server.crt");
    let program = Program::new();
    let inspect = |token: &str, cert: &str| program.run(["inspect", token, "--cert", cert]);
    let own = inspect(&assertion, certificate.to_str().unwrap());
    assert_eq!(own.json()["signature"], "verified");
    program.line("key new -n other -q").succeeds();
    inspect(&assertion, "other.crt").fails(3, "does not verify");
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let (header, _) = input.split_once('.').unwrap();
    let forged = format!("{header}.e30.{signature}");
    inspect(&forged, certificate.to_str().unwrap()).fails(3, "does not verify");
    // {"alg":"none"}
    inspect("eyJhbGciOiJub25lIn0.e30.", certificate.to_str().unwrap())
        .fails(3, "the algorithm is none");
}

#[test]
fn an_opaque_token_shows_its_org_only() {
    let run = Program::new().run(["inspect", TOKEN]);
    assert_eq!(run.json()["organizationId"], "00D2E000000ncKP");
    assert!(!run.stdout.contains("AQ4AQG"));
    Program::new()
        .run(["inspect", TOKEN, "--cert", "x.crt"])
        .fails(2, "only the org can verify it");
    Program::new()
        .run(["inspect", "hello"])
        .fails(3, "is no JWT");
}
