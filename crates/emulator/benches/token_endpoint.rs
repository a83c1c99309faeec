//! Token exchanges per second, beside the least that an exchange can be: the same router, the same
//! signature check, a token and a map. The signatures are made beforehand.
//!
//! Each iteration is a batch of requests, so that the numbers per item can be compared in one run.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use accredit_emulator::store::Place;
use accredit_emulator::{Emulator, NewApp, NewUser, Upload, routes};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use divan::counter::ItemsCount;
use http::Request;
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use tower::ServiceExt as _;

/// Requests in a batch.
const BATCH: usize = 500;

fn main() {
    divan::main();
}

/// A key, its certificate, and bodies of token requests that it signed.
struct Signed {
    key: KeyPair,
    certificate: String,
    bodies: Vec<Bytes>,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap();
    let key = KeyPair::from_pkcs8(&pair.serialize_der()).unwrap();
    Signed {
        certificate: certificate.self_signed(&pair).unwrap().pem(),
        bodies: (0..BATCH).map(|number| body(&key, number)).collect(),
        key,
    }
});

fn body(key: &KeyPair, number: usize) -> Bytes {
    // A date in milliseconds, far ahead: good at any time this runs.
    let who = r#"{"iss":"bench","sub":"bench@example.com","aud":"http://localhost","#;
    let claims = who.to_owned() + &format!(r#""exp":4102444800000,"jti":"{number}"}}"#);
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    Bytes::from(format!(
        "grant_type={grant_type}&assertion={input}.{signature}"
    ))
}

/// Runs batches through a router.
fn measure(bencher: divan::Bencher<'_, '_>, router: &Router) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        runtime.block_on(async {
            for body in &SIGNED.bodies {
                let request = Request::post("/services/oauth2/token")
                    .header("host", "localhost")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Body::from(body.clone()))
                    .unwrap();
                let reply = router.clone().oneshot(request).await.unwrap();
                assert!(reply.status().is_success());
            }
        });
    });
}

type Floor = Arc<(ParsedPublicKey, Mutex<HashMap<String, u64>>)>;

#[divan::bench]
fn floor_axum_and_aws_lc(bencher: divan::Bencher<'_, '_>) {
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, SIGNED.key.public_key()).unwrap();
    let state: Floor = Arc::new((key, Mutex::new(HashMap::new())));
    let router = Router::new()
        .route("/services/oauth2/token", post(floor))
        .with_state(state);
    measure(bencher, &router);
}

async fn floor(State(state): State<Floor>, body: Bytes) -> String {
    let text = std::str::from_utf8(&body).unwrap();
    let (_, assertion) = text.split_once("assertion=").unwrap();
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    state.0.verify_sig(input.as_bytes(), &signature).unwrap();
    let (_, claims) = input.split_once('.').unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let mut drawn = [0; 72];
    aws_lc_rs::rand::fill(&mut drawn).unwrap();
    let token = URL_SAFE_NO_PAD.encode(drawn);
    let expires_at = claims
        .get("exp")
        .and_then(serde_json::Value::as_u64)
        .unwrap();
    state.1.lock().unwrap().insert(token.clone(), expires_at);
    format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#)
}

#[divan::bench]
fn emulator_in_memory(bencher: divan::Bencher<'_, '_>) {
    emulator(bencher, Place::Memory);
}

#[divan::bench]
fn emulator_in_a_file(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    emulator(bencher, Place::File(folder.path().join("org.db")));
}

fn emulator(bencher: divan::Bencher<'_, '_>, place: Place) {
    let app = Emulator::builder()
        .place(place)
        .login_limit(u32::MAX)
        .open()
        .unwrap();
    app.add_app(NewApp {
        client_id: Some("bench".to_owned()),
        certificates: vec![Upload::Text(SIGNED.certificate.clone())],
        ..NewApp::default()
    })
    .unwrap();
    app.add_user(NewUser::named("bench@example.com")).unwrap();
    measure(bencher, &routes(app));
}
