//! Keys in Vault: read from its store, and signing in its transit engine.

use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::data::{der, text};
use crate::server::{Asked, Reply, serve};
use crate::world::{Variables, fetch, refusal, with};

struct Vault {
    variables: Arc<Variables>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    answers: Vec<(&'static str, u16, Value)>,
    /// Signs something else than it is asked for.
    lies: bool,
}

impl Vault {
    fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let of_handler = Arc::clone(&state);
        let handler = move |asked: Asked| reply(&mut of_handler.lock().unwrap(), &asked);
        let port = serve(None, Arc::new(handler));
        let url = format!("http://127.0.0.1:{port}");
        let variables = with(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "hvs.demo")]);
        Self { variables, state }
    }

    fn answer(&self, line: &'static str, status: u16, body: Value) {
        self.state
            .lock()
            .unwrap()
            .answers
            .insert(0, (line, status, body));
    }

    fn secret(&self, data: &Value) {
        let body = json!({"data": {"data": data, "metadata": {"version": 3}}});
        self.answer("GET /v1/secret/data/salesforce/prod", 200, body);
    }
}

fn reply(state: &mut State, asked: &Asked) -> Reply {
    state.asked.push(asked.clone());
    if asked.header("x-vault-token") != Some("hvs.demo") {
        return Some((
            403,
            "application/json",
            json!({"errors": ["permission denied"]}).to_string(),
        ));
    }
    if asked.line == "POST /v1/transit/sign/salesforce/sha2-256" {
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(body["signature_algorithm"], "pkcs1v15");
        assert_eq!(body["key_version"], 2);
        let mut message = STANDARD.decode(body["input"].as_str().unwrap()).unwrap();
        message.extend(state.lies.then_some(b'x'));
        let signature = format!("vault:v2:{}", STANDARD.encode(signature(&message)));
        let body = json!({"data": {"key_version": 2, "signature": signature}});
        return Some((200, "application/json", body.to_string()));
    }
    let found = state
        .answers
        .iter()
        .find(|(line, _, _)| *line == asked.line);
    let (status, body) = match found {
        Some((_, status, body)) => (*status, body.clone()),
        None => (404, json!({"errors": []})),
    };
    Some((status, "application/json", body.to_string()))
}

fn pair() -> KeyPair {
    KeyPair::from_pkcs8(&der("pkcs8.key")).unwrap()
}

pub(crate) fn signature(message: &[u8]) -> Vec<u8> {
    let pair = pair();
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .unwrap();
    signature
}

const FIELD: &str = "vault:secret/salesforce/prod#private_key";

#[tokio::test]
async fn a_field_of_a_secret_is_read_as_text_or_object() {
    let vault = Vault::start();
    for data in [
        json!({"private_key": text("pkcs8.key"), "other": "a"}),
        json!({"private_key": text("pkcs8.key").replace('\n', "\\n")}),
        json!({"private_key": {"value": {"private_key": text("pkcs1.key")}}}),
    ] {
        vault.secret(&data);
        vault.variables.set("VAULT_NAMESPACE", &["team"]);
        fetch(FIELD, &vault.variables).await.unwrap();
    }
    let asked = vault.state.lock().unwrap().asked[0].clone();
    assert_eq!(asked.header("x-vault-namespace"), Some("team"));
}

#[tokio::test]
async fn what_vault_does_not_give_is_told() {
    let vault = Vault::start();
    let told = refusal(FIELD, &vault.variables).await;
    assert!(told.contains("no such secret"), "{told}");
    let line = "GET /v1/secret/data/salesforce/prod";
    let gone = json!({"data": {"data": null, "metadata": {"deletion_time": "2026"}}});
    for (status, body, words) in [
        (404, gone, "was deleted"),
        (
            200,
            json!({"data": {"data": {"a": "s3cret", "b": 1}}}),
            "is not there; the secret has: a, b",
        ),
        (
            200,
            json!({"data": {"data": {"private_key": 1}}}),
            "neither a text nor an object",
        ),
        (
            200,
            json!({"data": {"private_key": "s3cret"}}),
            "another shape",
        ),
        (
            503,
            json!({"errors": ["Vault is sealed"]}),
            "503: Vault is sealed",
        ),
        (400, json!({"errors": []}), "Vault answered 400"),
    ] {
        vault.answer(line, status, body);
        let told = refusal(FIELD, &vault.variables).await;
        assert!(
            told.contains(words) && !told.contains("s3cret"),
            "{words}: {told}"
        );
    }
    vault.variables.set("VAULT_TOKEN", &["wrong"]);
    let told = refusal(FIELD, &vault.variables).await;
    assert!(told.contains("403: permission denied"), "{told}");
    vault
        .variables
        .set("VAULT_ADDR", &["http://vault.example.com:8200"]);
    let told = refusal(FIELD, &vault.variables).await;
    assert!(told.contains("not sent in the clear"), "{told}");
}

#[tokio::test]
async fn the_token_is_that_of_the_variable_or_the_file_of_the_login() {
    let vault = Vault::start();
    vault.secret(&json!({"private_key": text("pkcs8.key")}));
    vault.variables.set("VAULT_TOKEN", &[""]);
    let home = tempfile::tempdir().unwrap();
    vault
        .variables
        .set("HOME", &[home.path().to_str().unwrap()]);
    let told = refusal(FIELD, &vault.variables).await;
    assert!(
        told.contains("VAULT_TOKEN (not set), ~/.vault-token (not there)"),
        "{told}"
    );
    std::fs::write(home.path().join(".vault-token"), "hvs.demo\n").unwrap();
    fetch(FIELD, &vault.variables).await.unwrap();
}

#[tokio::test]
async fn the_transit_engine_signs_and_is_not_believed_blindly() {
    let vault = Vault::start();
    let public = pair().public_key().as_der().unwrap();
    let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> = public;
    let digits = STANDARD.encode(public.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{digits}\n-----END PUBLIC KEY-----\n");
    let of_kind = |kind: &str| {
        json!({"data": {"type": kind, "latest_version": 2, "keys": {
            "1": {"public_key": text("spki.pub")}, "2": {"public_key": pem}}}})
    };
    let line = "GET /v1/transit/keys/salesforce";
    let told = refusal("vault-transit:salesforce", &vault.variables).await;
    assert!(
        told.contains("transit/salesforce in Vault is not there"),
        "{told}"
    );
    vault.answer(line, 200, of_kind("ed25519"));
    let told = refusal("vault-transit:salesforce", &vault.variables).await;
    assert!(told.contains("not an RSA key"), "{told}");
    vault.answer(line, 200, of_kind("rsa-2048"));
    let signer = fetch("vault-transit:salesforce", &vault.variables)
        .await
        .unwrap()
        .signer;
    assert_eq!(signer.sign(b"a.b").await.unwrap(), signature(b"a.b"));
    vault.state.lock().unwrap().lies = true;
    let told = signer.sign(b"a.b").await.unwrap_err().to_string();
    assert!(
        told.contains("a signature that its public key does not verify"),
        "{told}"
    );
}
