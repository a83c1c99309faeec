//! What describes the org: conditional answers, definitions, limits.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Client;
use crate::org::Seed;

#[tokio::test]
async fn a_describe_that_the_client_has_is_not_sent_again() {
    let client = Client::new(Seed::Empty);
    let uri = "/services/data/v60.0/sobjects/Account/describe";
    let reply = client.get(uri).await;
    let tag = reply.header("etag").to_owned();
    let date = reply.header("last-modified").to_owned();
    assert_eq!(date, "Sat, 21 Nov 2026 17:47:00 GMT");
    let packed = tag.trim_end_matches('"').to_owned() + "--gzip\"";
    for (name, value, status) in [
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", packed.as_str(), 304),
        ("if-none-match", "\"other\"", 200),
        ("if-modified-since", date.as_str(), 304),
        ("if-modified-since", "Sat, 21 Nov 2026 17:46:59 GMT", 200),
        ("if-modified-since", "yesterday", 200),
    ] {
        let reply = client.send(Method::GET, uri, &[(name, value)]).await;
        assert_eq!(reply.status.as_u16(), status, "{name}: {value}");
        assert_eq!(reply.body.is_empty(), status == 304, "{name}: {value}");
        assert_eq!(reply.header("etag"), tag);
    }
    let parts = json!({"compositeRequest": [{
        "method": "GET", "url": uri, "referenceId": "a",
        "httpHeaders": {"If-Modified-Since": date},
    }]});
    let reply = client.call("POST", "/composite", parts).await.json();
    let part = &reply["compositeResponse"][0];
    assert_eq!(
        (&part["httpStatusCode"], &part["body"]),
        (&json!(304), &json!(null))
    );
}

#[tokio::test]
async fn errors_are_xml_for_those_who_accept_only_that() {
    let client = Client::new(Seed::Empty);
    let uri = "/services/data/v60.0/sobjects/Bogus";
    let reply = client
        .send(Method::GET, uri, &[("accept", "application/xml")])
        .await;
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Errors><Error><errorCode>NOT_FOUND</errorCode><message>The requested resource does not exist</message></Error></Errors>";
    assert_eq!(reply.text(), body);
    assert_eq!(
        reply.header("content-type"),
        "application/xml;charset=UTF-8"
    );
    let accepts = [("accept", "application/json, application/xml")];
    let reply = client.send(Method::GET, uri, &accepts).await;
    assert_eq!(reply.json()[0]["errorCode"], "NOT_FOUND");
}

#[tokio::test]
async fn definitions_are_records() {
    let client = Client::new(Seed::Empty);
    let soql = "SELECT QualifiedApiName, Label, KeyPrefix, IsCustomSetting FROM EntityDefinition WHERE QualifiedApiName = 'account'";
    for path in ["tooling/query", "query", "tooling/query/"] {
        let uri = format!("/services/data/v60.0/{path}?q={}", soql.replace(' ', "+"));
        let reply = client.get(&uri).await.json();
        assert_eq!(reply["totalSize"], 1, "{reply}");
        let record = &reply["records"][0];
        assert_eq!(
            (&record["QualifiedApiName"], &record["KeyPrefix"]),
            (&json!("Account"), &json!("001"))
        );
    }
    let soql = "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Contact' AND QualifiedApiName IN ('LastName', 'AccountId', 'Birthdate', 'Title') ORDER BY QualifiedApiName";
    let reply = client.query(soql).await.json();
    let kinds: Vec<_> = reply["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["DataType"].clone())
        .collect();
    assert_eq!(
        json!(kinds),
        json!(["Lookup(Account)", "Date", "Name", "Text(128)"])
    );
}

const DEFINED: &str = "/services/data/v60.0/query?q=SELECT+COUNT()+FROM+EntityDefinition";

#[tokio::test]
async fn definitions_come_back_after_a_composite_that_was_undone() {
    let client = Client::new(Seed::Empty);
    let calls = json!({"allOrNone": true, "compositeRequest": [
        {"method": "GET", "url": DEFINED, "referenceId": "defined"},
        {"method": "POST", "url": "/services/data/v60.0/sobjects/Account", "referenceId": "bad",
            "body": {}},
    ]});
    client.call("POST", "/composite", calls).await;
    let answer = client.query("SELECT COUNT() FROM EntityDefinition").await;
    assert_ne!(answer.json()["totalSize"], 0);
    assert_ne!(answer.json()["totalSize"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_and_composites_do_not_wait_for_each_other() {
    for _ in 0..3 {
        let client = Client::new(Seed::Empty);
        let accounts: Vec<Value> = (0..50)
            .map(|n| json!({"attributes": {"type": "Account"}, "Name": format!("{n}")}))
            .collect();
        let calls = json!({"allOrNone": true, "compositeRequest": [
            {"method": "POST", "url": "/services/data/v60.0/composite/sobjects",
                "referenceId": "made", "body": {"records": accounts}},
            {"method": "GET", "url": DEFINED, "referenceId": "defined"},
        ]});
        let soql = "SELECT COUNT() FROM EntityDefinition";
        let (composite, query) =
            tokio::join!(client.call("POST", "/composite", calls), client.query(soql));
        assert_eq!(
            (composite.status, query.status),
            (StatusCode::OK, StatusCode::OK)
        );
    }
}

#[tokio::test]
async fn limits_have_their_known_names() {
    let client = Client::new(Seed::Empty);
    let limits = client.get("/services/data/v60.0/limits").await.json();
    for name in [
        "DailyBulkV2QueryJobs",
        "HourlyPublishedPlatformEvents",
        "SingleEmail",
    ] {
        assert_eq!(limits[name]["Max"], limits[name]["Remaining"], "{name}");
    }
    assert_eq!(limits["PermissionSets"]["CreateCustom"]["Max"], 1_000);
    let names: Vec<_> = limits.as_object().unwrap().keys().cloned().collect();
    assert!(names.is_sorted());
}

#[tokio::test]
async fn packed_bodies_are_read_nothing_is_recent_and_search_is_not_there_yet() {
    use std::io::Write as _;
    let client = Client::new(Seed::Empty);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(br#"{"Name":"Packed"}"#).unwrap();
    for (body, status) in [(packer.finish().unwrap(), 201), (b"no gzip".to_vec(), 400)] {
        let request = http::Request::builder()
            .method("POST")
            .uri("/services/data/v60.0/sobjects/Account")
            .header("host", "localhost:8080")
            .header("authorization", format!("Bearer {}", client.token))
            .header("content-encoding", "gzip");
        let reply = client.ask(request.body(body.into()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status);
    }
    let reply = client.get("/services/data/v60.0/recent").await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "[]"));
    let reply = client.get("/services/data/v60.0/search?q=FIND+{a}").await;
    let body = r#"[{"errorCode":"NOT_IMPLEMENTED","message":"This emulator does not serve /search yet."}]"#;
    assert_eq!((reply.status.as_u16(), reply.text()), (501, body));
}
