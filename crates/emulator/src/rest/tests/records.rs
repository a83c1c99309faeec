//! Single records by their ids.

use std::path::Path;

use serde_json::json;

use super::Client;
use crate::org::Seed;
use crate::testing;

#[tokio::test]
async fn records_are_read_by_their_ids() {
    let client = Client::new(Seed::Sample);
    let base = "/services/data/v60.0/sobjects";
    let uri = format!("{base}/account/001Ac0000000002?fields=name,BillingCity");
    let reply = client.get(&uri).await;
    let expected = concat!(
        r#"{"attributes":{"type":"Account","#,
        r#""url":"/services/data/v60.0/sobjects/Account/001Ac0000000002IAA"},"#,
        r#""Name":"Blåbär Bakverk","BillingCity":"Göteborg","Id":"001Ac0000000002IAA"}"#
    );
    assert_eq!(reply.text(), expected);
    let reply = client
        .get(&format!("{base}/Account/001Ac0000000002?fields=Bogus"))
        .await;
    assert_eq!(reply.json()[0]["errorCode"], "INVALID_FIELD");
    let reply = client
        .get(&format!("{base}/Organization/00DAc0000000001MAA"))
        .await;
    let record = reply.json();
    let keys: Vec<_> = record.as_object().unwrap().keys().collect();
    assert_eq!(keys[..3], ["attributes", "Id", "Name"]);
    let address = json!({
        "city": null, "country": "US", "geocodeAccuracy": null, "latitude": null,
        "longitude": null, "postalCode": null, "state": null, "street": null,
    });
    assert_eq!(record["Address"], address);
}

#[tokio::test]
async fn the_organization_has_the_keys_and_types_of_a_recorded_one() {
    let file = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/recorded/responses/Organization.yaml"
    ));
    let Ok(text) = std::fs::read_to_string(file) else {
        return testing::skipped(format_args!("{} is absent", file.display()));
    };
    let client = Client::new(Seed::Empty);
    let uri = "/services/data/v60.0/sobjects/Organization/00DAc0000000001MAA";
    let record = client.get(uri).await.json();
    let mut compared = 0;
    // The body is JSON in a YAML string that is folded over lines.
    let text = text
        .replace("\\\n            \\", "")
        .replace("\\\"", "\"")
        .replace("\\n", "\n");
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once("\" : ") else {
            continue;
        };
        let key = key.trim_start_matches('"');
        let Some(own) = record.get(key).filter(|_| line.starts_with("  \"")) else {
            continue;
        };
        let is_same_kind = match value.trim_end_matches(',') {
            "null" => true,
            "true" | "false" => own.is_boolean(),
            text if text.starts_with('"') => own.is_string() || own.is_null(),
            text if text.starts_with('{') => own.is_object(),
            _ => own.is_i64() || own.is_null(),
        };
        assert!(is_same_kind, "{key}: {value} {own}");
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}
