//! Queries whose answer takes several pages, and those that see deleted records.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Client;
use crate::org::Seed;
use crate::testing;

#[tokio::test]
async fn pages_lead_on_to_all_records_in_order() {
    let client = Client::new(Seed::Sample);
    let everyone = "SELECT Id FROM Contact ORDER BY LastName DESC";
    client.org().repeat("Contact", 3).unwrap();
    let whole = client.query(everyone).await.json();
    assert_eq!(whole["totalSize"], 600);
    assert_eq!(whole["done"], true);
    let mut uri = format!(
        "/services/data/v60.0/query/?q={}",
        everyone.replace(' ', "+")
    );
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        // Out of range: 200 is the least.
        let headers = [("sforce-query-options", "batchSize=50")];
        let page = client.send(Method::GET, &uri, &headers).await.json();
        let keys: Vec<_> = page.as_object().unwrap().keys().cloned().collect();
        let records = page["records"].as_array().unwrap();
        seen.extend(records.iter().cloned());
        sizes.push(records.len());
        assert_eq!(page["totalSize"], 600);
        if page["done"] == true {
            assert_eq!(keys, ["totalSize", "done", "records"]);
            break;
        }
        assert_eq!(keys, ["totalSize", "done", "nextRecordsUrl", "records"]);
        page["nextRecordsUrl"]
            .as_str()
            .unwrap()
            .clone_into(&mut uri);
        let locator = uri.rsplit('/').next().unwrap();
        let expected = format!("0r8Ac0000000001AAA-{}", seen.len());
        assert_eq!(locator, expected.replace("AAA", &locator[15..18]));
    }
    assert_eq!(sizes, [200, 200, 200]);
    assert_eq!(Value::Array(seen), whole["records"]);
    let reply = client.get(&uri.replace("/query/", "/queryAll/")).await;
    assert_eq!(reply.status, StatusCode::OK);
    for username in ["admin@accredit.example", "integration@accredit.example"] {
        // Another session, be it of the same user, may not go on reading.
        let token = format!("Bearer {}", testing::sign_in(&client.app, username));
        let reply = client
            .send(Method::GET, &uri, &[("authorization", &token)])
            .await;
        assert_eq!(reply.json()[0]["errorCode"], "INVALID_QUERY_LOCATOR");
    }
}

#[tokio::test]
async fn a_locator_is_good_for_two_days() {
    let client = Client::new(Seed::Sample);
    client.org().repeat("Contact", 1).unwrap();
    let uri = "/services/data/v60.0/query?q=SELECT+Id+FROM+Contact";
    let headers = [("sforce-query-options", "batchSize=200")];
    let page = client.send(Method::GET, uri, &headers).await.json();
    let next = page["nextRecordsUrl"].as_str().unwrap();
    for _ in 0..48 {
        client
            .clock
            .advance(std::time::Duration::from_secs(60 * 60));
        assert_eq!(client.get(next).await.status, StatusCode::OK);
    }
    client.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(
        client.get(next).await.json()[0]["message"],
        "invalid query locator"
    );
}

#[tokio::test]
async fn pages_are_small_when_records_are_long() {
    let client = Client::new(Seed::Sample);
    client.org().repeat("Lead", 2).unwrap();
    for (fields, is_done) in [
        ("Description", true),
        ("Description,Account.Description", false),
    ] {
        let fields = fields.replace("Account.", "ConvertedAccount.");
        let answer = client
            .query(&format!("SELECT {fields} FROM Lead"))
            .await
            .json();
        assert_eq!(
            (&answer["totalSize"], &answer["done"]),
            (&json!(325), &json!(is_done))
        );
    }
}

#[tokio::test]
async fn deleted_records_are_found_by_query_all() {
    let client = Client::new(Seed::Sample);
    client.org().mark_deleted("Account", 1).unwrap();
    for (path, count) in [("query", 49), ("queryAll", 50), ("queryAll/", 50)] {
        let uri = format!("/services/data/v60.0/{path}?q=SELECT+COUNT()+FROM+Account");
        assert_eq!(client.get(&uri).await.json()["totalSize"], count, "{path}");
    }
    let uri = "/services/data/v60.0/sobjects/Account/001Ac0000000001IAA";
    let reply = client.get(uri).await;
    assert_eq!(reply.json()[0]["errorCode"], "ENTITY_IS_DELETED");
}
