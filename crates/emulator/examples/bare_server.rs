//! The least that a token endpoint can do: axum takes the form, aws-lc verifies the signature, a
//! map keeps the token. No claims, no users, no sessions. `bench/exchanges` runs it as the floor
//! beside the emulator.
//!
//! `bare_server DIR COUNT` writes `server.crt` and COUNT request bodies to DIR, prints its address
//! and serves until it is stopped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a floor to measure against, not a program to copy"
)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use accredit::secret::hex;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use tokio::net::TcpListener;

/// The key to verify with, and the tokens that were given out.
struct Floor {
    key: ParsedPublicKey,
    tokens: Mutex<HashMap<String, u64>>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count] = arguments.as_slice() else {
        panic!("bare_server DIR COUNT")
    };
    let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let params = CertificateParams::new(vec!["bench.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&pair).unwrap().pem();
    fs::write(Path::new(folder).join("server.crt"), certificate).unwrap();
    let key = KeyPair::from_pkcs8(&pair.serialize_der()).unwrap();
    let bodies: Vec<String> = (0..count.parse().unwrap())
        .map(|jti| body(&key, jti))
        .collect();
    fs::write(Path::new(folder).join("bodies.txt"), bodies.join("\n")).unwrap();
    let key = key.public_key().as_ref().to_vec();
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).unwrap();
    let floor = Arc::new(Floor {
        key,
        tokens: Mutex::default(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/services/oauth2/token", post(exchange));
        axum::serve(listener, router.with_state(floor))
            .await
            .unwrap();
    });
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn body(key: &KeyPair, jti: u32) -> String {
    let claims = format!(
        r#"{{"iss":"bench","sub":"integration@accredit.example","aud":"https://accredit.my.salesforce.com","exp":{},"jti":"{jti}"}}"#,
        now() + 3_600
    );
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    format!("grant_type={grant_type}&assertion={input}.{signature}")
}

async fn exchange(State(floor): State<Arc<Floor>>, body: Bytes) -> String {
    let body = std::str::from_utf8(&body).unwrap();
    let (_, assertion) = body.split_once("assertion=").unwrap();
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    floor.key.verify_sig(input.as_bytes(), &signature).unwrap();
    let mut token = [0; 48];
    accredit::random::Random::fill(&accredit::random::SystemRandom, &mut token).unwrap();
    let token = hex(&token);
    floor.tokens.lock().unwrap().insert(token.clone(), now());
    format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#)
}
