//! The weak keys of Wycheproof's `json_web_key_test.json`.

use std::path::Path;

use accredit::key::{Engine, PublicKey};
use accredit_keys::private_key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::data::secret;
use crate::skip::skipped;

/// The case, the words of the refusal of its public half, and those of its private half.
const CASES: [(u64, &str, &str); 3] = [
    (7, "ROCA", "ROCA"),
    (8, "1024 bits", "1024 bits"),
    (9, "even public exponent, or 1", "public exponent 1,"),
];

#[test]
fn weak_keys_are_refused_as_public_and_as_private_keys() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/wycheproof/json_web_key_test.json"
    );
    if !Path::new(file).exists() {
        skipped(format_args!("no {file}"));
        return;
    }
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let groups = vectors["testGroups"].as_array().unwrap();
    for (case, public_words, private_words) in CASES {
        let group = groups
            .iter()
            .find(|group| group["tests"][0]["tcId"] == case)
            .unwrap();
        let jwk = &group["private"]["keys"][0];
        let weak = PublicKey::new(&number(jwk, "n"), &number(jwk, "e")).check_strength();
        let weak = weak.unwrap_err().to_string();
        assert!(weak.contains(public_words), "tcId {case}: {weak}");
        for engine in [Engine::QuickStart, Engine::Throughput] {
            let refused = private_key(&secret(pkcs1(jwk)), "a", engine)
                .unwrap_err()
                .to_string();
            assert!(refused.contains(private_words), "tcId {case}: {refused}");
        }
    }
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

/// An `RSAPrivateKey` (RFC 8017 §A.1.2) from the numbers of a JSON Web Key.
fn pkcs1(jwk: &Value) -> Vec<u8> {
    let mut fields = wrap(0x02, &[0]);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let number = number(jwk, name);
        let sign = vec![0; usize::from(number[0] >> 7)];
        fields.extend(wrap(0x02, &[sign, number].concat()));
    }
    wrap(0x30, &fields)
}

fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    let header = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [header, body.to_vec()].concat()
}
