//! Signatures that others have computed: RS256 is deterministic, so every byte must come out the
//! same, from both engines.

use std::path::Path;

use accredit::key::{Engine, PrivateKey, PublicKey, Signer as _};
use accredit::secret::{Secret, hex};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::skip::skipped;

const ENGINES: [Engine; 2] = [Engine::QuickStart, Engine::Throughput];

/// A file of published vectors; `None`, and said so, where they are not at hand.
fn vectors(path: &str) -> Option<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let file = Path::new(folder).join(path);
    if !file.exists() {
        skipped(format_args!("no {}", file.display()));
        return None;
    }
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let mut out = vec![tag, 0x82];
    match length {
        [0, short] if short < 0x80 => out = vec![tag, short],
        [0, byte] => out = vec![tag, 0x81, byte],
        long => out.extend(long),
    }
    out.extend(body);
    out
}

fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0);
    let digits = &number[start.unwrap_or(number.len() - 1)..];
    let mut body = Vec::new();
    if digits[0] & 0x80 != 0 {
        body.push(0);
    }
    body.extend(digits);
    wrap(0x02, &body)
}

/// An `RSAPrivateKey` (RFC 8017 §A.1.2) from the numbers of a JSON Web Key.
fn pkcs1(jwk: &Value) -> Secret<Vec<u8>> {
    let mut fields = integer(&[0]);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        fields.extend(integer(&number(jwk, name)));
    }
    Secret::new(wrap(0x30, &fields))
}

async fn assert_reproduces(jwk: &Value, jws: &str) {
    let (message, signature) = jws.rsplit_once('.').unwrap();
    for engine in ENGINES {
        let key = PrivateKey::from_pkcs1_der(&pkcs1(jwk), engine).unwrap();
        let signed = key.sign(message.as_bytes()).await.unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(signed), signature, "{engine:?}");
    }
}

#[tokio::test]
async fn reproduces_the_example_of_rfc_7515() {
    let Some(vectors) = vectors("rfc7515/rfc7515_appendix.json") else {
        return;
    };
    let cases = vectors["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == "A.2").unwrap();
    assert_reproduces(&case["jwk_private"], case["jws"].as_str().unwrap()).await;
}

#[tokio::test]
async fn reproduces_the_example_of_rfc_7520() {
    let Some(case) = vectors("jose-cookbook/jws/4_1.rsa_v15_signature.json") else {
        return;
    };
    let jws = case["output"]["compact"].as_str().unwrap();
    assert_reproduces(&case["input"]["key"], jws).await;
}

#[tokio::test]
async fn reproduces_the_signatures_of_wycheproof_and_refuses_its_keys_with_exponent_3() {
    for bits in [2048, 3072, 4096] {
        let path = format!("wycheproof/rsa_pkcs1_{bits}_sig_gen_test.json");
        let Some(vectors) = vectors(&path) else {
            return;
        };
        let groups = vectors["testGroups"].as_array().unwrap();
        let mut reproduced = 0;
        for group in groups.iter().filter(|group| group["sha"] == "SHA-256") {
            for engine in ENGINES {
                reproduced += check_group(group, engine).await;
            }
        }
        assert!(reproduced > 0, "no case in {path}");
    }
}

/// How many signatures came out as published; none for a key that was rightly refused.
async fn check_group(group: &Value, engine: Engine) -> usize {
    let jwk = &group["privateKeyJwk"];
    let loaded = PrivateKey::from_pkcs1_der(&pkcs1(jwk), engine);
    if number(jwk, "e") != [1, 0, 1] {
        let refused = loaded.unwrap_err().to_string();
        assert!(refused.contains("65537"), "{engine:?}: {refused}");
        return 0;
    }
    let key = loaded.unwrap();
    assert_eq!(
        key.public_key(),
        &PublicKey::new(&number(jwk, "n"), &number(jwk, "e"))
    );
    let tests = group["tests"].as_array().unwrap();
    for test in tests {
        let message = unhex(test["msg"].as_str().unwrap());
        let signed = key.sign(&message).await.unwrap();
        let published = test["sig"].as_str().unwrap();
        assert_eq!(hex(&signed), published, "{engine:?}, tcId {}", test["tcId"]);
    }
    tests.len()
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}
