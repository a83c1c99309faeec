//! Keys in the services that are bound to an app.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::data::text;
use crate::fake_credhub::FakeCredhub;
use crate::world::{Variables, fetch, refusal, with};

fn object(key: &str) -> Value {
    json!({"id": "1", "name": "/demo", "type": "certificate", "value": {
        "ca": text("server.crt"), "certificate": text("server.crt"), "private_key": text(key)}})
}

fn services(credentials: &Value) -> Value {
    json!({"credhub": [{
        "label": "credhub", "provider": null, "plan": "default", "name": "demo-credhub",
        "tags": ["credhub"], "instance_name": "demo-credhub", "binding_name": null,
        "credentials": credentials, "syslog_drain_url": null, "volume_mounts": [],
    }], "user-provided": [{"label": "user-provided", "name": "keys", "instance_name": "keys",
        "credentials": {"pem": text("other.key"), "password": "s3cret"}}]})
}

async fn bits(reference: &str, variables: &Arc<Variables>) -> String {
    let fetched = fetch(reference, variables)
        .await
        .unwrap_or_else(|error| panic!("{reference}: {error}"));
    fetched.signer.public_key().fingerprint()
}

fn of(key: &str) -> String {
    let file = crate::data::secret(text(key));
    let key = accredit_keys::private_key(&file, key, accredit::key::Engine::QuickStart).unwrap();
    accredit::key::Signer::public_key(&key).fingerprint()
}

#[tokio::test]
async fn a_credential_is_found_in_every_shape_that_people_paste() {
    let key = object("pkcs1.key");
    for credentials in [
        json!({"demo-certificate": key}),
        json!({"demo-certificate": key.to_string()}),
        json!({"demo-certificate": key["value"]}),
        json!({"demo-certificate": {"private_key": text("pkcs8.key")}}),
        json!({"demo-certificate": text("pkcs8.key")}),
        json!({"demo-certificate": text("pkcs8.key").replace('\n', "\\n"), "other": "text"}),
        json!({"demo-certificate": key, "user": "a", "uri": "https://a", "n": 1}),
        Value::String(json!({"demo-certificate": key}).to_string()),
    ] {
        let variables = with(&[("VCAP_SERVICES", &services(&credentials).to_string())]);
        for reference in [
            "vcap:",
            "vcap:demo-credhub",
            "vcap:demo-credhub/demo-certificate",
            "vcap:/demo-certificate",
        ] {
            assert_eq!(
                bits(reference, &variables).await,
                of("pkcs8.key"),
                "{reference} {credentials}"
            );
        }
    }
    let bare = with(&[("VCAP_SERVICES", &services(&key["value"]).to_string())]);
    assert_eq!(bits("vcap:", &bare).await, of("pkcs8.key"));
    assert_eq!(bits("vcap:keys/pem", &bare).await, of("other.key"));
    assert_eq!(
        bits("vcap:demo-credhub/private_key", &bare).await,
        of("pkcs8.key")
    );
}

#[tokio::test]
async fn what_is_not_there_or_not_clear_is_told_without_a_secret() {
    let two = json!({"a": object("pkcs1.key"), "b": object("other.key"), "password": "s3cret"});
    let twice =
        json!({"credhub": [services(&two)["credhub"][0], {"name": "second", "credentials": {}}]});
    for (document, reference, words) in [
        (
            services(&two),
            "vcap:",
            "2 of its credentials hold private keys: a, b",
        ),
        (
            services(&two),
            "vcap:none",
            "no bound service has the name none; looked at: VCAP_SERVICES_FILE_PATH (not set), SERVICE_BINDING_ROOT (not set), VCAP_SERVICES (demo-credhub, keys)",
        ),
        (
            services(&two),
            "vcap:demo-credhub/c",
            "no credential c; it has: a, b, password",
        ),
        (
            services(&json!({"password": "s3cret"})),
            "vcap:",
            "none of its credentials holds a private key; it has: password",
        ),
        (services(&json!({})), "vcap:demo-credhub", "it has: none"),
        (
            twice,
            "vcap:",
            "2 bound services in VCAP_SERVICES may be meant: demo-credhub, second",
        ),
        (json!({}), "vcap:", "VCAP_SERVICES (no services)"),
        (json!([]), "vcap:", "no JSON object"),
        (json!({"a": 1}), "vcap:", "a label without an array"),
    ] {
        let variables = with(&[("VCAP_SERVICES", &document.to_string())]);
        let refused = refusal(reference, &variables).await;
        assert!(
            refused.contains(words) && !refused.contains("s3cret"),
            "{reference}: {refused}"
        );
    }
    let nothing = refusal("vcap:", &with(&[])).await;
    assert!(nothing.contains("VCAP_SERVICES (not set)"), "{nothing}");
}

