//! Public and own test vectors, for an RS256-only verifier.

use std::path::{Path, PathBuf};

use accredit::key::PublicKey;
use accredit_emulator::jws::{self, VerifyingKey};
use accredit_emulator::{AppKind, Emulator, Mode, NewApp, NewUser, Upload};
use aws_lc_rs::rsa::KeyPair;
use serde_json::{Value, json};

use crate::skip::skipped;
use crate::support::{CLIENT_ID, NOW, OURS, Org, USERNAME, sign_with};

/// Reads a file of vectors; says so and gives nothing where the folder is absent.
fn vectors(name: &str) -> Option<Value> {
    let folder: PathBuf = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors"
    ))
    .into();
    let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
        let file = folder.join(name);
        skipped(format_args!("no test vectors at {}", file.display()));
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn array<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

/// The groups of a Wycheproof file with each of their tests.
fn wycheproof(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    array(file, "testGroups")
        .iter()
        .flat_map(|group| array(group, "tests").iter().map(move |test| (group, test)))
}

/// An org as the vectors assume it: one connected app with the key of the file, one approved user.
fn org(file: &Value, mode: Mode) -> Org {
    let org = Org::empty(Emulator::builder().mode(mode));
    org.app
        .add_app(NewApp {
            client_id: Some(CLIENT_ID.to_owned()),
            kind: AppKind::Connected,
            certificates: vec![Upload::Text(file["jwk"].to_string())],
            ..NewApp::default()
        })
        .unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    org
}

