//! Assertions beside the bare cryptography, a cached token, a parsed reply.
//!
//! `cargo bench -p accredit` prints a table and then the one ratio that is promised: assertions per
//! second with a kept key beside raw aws-lc signatures, from interleaved rounds of one run.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark may panic"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accredit::assertion::{Assertion, Claims, Header, Subject};
use accredit::audience::{Audience, LoginUrl};
use accredit::cache::{Cached, TokioSpawn};
use accredit::clock::{SystemClock, UnixTime};
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::key::{Engine, PrivateKey};
use accredit::oauth::ClientId;
use accredit::policy::RefreshPolicy;
use accredit::random::SystemRandom;
use accredit::secret::Secret;
use accredit::source::{Token, TokenSource};
use accredit::{BoxFuture, audience::InstanceUrl, secret::AccessToken, source::Expiry};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use divan::Bencher;
use tokio::runtime::{Builder, Runtime};

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

fn main() {
    divan::main();
    ratio();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn key_der() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
        aws_lc_rs::encoding::AsDer::as_der(&pair).unwrap();
    der.as_ref().to_vec()
}

fn claims() -> Claims {
    let login_url = LoginUrl::parse("https://acme.my.salesforce.com").unwrap();
    Claims {
        issuer: ClientId::new("3MVG9".repeat(17)).unwrap(),
        subject: Subject::new("integration@example.com").unwrap(),
        audience: Audience::resolve(&login_url, None).unwrap(),
        expires_at: NOW.saturating_add(Duration::from_secs(180)),
        assertion_id: None,
    }
}

fn raw_signature(pair: &KeyPair, message: &[u8], signature: &mut [u8]) {
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message, signature)
        .unwrap();
}

fn assertion(runtime: &Runtime, claims: &Claims, key: &PrivateKey) -> Assertion {
    runtime
        .block_on(claims.sign(Header::Plain, key, NOW))
        .unwrap()
}

#[divan::bench]
fn raw_aws_lc_signature(bencher: Bencher<'_, '_>) {
    let pair = KeyPair::from_pkcs8(&key_der()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    bencher.bench_local(|| raw_signature(&pair, black_box(&[7; 200]), &mut signature));
}

#[divan::bench(args = [Engine::Throughput, Engine::QuickStart])]
fn signed_assertion(bencher: Bencher<'_, '_>, engine: Engine) {
    let key = PrivateKey::from_pkcs8_der(&Secret::new(key_der()), engine).unwrap();
    let (runtime, claims) = (runtime(), claims());
    bencher.bench_local(|| assertion(&runtime, &claims, &key));
}

#[divan::bench]
fn parsed_token_reply(bencher: Bencher<'_, '_>) {
    let login_url = LoginUrl::parse("https://acme.my.salesforce.com").unwrap();
    let endpoint = TokenEndpoint::new(login_url, None).unwrap();
    let body = format!(
        r#"{{"access_token":"00D5g000004XyZa!{}","scope":"web api","instance_url":
        "https://acme.my.salesforce.com","id":"https://login.salesforce.com/id/00D/005",
        "token_type":"Bearer"}}"#,
        "A".repeat(96)
    );
    let reply = http::Response::builder()
        .header("content-type", "application/json;charset=UTF-8")
        .header("date", "Sat, 21 Nov 2026 00:00:00 GMT")
        .body(body.into_bytes())
        .unwrap();
    bencher.bench_local(|| endpoint.reply(black_box(&reply), NOW));
}

/// Gives the same token each time.
#[derive(Debug)]
struct Constant;

impl TokenSource for Constant {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        let now = accredit::clock::Clock::now(&SystemClock);
        let token = Token {
            access_token: AccessToken::new("00D!constant".to_owned()).unwrap(),
            instance_url: InstanceUrl::parse("https://acme.my.salesforce.com").unwrap(),
            id: None,
            scope: None,
            issued_at: now,
            expiry: Expiry::Assumed(now.saturating_add(Duration::from_secs(7200))),
        };
        Box::pin(std::future::ready(Ok(token)))
    }
}

#[divan::bench]
fn cached_token(bencher: Bencher<'_, '_>) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let cached = Cached::new(
        Constant,
        RefreshPolicy::default(),
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
        Arc::new(TokioSpawn::new(runtime.handle().clone())),
    );
    runtime.block_on(cached.token()).unwrap();
    bencher.bench_local(|| runtime.block_on(cached.token()).unwrap());
}

/// Operations per second over about 0.3 s.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn rate(mut operation: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < Duration::from_millis(300) {
        operation();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn ratio() {
    let der = key_der();
    let pair = KeyPair::from_pkcs8(&der).unwrap();
    let key = PrivateKey::from_pkcs8_der(&Secret::new(der), Engine::Throughput).unwrap();
    let (runtime, claims) = (runtime(), claims());
    let mut signature = vec![0; pair.public_modulus_len()];
    let mut rounds: Vec<(f64, f64)> = (0..9)
        .map(|_| {
            let raw = rate(|| raw_signature(&pair, black_box(&[7; 200]), &mut signature));
            let ours = rate(|| drop(black_box(assertion(&runtime, &claims, &key))));
            (ours / raw, ours)
        })
        .collect();
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, ours) = rounds[rounds.len() / 2];
    println!(
        "assertions/s: {ours:.0}; beside raw aws-lc: {median:.3} (min {:.3}, max {:.3}), goal 0.95",
        rounds[0].0,
        rounds[rounds.len() - 1].0
    );
}
