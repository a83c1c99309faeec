//! Signing in, and saying what is skipped, for tests inside the crate.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::app::App;
use crate::directory::Issued;
use crate::grant::{Presented, Question, VerifiedAssertion, judge};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::{NewApp, Upload};

/// Says that a test was skipped. The runner keeps what a passing test prints, but not what is
/// written to stderr itself.
pub(crate) fn skipped(why: impl Display) {
    // Nobody is left to hear of it if stderr is gone.
    let _gone = writeln!(std::io::stderr(), "skipped: {why}");
}

pub(crate) const CLIENT_ID: &str = "3MVG9test.CONSUMER_KEY_A";

/// A key and its certificate. Made once for all tests: making an RSA key is slow.
static KEY: LazyLock<(KeyPair, String)> = LazyLock::new(|| {
    let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&pair).unwrap().pem();
    (
        KeyPair::from_pkcs8(&pair.serialize_der()).unwrap(),
        certificate,
    )
});

/// An app that [`sign_in`] signs for.
pub(crate) fn app() -> NewApp {
    NewApp {
        client_id: Some(CLIENT_ID.to_owned()),
        certificates: vec![Upload::Text(KEY.1.clone())],
        ..NewApp::default()
    }
}

/// An assertion for a user that is right now.
pub(crate) fn assertion(app: &App, username: &str) -> String {
    sign(&claims(app, username))
}

/// The same with a `jti`.
pub(crate) fn assertion_with(app: &App, username: &str, id: &str) -> String {
    let mut claims = claims(app, username);
    claims["jti"] = json!(id);
    sign(&claims)
}

fn claims(app: &App, username: &str) -> Value {
    let exp = app.now().as_secs() + 120;
    json!({"iss": CLIENT_ID, "sub": username, "aud": "http://localhost", "exp": exp})
}

fn sign(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; KEY.0.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    KEY.0
        .sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What the ladder says of an assertion for a user.
pub(crate) fn verified(app: &App, username: &str) -> VerifiedAssertion {
    let origin = Origin::new(&http::uri::Scheme::HTTP, "localhost").unwrap();
    let (text, org) = (assertion(app, username), app.situation(&origin));
    let question = Question {
        assertion: &text,
        presented: Presented::default(),
        lookup: app.directory(),
        org: &org,
        mode: app.settings().mode,
        now: app.now(),
    };
    let verdict = judge(&question, Vec::new());
    verdict.outcome.unwrap()
}

/// Takes a verified assertion to the directory.
pub(crate) fn issue(app: &App, verified: &VerifiedAssertion) -> Result<Issued, Refusal> {
    let drawn = crate::token_text::draw(app.random(), 96).unwrap();
    let limit = app.settings().login_limit;
    app.directory().issue(verified, limit, app.now(), &drawn)
}

/// A token for a user, through the ladder as always.
pub(crate) fn sign_in(app: &App, username: &str) -> String {
    let issued = issue(app, &verified(app, username));
    issued.unwrap().token.expose().clone()
}
