//! Keys in CredHub, by the certificate of the instance and by a client of the UAA.

use accredit::error::ErrorKind;
use accredit_keys::Rotation;
use serde_json::json;

use crate::data::text;
use crate::fake_credhub::{FakeCredhub, Fault, certificate};
use crate::world::{fetch, refusal, source};

const REFERENCE: &str = "credhub:/demo/certificate";

async fn fingerprint(fake: &FakeCredhub) -> String {
    let fetched = fetch(REFERENCE, &fake.variables()).await.unwrap();
    fetched.signer.public_key().fingerprint()
}

fn of(key: &str) -> String {
    let file = crate::data::secret(text(key));
    let key = accredit_keys::private_key(&file, key, accredit::key::Engine::QuickStart).unwrap();
    accredit::key::Signer::public_key(&key).fingerprint()
}

#[tokio::test]
async fn a_credential_is_read_with_the_certificate_of_the_instance() {
    let fake = FakeCredhub::start();
    fake.put(
        "/demo/certificate",
        vec![certificate("pkcs1.key", Some(false))],
    );
    assert_eq!(fingerprint(&fake).await, of("pkcs8.key"));
    fake.put(
        "/demo/certificate",
        vec![json!({"type": "json", "value": {"private_key": text("other.key")}})],
    );
    assert_eq!(fingerprint(&fake).await, of("other.key"));
    fake.put(
        "/demo/certificate",
        vec![json!({"type": "value", "value": text("other.key")})],
    );
    assert_eq!(fingerprint(&fake).await, of("other.key"));
}

#[tokio::test]
async fn of_a_certificate_in_rotation_the_active_version_signs() {
    let fake = FakeCredhub::start();
    let (active, next) = (
        certificate("pkcs1.key", Some(false)),
        certificate("other.key", Some(true)),
    );
    for versions in [
        vec![active.clone(), next.clone()],
        vec![next.clone(), active],
    ] {
        fake.put("/demo/certificate", versions);
        assert_eq!(fingerprint(&fake).await, of("pkcs8.key"));
    }
    fake.put("/demo/certificate", vec![next]);
    assert_eq!(fingerprint(&fake).await, of("other.key"));
}

#[tokio::test]
async fn a_torn_pair_is_read_once_more() {
    let fake = FakeCredhub::start();
    fake.put("/demo/certificate", vec![certificate("pkcs1.key", None)]);
    fake.issue_torn("torn");
    let at = |name: &str| fake.path(name).display().to_string();
    let variables = fake.variables();
    variables.set("CF_INSTANCE_CERT", &[&at("torn.crt"), &at("instance.crt")]);
    fetch(REFERENCE, &variables).await.unwrap();
    variables.set("CF_INSTANCE_CERT", &[&at("torn.crt")]);
    let refused = refusal(REFERENCE, &variables).await;
    assert!(refused.contains("do not belong together"), "{refused}");
}

#[tokio::test]
async fn the_certificate_of_the_instance_is_read_anew_for_each_request() {
    let fake = FakeCredhub::start();
    fake.put("/demo/certificate", vec![certificate("pkcs1.key", None)]);
    fake.issue("instance", "organization:none");
    let source = source(REFERENCE, &fake.variables());
    let refused = source.fetch().await.unwrap_err().to_string();
    assert!(
        refused.contains("401: The provided authentication mechanism"),
        "{refused}"
    );
    fake.issue("instance", crate::fake_credhub::APP);
    source.fetch().await.unwrap();
}

