//! Several calls in one.

use serde_json::{Value, json};

use super::writes::error;
use super::{Client, Reply};
use crate::org::Seed;

const BASE: &str = "/services/data/v60.0";

async fn count(client: &Client, object: &str) -> Value {
    let soql = format!("SELECT COUNT() FROM {object}");
    client.query(&soql).await.json()["totalSize"].clone()
}

fn family(last_name: &Value, is_strict: bool) -> Value {
    json!({"allOrNone": is_strict, "compositeRequest": [
        {"method": "POST", "url": format!("{BASE}/sobjects/Account"), "referenceId": "acc",
            "body": {"Name": "Acme"}},
        {"method": "GET", "url": format!("{BASE}/sobjects/Account/@{{acc.id}}?fields=Name"),
            "referenceId": "got"},
        {"method": "POST", "url": format!("{BASE}/sobjects/Contact"), "referenceId": "con",
            "body": {"LastName": last_name, "AccountId": "@{acc.id}", "Title": "of @{got.Name}"}},
        {"method": "PATCH", "url": format!("{BASE}/sobjects/Contact/@{{con.id}}"),
            "referenceId": "upd", "body": {"FirstName": "Ada"}},
    ]})
}

fn statuses(reply: &Reply) -> Value {
    let body = reply.json();
    let parts = body["compositeResponse"].as_array().unwrap();
    parts
        .iter()
        .map(|part| part["httpStatusCode"].clone())
        .collect()
}

#[tokio::test]
async fn later_calls_use_the_answers_of_earlier_ones() {
    let client = Client::new(Seed::Empty);
    let reply = client
        .call("POST", "/composite", family(&json!("Byron"), true))
        .await;
    assert_eq!(statuses(&reply), json!([201, 200, 201, 204]));
    let first = concat!(
        r#"{"compositeResponse":[{"body":{"id":"001Ac0000000001IAA","success":true,"errors":[]},"#,
        r#""httpHeaders":{"Location":"/services/data/v60.0/sobjects/Account/001Ac0000000001IAA"},"#,
        r#""httpStatusCode":201,"referenceId":"acc"},"#
    );
    assert!(reply.text().starts_with(first), "{}", reply.text());
    assert_eq!(reply.json()["compositeResponse"][3]["body"], Value::Null);
    let soql = "SELECT Name, Title, Account.Name FROM Contact";
    let record = &client.query(soql).await.json()["records"][0];
    assert_eq!(record["Name"], "Ada Byron");
    assert_eq!(record["Title"], "of Acme");
    assert_eq!(record["Account"]["Name"], "Acme");
}