#[tokio::test]
async fn a_file_wins_over_folders_and_those_over_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let document = |key: &str| services(&json!({"k": object(key)})).to_string();
    std::fs::write(at("services"), document("pkcs1.key")).unwrap();
    bind(
        &at("root/demo"),
        "credhub",
        &[("k", &object("other.key").to_string())],
    );
    let (file, root) = (
        at("services").display().to_string(),
        at("root").display().to_string(),
    );
    let variables = with(&[("VCAP_SERVICES", &document("rsa2056.key"))]);
    assert_eq!(bits("vcap:", &variables).await, of("rsa2056.key"));
    variables.set("SERVICE_BINDING_ROOT", &[&root]);
    assert_eq!(bits("vcap:", &variables).await, of("other.key"));
    variables.set("VCAP_SERVICES_FILE_PATH", &[&file]);
    assert_eq!(bits("vcap:", &variables).await, of("pkcs8.key"));
    // What is not there is looked for in the next place; what is broken ends the search.
    std::fs::write(at("services"), "{}").unwrap();
    assert_eq!(bits("vcap:", &variables).await, of("other.key"));
    std::fs::write(at("services"), "{").unwrap();
    assert!(refusal("vcap:", &variables).await.contains("holds no JSON"));
    std::fs::remove_file(at("services")).unwrap();
    let refused = refusal("vcap:", &variables).await;
    assert!(
        refused.contains("(variable VCAP_SERVICES_FILE_PATH) could not be read"),
        "{refused}"
    );
}

/// Writes a folder of the Service Binding Specification.
fn bind(folder: &Path, kind: &str, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, contents) in [("type", kind), ("provider", kind)].iter().chain(files) {
        std::fs::write(folder.join(name), contents).unwrap();
    }
}

#[tokio::test]
async fn folders_are_read_with_both_spellings_of_their_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let key = text("pkcs8.key");
    bind(
        &root.join("one"),
        "credhub",
        &[("instance_name", "uno\n"), ("k", &key)],
    );
    bind(
        &root.join("two"),
        "x",
        &[
            ("instance-name", "due"),
            ("binding-name", "b"),
            ("private_key", &key),
        ],
    );
    bind(&root.join("..data"), "credhub", &[("k", &key)]);
    std::fs::create_dir(root.join("no-binding")).unwrap();
    std::fs::write(root.join("no-binding/k"), &key).unwrap();
    std::fs::write(root.join("one/image"), [0xff, 0]).unwrap();
    let variables = with(&[("SERVICE_BINDING_ROOT", &root.display().to_string())]);
    for reference in [
        "vcap:",
        "vcap:one",
        "vcap:uno/k",
        "vcap:two",
        "vcap:due",
        "vcap:b/private_key",
    ] {
        assert_eq!(
            bits(reference, &variables).await,
            of("pkcs8.key"),
            "{reference}"
        );
    }
    let refused = refusal("vcap:no-binding", &variables).await;
    assert!(
        refused.contains("SERVICE_BINDING_ROOT (one, two)"),
        "{refused}"
    );
    let refused = refusal("vcap:uno/instance_name", &variables).await;
    assert!(
        refused.contains("it has: k"),
        "attributes are no credentials: {refused}"
    );
}

#[tokio::test]
async fn a_reference_that_the_platform_left_is_resolved_at_credhub() {
    let fake = FakeCredhub::start();
    let name = "/credhub-service-broker/credhub/8a/credentials";
    let credentials = json!({"demo-certificate": object("pkcs1.key")});
    fake.put(name, vec![json!({"type": "json", "value": credentials})]);
    for reference in [
        json!({"credhub-ref": name}),
        json!({"credhub_ref": name}),
        json!({"credhub-ref": format!("(({name}))")}),
    ] {
        let variables = fake.variables();
        variables.set("VCAP_SERVICES", &[&services(&reference).to_string()]);
        let fetched = fetch("vcap:demo-credhub/demo-certificate", &variables)
            .await
            .unwrap();
        assert_eq!(fetched.signer.public_key().fingerprint(), of("pkcs8.key"));
        assert!(
            fetched.notes[0].contains("resolved at CredHub"),
            "{:?}",
            fetched.notes
        );
    }
    let folder = fake.path("bindings");
    bind(&folder.join("demo"), "credhub", &[("credhub-ref", name)]);
    let variables = fake.variables();
    variables.set("SERVICE_BINDING_ROOT", &[&folder.display().to_string()]);
    assert_eq!(bits("vcap:", &variables).await, of("pkcs8.key"));
    fake.put(name, vec![json!({"type": "certificate", "value": {}})]);
    let refused = refusal("vcap:", &variables).await;
    assert!(
        refused.contains("400: The credential is not the expected type"),
        "{refused}"
    );
}