#[tokio::test]
async fn a_client_of_the_uaa_is_let_in_and_an_expired_token_is_renewed_once() {
    let fake = FakeCredhub::start();
    fake.put("/demo/certificate", vec![certificate("pkcs1.key", None)]);
    let variables = fake.variables();
    for name in ["CF_INSTANCE_CERT", "CF_INSTANCE_KEY"] {
        variables.set(name, &[""]);
    }
    variables.set("CREDHUB_CLIENT", &["demo"]);
    variables.set("CREDHUB_SECRET", &["p&ss"]);
    let source = source(REFERENCE, &variables);
    source.fetch().await.unwrap();
    source.fetch().await.unwrap();
    assert_eq!(fake.state.lock().unwrap().tokens, 1, "a token serves twice");
    fake.state.lock().unwrap().good = 2;
    source.fetch().await.unwrap();
    assert_eq!(
        fake.state.lock().unwrap().tokens,
        2,
        "an expired one is renewed"
    );
    fake.state.lock().unwrap().good = 99;
    let refused = source.fetch().await.unwrap_err().to_string();
    assert!(refused.contains("401: Access token expired"), "{refused}");
    assert_eq!(
        fake.state.lock().unwrap().tokens,
        3,
        "once, not again and again"
    );
    variables.set("CREDHUB_SECRET", &["wrong"]);
    let refused = refusal(REFERENCE, &variables).await;
    assert!(
        refused.contains("the UAA answered 401: Bad credentials"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_credhub_that_does_not_do_its_part_is_told_in_one_sentence() {
    let fake = FakeCredhub::start();
    fake.put("/demo/certificate", vec![certificate("pkcs1.key", None)]);
    let json = "application/json";
    for (fault, words, is_transient) in [
        (
            Fault::Status(200, "text/html", "<html>s3cret"),
            "an HTML page",
            false,
        ),
        (
            Fault::Status(502, "text/html", "<html>s3cret"),
            "an HTML page",
            true,
        ),
        (
            Fault::Status(503, json, r#"{"error":"read-only mode"}"#),
            "503: read-only mode",
            true,
        ),
        (
            Fault::Status(200, json, r#"{"data":[]}"#),
            "another shape",
            false,
        ),
        (Fault::Status(200, json, "s3cret"), "no JSON", false),
        (Fault::Nothing, "in mid-reply", true),
    ] {
        fake.fail(Some(fault.clone()));
        let error = fetch(REFERENCE, &fake.variables()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains(words) && !text.contains("s3cret"),
            "{fault:?}: {text}"
        );
        assert_eq!(error.is_transient(), is_transient, "{fault:?}: {text}");
    }
    fake.fail(None);
    let missing = fetch("credhub:/none", &fake.variables()).await.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.status()),
        (ErrorKind::Key, Some(404))
    );
    assert!(
        missing
            .to_string()
            .contains("/none is not there, or this app may not read it")
    );
}

#[tokio::test]
async fn without_a_way_in_every_place_looked_at_is_told() {
    let variables = crate::world::with(&[("CREDHUB_API", "https://localhost:1")]);
    let refused = refusal(REFERENCE, &variables).await;
    for name in [
        "CREDHUB_CLIENT",
        "CREDHUB_SECRET",
        "CF_INSTANCE_CERT",
        "CF_INSTANCE_KEY",
    ] {
        assert!(refused.contains(name), "{refused}");
    }
    variables.set("CREDHUB_CLIENT", &["a"]);
    assert!(
        refusal(REFERENCE, &variables)
            .await
            .contains("CREDHUB_SECRET is not")
    );
    variables.set("CREDHUB_API", &["http://localhost:1"]);
    assert!(
        refusal(REFERENCE, &variables)
            .await
            .contains("not the address of a CredHub")
    );
}

#[tokio::test]
async fn a_rotation_takes_a_new_key_and_keeps_the_old_one_from_a_bad_one() {
    let fake = FakeCredhub::start();
    fake.put("/demo/certificate", vec![certificate("pkcs1.key", None)]);
    let mut rotation = Rotation::start(source(REFERENCE, &fake.variables()))
        .await
        .unwrap();
    assert!(
        rotation.poll().await.unwrap().is_none(),
        "nothing has changed"
    );
    for bad in [certificate("ec.key", None), json!({"value": 1})] {
        fake.put("/demo/certificate", vec![bad]);
        rotation.poll().await.unwrap_err();
        assert_eq!(
            rotation.signer().public_key().fingerprint(),
            of("pkcs8.key")
        );
    }
    fake.fail(Some(Fault::Nothing));
    rotation.poll().await.unwrap_err();
    fake.fail(None);
    fake.put("/demo/certificate", vec![certificate("pkcs8.key", None)]);
    assert!(
        rotation.poll().await.unwrap().is_none(),
        "the same key in another form"
    );
    fake.put("/demo/certificate", vec![certificate("other.key", None)]);
    let new = rotation.poll().await.unwrap().unwrap();
    assert_eq!(new.public_key().fingerprint(), of("other.key"));
    assert_eq!(
        rotation.signer().public_key().fingerprint(),
        of("other.key")
    );
}
