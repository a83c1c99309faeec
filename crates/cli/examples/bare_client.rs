//! The least that a Rust program can do for a token: ring signs, ureq posts. No settings, no
//! checks, no diagnosis. `bench/token` runs it as the floor beside `accredit token`.
//!
//! Reads SF_LOGIN_URL, SF_CLIENT_ID, SF_USERNAME and SF_JWT_KEY_FILE.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a floor to measure against, not a program to copy"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;

fn main() {
    let variable = |name| std::env::var(name).unwrap();
    let pem = std::fs::read_to_string(variable("SF_JWT_KEY_FILE")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let key = KeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap();
    let login_url = variable("SF_LOGIN_URL");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let claims = serde_json::json!({
        "iss": variable("SF_CLIENT_ID"),
        "sub": variable("SF_USERNAME"),
        "aud": login_url,
        "exp": now.as_secs() + 180,
    });
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    let assertion = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let mut reply = ureq::agent()
        .post(format!("{login_url}/services/oauth2/token"))
        .content_type("application/x-www-form-urlencoded")
        .send(format!("grant_type={grant_type}&assertion={assertion}"))
        .unwrap();
    let body = reply.body_mut().read_to_string().unwrap();
    let granted: serde_json::Value = serde_json::from_str(&body).unwrap();
    println!("{}", granted.get("access_token").unwrap().as_str().unwrap());
}