#[tokio::test]
async fn all_or_none_is_kept() {
    let client = Client::new(Seed::Empty);
    let reply = client
        .call("POST", "/composite", family(&Value::Null, true))
        .await;
    assert_eq!(statuses(&reply), json!([400, 400, 400, 400]));
    let body = reply.json();
    let parts = &body["compositeResponse"];
    let text =
        "The transaction was rolled back since another operation in the same transaction failed.";
    let halted = json!([{"errorCode": "PROCESSING_HALTED", "message": text}]);
    assert_eq!(parts[0]["body"], halted);
    assert_eq!(parts[2]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(parts[3]["body"], halted);
    assert_eq!(count(&client, "Account").await, 0);
    let reply = client
        .call("POST", "/composite", family(&Value::Null, false))
        .await;
    assert_eq!(statuses(&reply), json!([201, 200, 400, 400]));
    assert_eq!(count(&client, "Account").await, 1);
    let graph = json!({"graphs": [
        {"graphId": "a", "compositeRequest": family(&json!("x"), true)["compositeRequest"]},
        {"graphId": "b", "compositeRequest": family(&Value::Null, true)["compositeRequest"]},
    ]});
    let reply = client.call("POST", "/composite/graph", graph).await;
    assert_eq!(reply.json()["graphs"][0]["isSuccessful"], true);
    assert_eq!(reply.json()["graphs"][1]["isSuccessful"], false);
    assert_eq!(count(&client, "Account").await, 2);
}

#[tokio::test]
async fn a_batch_answers_call_by_call() {
    let client = Client::new(Seed::Sample);
    let body = |halts: bool| {
        json!({"haltOnError": halts, "batchRequests": [
            {"method": "GET", "url": "v60.0/sobjects/Account/001Ac0000000001IAA?fields=Name"},
            {"method": "PATCH", "url": "v60.0/sobjects/Account/001Ac0000000001IAA",
                "richInput": {"bad": 1}},
            {"method": "PATCH", "url": "v60.0/sobjects/Account/001Ac0000000001IAA",
                "richInput": {"Name": "New"}},
        ]})
    };
    for (halts, last) in [(true, 412), (false, 204)] {
        let reply = client
            .call("POST", "/composite/batch", body(halts))
            .await
            .json();
        assert_eq!(reply["hasErrors"], true);
        let codes: Vec<_> = reply["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["statusCode"].clone())
            .collect();
        assert_eq!(json!(codes), json!([200, 400, last]));
    }
}

#[tokio::test]
async fn a_tree_is_planted_whole_or_not_at_all() {
    let client = Client::new(Seed::Empty);
    let tree = |email: &str| {
        json!({"records": [{
            "attributes": {"type": "Account", "referenceId": "ref1"}, "Name": "Acme",
            "Contacts": {"records": [
                {"attributes": {"type": "Contact", "referenceId": "ref2"}, "LastName": "a", "Email": email},
                {"attributes": {"type": "Contact", "referenceId": "ref3"}, "LastName": "b"},
            ]},
        }]})
    };
    let reply = client
        .call("POST", "/composite/tree/Account/", tree("bad"))
        .await;
    assert_eq!(reply.status.as_u16(), 400);
    let body = concat!(
        r#"{"hasErrors":true,"results":[{"referenceId":"ref2","errors":[{"#,
        r#""statusCode":"INVALID_EMAIL_ADDRESS","message":"Email: invalid email address: bad","#,
        r#""fields":["Email"]}]}]}"#
    );
    assert_eq!(reply.text(), body);
    assert_eq!(count(&client, "Account").await, 0);
    let reply = client
        .call("POST", "/composite/tree/Account", tree("a@b.cc"))
        .await;
    assert_eq!(reply.status.as_u16(), 201);
    let body = concat!(
        r#"{"hasErrors":false,"results":[{"referenceId":"ref1","id":"001Ac0000000001IAA"},"#,
        r#"{"referenceId":"ref2","id":"003Ac0000000001IAA"},"#,
        r#"{"referenceId":"ref3","id":"003Ac0000000002IAA"}]}"#
    );
    assert_eq!(reply.text(), body);
    let soql = "SELECT COUNT() FROM Contact WHERE Account.Name = 'Acme'";
    assert_eq!(client.query(soql).await.json()["totalSize"], 2);
    let many: Vec<_> = (0..201).map(|at| json!({"attributes": {"type": "Account", "referenceId": format!("r{at}")}, "Name": "x"})).collect();
    let reply = client
        .call("POST", "/composite/tree/Account", json!({"records": many}))
        .await;
    assert_eq!(error(&reply).1, "INVALID_INPUT");
}

#[tokio::test]
async fn collections_are_written_in_one_call() {
    let client = Client::new(Seed::Empty);
    let body = |is_strict: bool| {
        json!({"allOrNone": is_strict, "records": [
            {"attributes": {"type": "Account"}, "Name": "a"},
            {"attributes": {"type": "Contact"}},
        ]})
    };
    let reply = client.call("POST", "/composite/sobjects", body(true)).await;
    let expected = concat!(
        r#"[{"success":false,"errors":[{"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","#,
        r#""message":"Record rolled back because not all records were valid and the request was using AllOrNone header","fields":[]}]},"#,
        r#"{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]}]"#
    );
    assert_eq!((reply.status.as_u16(), reply.text()), (200, expected));
    assert_eq!(count(&client, "Account").await, 0);
    let reply = client
        .call("POST", "/composite/sobjects", body(false))
        .await;
    assert!(reply.text().starts_with(
        r#"[{"id":"001Ac0000000001IAA","success":true,"errors":[]},{"success":false"#
    ));
    let records = json!({"records": [{"attributes": {"type": "Account"}, "id": "001Ac0000000001IAA", "Name": "b"}]});
    let reply = client.call("PATCH", "/composite/sobjects", records).await;
    assert_eq!(reply.json()[0]["success"], true);
    let upserts = json!({"records": [
        {"attributes": {"type": "Account"}, "Id": null, "Name": "new"},
        {"attributes": {"type": "Account"}, "Id": "001Ac0000000001IAA", "Name": "c"},
    ]});
    let reply = client
        .call("PATCH", "/composite/sobjects/Account/Id", upserts)
        .await;
    let created: Vec<_> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["created"].clone())
        .collect();
    assert_eq!(json!(created), json!([true, false]));
    let uri = "/composite/sobjects/Account?ids=001Ac0000000001IAA,001Ac00000000ZZ&fields=Name";
    let reply = client.call("GET", uri, "").await.json();
    assert_eq!((&reply[0]["Name"], &reply[1]), (&json!("c"), &Value::Null));
    let wanted = json!({"ids": ["001Ac0000000001IAA"], "fields": ["Name"]});
    let reply = client
        .call("POST", "/composite/sobjects/Account", wanted)
        .await;
    assert_eq!(reply.json()[0]["Name"], "c");
    let uri = "/composite/sobjects?ids=001Ac0000000001IAA,001Ac00000000ZZ&allOrNone=true";
    let reply = client.call("DELETE", uri, "").await.json();
    assert_eq!(
        reply[0]["errors"][0]["statusCode"],
        "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    );
    assert_eq!(
        reply[1]["errors"][0]["statusCode"],
        "INVALID_CROSS_REFERENCE_KEY"
    );
    let uri = "/composite/sobjects?ids=001Ac0000000001IAA,001Ac00000000ZZ";
    let reply = client.call("DELETE", uri, "").await.json();
    assert_eq!(
        reply[0],
        json!({"id": "001Ac0000000001IAA", "success": true, "errors": []})
    );
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let client = Client::new(Seed::Empty);
    let call = |at: usize| json!({"method": "GET", "url": format!("{BASE}/limits"), "referenceId": format!("r{at}")});
    let query = |at: usize| json!({"method": "GET", "url": format!("{BASE}/query?q=x"), "referenceId": format!("r{at}")});
    for (calls, code) in [
        ((0..26).map(call).collect::<Vec<_>>(), "LIMIT_EXCEEDED"),
        ((0..6).map(query).collect(), "LIMIT_EXCEEDED"),
        ([0, 0].map(call).to_vec(), "INVALID_INPUT"),
        (
            vec![json!({"method": "GET", "url": "x", "referenceId": "a-b"})],
            "INVALID_INPUT",
        ),
    ] {
        let reply = client
            .call("POST", "/composite", json!({"compositeRequest": calls}))
            .await;
        assert_eq!(error(&reply).1, code);
    }
    let nested = json!({"compositeRequest": [{"method": "POST", "url": format!("{BASE}/composite/batch"), "referenceId": "a", "body": {}}]});
    let reply = client.call("POST", "/composite", nested).await;
    assert_eq!(statuses(&reply), json!([400]));
    let many = vec![json!({"attributes": {"type": "Account"}}); 201];
    let reply = client
        .call("POST", "/composite/sobjects", json!({"records": many}))
        .await;
    assert_eq!(error(&reply).1, "EXCEEDED_ID_LIMIT");
    let reply = client.call("POST", "/composite", "{").await;
    assert_eq!(error(&reply).1, "JSON_PARSER_ERROR");
}