#[test]
fn wycheproof_jws_accepts_the_rs256_cases_and_no_other() {
    let Some(file) = vectors("wycheproof/json_web_signature_test.json") else {
        return;
    };
    let mut accepted = Vec::new();
    for (group, test) in wycheproof(&file) {
        let key = group.get("public").unwrap_or(&group["private"]).to_string();
        let keys: Vec<_> = VerifyingKey::from_jwk(&key).into_iter().collect();
        let text = match &test["jws"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if jws::verify(&text, &keys).is_ok() {
            accepted.push(test["tcId"].as_u64().unwrap());
        }
    }
    assert_eq!(wycheproof(&file).count(), 401);
    assert_eq!(accepted, [33, 259, 260, 261, 262, 263, 345, 349]);
}

#[test]
fn wycheproof_jwk_accepts_the_one_fit_rsa_key() {
    let Some(file) = vectors("wycheproof/json_web_key_test.json") else {
        return;
    };
    let mut accepted = Vec::new();
    for (group, test) in wycheproof(&file) {
        let set = group.get("public").unwrap_or(&group["private"]).to_string();
        let keys = VerifyingKey::from_jwk_set(&set).unwrap_or_default();
        if jws::verify(test["jws"].as_str().unwrap(), &keys).is_ok() {
            accepted.push(test["tcId"].as_u64().unwrap());
        }
    }
    assert_eq!(accepted, [5]);
}

#[test]
fn wycheproof_rsa_signatures_agree() {
    for bits in [2048, 3072, 4096] {
        let name = format!("wycheproof/rsa_signature_{bits}_sha256_test.json");
        let Some(file) = vectors(&name) else {
            return;
        };
        for (group, test) in wycheproof(&file) {
            let der = hex(group["publicKeyAsn"].as_str().unwrap());
            let key = VerifyingKey::new(PublicKey::from_pkcs1_der(&der).unwrap()).unwrap();
            let message = hex(test["msg"].as_str().unwrap());
            let signature = hex(test["sig"].as_str().unwrap());
            let is_valid = test["result"] == "valid";
            let verified = key.verify(&message, &signature);
            assert_eq!(verified, is_valid, "{bits}: {}", test["tcId"]);
        }
    }
}

#[test]
fn of_the_examples_of_rfc_7515_only_rs256_verifies() {
    let Some(file) = vectors("rfc7515/rfc7515_appendix.json") else {
        return;
    };
    for case in array(&file, "cases") {
        let keys: Vec<_> = ["jwk", "jwk_private"]
            .iter()
            .filter_map(|name| VerifyingKey::from_jwk(&case.get(name)?.to_string()).ok())
            .collect();
        let text = case["jws"].as_str().unwrap();
        assert_eq!(
            jws::verify(text, &keys).is_ok(),
            case["id"] == "A.2",
            "{}",
            case["id"]
        );
    }
}

#[test]
fn of_the_cookbook_only_the_compact_rs256_example_verifies() {
    for (name, expected) in [
        ("jws/4_1.rsa_v15_signature.json", true),
        ("jws/4_2.rsa-pss_signature.json", false),
        ("jws/4_5.signature_with_detached_content.json", false),
        ("rfc7797/4.2.hmac-sha2_b64_false.json", false),
    ] {
        let Some(file) = vectors(&format!("jose-cookbook/{name}")) else {
            return;
        };
        let key = file["input"]["key"].to_string();
        let keys: Vec<_> = VerifyingKey::from_jwk(&key).into_iter().collect();
        let text = file["output"]["compact"].as_str().unwrap_or_default();
        assert_eq!(jws::verify(text, &keys).is_ok(), expected, "{name}");
        let json = file["output"]["json"].to_string();
        assert!(jws::verify(&json, &keys).is_err(), "{name}");
    }
}

#[tokio::test]
async fn attacks_on_rs256_are_refused_and_the_controls_pass() {
    let Some(file) = vectors("derived/rs256_attack_vectors.json") else {
        return;
    };
    for case in array(&file, "cases") {
        for mode in [Mode::Salesforce, Mode::Strict] {
            let org = org(&file, mode);
            let reply = org.exchange(&text_of(case)).await;
            let expected = case["expect"] == "accept";
            assert_eq!(reply.verdict() == "ok", expected, "{mode:?} {}", case["id"]);
            if !expected {
                assert!(reply.code().starts_with("ACC-"), "{}", case["id"]);
            }
        }
    }
}

#[tokio::test]
async fn assertions_get_the_verdict_of_each_mode() {
    let Some(file) = vectors("derived/rfc7523_assertion_cases.json") else {
        return;
    };
    assert_eq!(file["now"], NOW);
    let cases = array(&file, "cases");
    for (mode, column) in [
        (Mode::Salesforce, "salesforce_compat"),
        (Mode::Strict, "strict"),
    ] {
        for case in cases {
            let org = org(&file, mode);
            let before = case.get("sequence").and_then(Value::as_array);
            for earlier in before.into_iter().flatten() {
                if earlier != &case["id"] {
                    let earlier = cases.iter().find(|case| &case["id"] == earlier).unwrap();
                    assert_eq!(org.exchange(&text_of(earlier)).await.verdict(), "ok");
                }
            }
            let reply = org.exchange(&text_of(case)).await;
            let body = reply.json();
            let found = body
                .get("error")
                .map_or("ok", |error| error.as_str().unwrap());
            let allowed = [
                case[column].as_str(),
                case.get("alt_error").and_then(Value::as_str),
            ];
            let what = format!("{mode:?} {}: {} {}", case["id"], reply.text, reply.code());
            assert!(allowed.contains(&Some(found)), "{what}");
        }
    }
}

/// The text of a case: as given, repeated, or with a claim grown and signed again.
fn text_of(case: &Value) -> String {
    let Some(generated) = case.get("gen") else {
        return case["jws"].as_str().unwrap().to_owned();
    };
    let times = usize::try_from(generated["times"].as_u64().unwrap()).unwrap();
    let long = generated["repeat"].as_str().unwrap().repeat(times);
    let Some(claim) = generated.get("claim") else {
        let prefix = generated.get("prefix").and_then(Value::as_str);
        return format!("{}{long}", prefix.unwrap_or_default());
    };
    let mut claims = case["claims"].clone();
    claims[claim.as_str().unwrap()] = json!(long);
    let keys = vectors("derived/keys.json").unwrap();
    let key = pem::parse(keys["A"].as_str().unwrap()).unwrap();
    let key = KeyPair::from_pkcs8(key.contents()).unwrap();
    sign_with(&key, r#"{"alg":"RS256"}"#, &claims.to_string())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

#[test]
fn a_key_id_must_be_the_registered_one() {
    let signed = |kid: &str| OURS.sign(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#), "{}");
    let key = || VerifyingKey::new(OURS.public_key()).unwrap();
    let accepted = |kid: &str, key: VerifyingKey| jws::verify(&signed(kid), &[key]).is_ok();
    assert!(accepted(r#""A""#, key().with_id("A")));
    for kid in [
        r#""a""#, r#""A ""#, r#""B""#, r#""""#, "null", "1", "[]", r#"["A"]"#,
    ] {
        assert!(!accepted(kid, key().with_id("A")), "{kid}");
    }
    // An uploaded certificate has no key id: a plain name is passed over, nothing else.
    assert!(accepted(r#""Zm9v-_.42""#, key()));
    let long = format!("\"{}\"", "a".repeat(257));
    for kid in [
        r#""../x""#,
        r#""' OR 1=1""#,
        r#""A\u0000""#,
        r#""*""#,
        long.as_str(),
    ] {
        assert!(!accepted(kid, key()), "{kid}");
    }
}

#[test]
fn types_are_compared_as_media_types() {
    let key = VerifyingKey::new(OURS.public_key()).unwrap();
    for (typ, expected) in [
        (r#""JWT""#, true),
        (r#""jwt""#, true),
        (r#""application/jwt""#, true),
        (r#""at+jwt""#, false),
        (r#""JOSE""#, false),
        (r#""""#, false),
        ("null", false),
        ("1", false),
    ] {
        let text = OURS.sign(&format!(r#"{{"alg":"RS256","typ":{typ}}}"#), "{}");
        let found = jws::verify(&text, std::slice::from_ref(&key)).is_ok();
        assert_eq!(found, expected, "{typ}");
    }
}
