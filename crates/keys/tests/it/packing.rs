//! New keys in the forms that others want: they come back as they were, and others read them.

use accredit::clock::UnixTime;
use accredit::key::{Engine, Signer as _};
use accredit::random::SystemRandom;
use accredit_keys::{Fields, Kind, NewKey, Recipe, Subject, describe_with, load};
use serde_json::Value;

use crate::data::{has_openssl, openssl, secret, word};

const PASSPHRASE: &str = "six+ Zeichen ü";

fn made() -> NewKey {
    let subject = Subject::new(Fields {
        common_name: Some("a".to_owned()),
        ..Fields::default()
    });
    let now = UnixTime::from_secs(1_555_123_936);
    Recipe::new(subject.unwrap())
        .make(now, &SystemRandom)
        .unwrap()
}

fn fingerprint(file: impl Into<Vec<u8>>) -> String {
    let loaded = load(&secret(file), "a", &word(PASSPHRASE), Engine::QuickStart).unwrap();
    assert_eq!(loaded.repairs, []);
    loaded.key.public_key().fingerprint()
}

#[test]
fn every_form_holds_the_same_key() {
    let made = made();
    let plain = fingerprint(made.private_key.expose().clone());
    let encrypted = made.encrypted(PASSPHRASE, &SystemRandom).unwrap();
    assert!(encrypted.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_eq!(fingerprint(encrypted), plain);
    assert_eq!(fingerprint(made.to_jwk().unwrap().expose().clone()), plain);
    let p12 = made.to_pkcs12(PASSPHRASE, &SystemRandom).unwrap();
    assert_eq!(fingerprint(p12.clone()), plain);
    let kinds: Vec<Kind> = describe_with(&secret(p12), "a", &word(PASSPHRASE))
        .unwrap()
        .iter()
        .map(|found| found.kind)
        .collect();
    assert_eq!(kinds, [Kind::Pkcs8PrivateKey, Kind::Certificate]);
}

#[test]
fn the_object_of_credhub_looks_like_that_of_its_own_program() {
    let made = made();
    let now = UnixTime::from_secs(1_555_123_936);
    let text = made
        .to_credhub("demo-certificate", now, &SystemRandom)
        .unwrap();
    let text = text.expose();
    assert!(text.starts_with("{\n\t\"id\": \""), "{}", &text[..20]);
    let object: Value = serde_json::from_str(text).unwrap();
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "name",
            "type",
            "value",
            "metadata",
            "version_created_at"
        ]
    );
    assert_eq!(object["name"], "/demo-certificate");
    assert_eq!(object["version_created_at"], "2019-04-13T02:52:16Z");
    assert_eq!(object["value"]["ca"], made.certificate.as_str());
    assert!(text.contains("BEGIN RSA PRIVATE KEY"));
    let id = object["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
    assert_eq!(
        fingerprint(text.clone()),
        fingerprint(made.private_key.expose().clone())
    );
}

#[test]
fn a_short_passphrase_is_refused() {
    let made = made();
    for refused in [
        made.encrypted("short", &SystemRandom).map(drop),
        made.to_pkcs12("", &SystemRandom).map(drop),
    ] {
        assert!(refused.unwrap_err().to_string().contains("at least 6"));
    }
}

#[test]
fn openssl_reads_what_is_written() {
    if !has_openssl() {
        return;
    }
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (key, p12, word) = (at("a.key"), at("a.p12"), format!("pass:{PASSPHRASE}"));
    std::fs::write(&key, made.encrypted(PASSPHRASE, &SystemRandom).unwrap()).unwrap();
    std::fs::write(&p12, made.to_pkcs12(PASSPHRASE, &SystemRandom).unwrap()).unwrap();
    let plain = openssl(&["pkey", "-in", &key, "-passin", &word]);
    assert_eq!(&plain, made.private_key.expose());
    let both = openssl(&["pkcs12", "-in", &p12, "-passin", &word, "-nodes"]);
    assert!(both.contains(made.private_key.expose()), "{both}");
    assert!(both.contains(&made.certificate), "{both}");
}
