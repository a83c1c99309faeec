//! Signing in, and saying what is skipped, for tests inside the crate.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use serde_json::json;

use crate::app::App;
use crate::grant::{Presented, Question, judge};
use crate::origin::Origin;
use crate::{NewApp, Upload};

/// Says that a test was skipped. The runner keeps what a passing test prints, but not what is
/// written to stderr itself.
pub(crate) fn skipped(why: impl Display) {
    // Nobody is left to hear of it if stderr is gone.
    let _gone = writeln!(std::io::stderr(), "skipped: {why}");
}

const CLIENT_ID: &str = "3MVG9test.CONSUMER_KEY_A";

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

/// A token for a user, through the ladder as always.
pub(crate) fn sign_in(app: &App, username: &str) -> String {
    let origin = Origin::new(&http::uri::Scheme::HTTP, "localhost").unwrap();
    let exp = app.now().as_secs() + 120;
    let claims = json!({"iss": CLIENT_ID, "sub": username, "aud": origin.as_str(), "exp": exp});
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; KEY.0.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    KEY.0
        .sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    let assertion = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let settings = app.settings();
    let verdict = judge(&Question {
        assertion: &assertion,
        presented: Presented::default(),
        lookup: app.directory(),
        org: &app.situation(&origin),
        mode: settings.mode,
        now: app.now(),
    });
    let verified = verdict.outcome.unwrap();
    let drawn = crate::token_text::draw(app.random(), 96).unwrap();
    let issued = app
        .directory()
        .issue(&verified, settings.login_limit, app.now(), &drawn);
    issued.unwrap().token.expose().clone()
}
