//! What a client learns before it asks for records: versions, resources, descriptions.

use http::{Method, StatusCode};
use serde_json::json;

use super::Client;
use crate::org::Seed;

#[tokio::test]
async fn versions_are_listed_without_a_session() {
    let client = Client::new(Seed::Empty);
    for uri in ["/services/data", "/services/data/"] {
        let reply = client
            .send(Method::GET, uri, &[("authorization", "none")])
            .await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(
            reply.header("content-type"),
            "application/json;charset=UTF-8"
        );
        assert_eq!(reply.header("sforce-limit-info"), "");
        let versions = reply.json();
        let versions = versions.as_array().unwrap();
        assert_eq!(versions.len(), 38);
        let first = json!({
            "label": "Summer '14",
            "url": "/services/data/v31.0",
            "version": "31.0",
        });
        assert_eq!(versions[0], first);
        assert_eq!(versions[37]["version"], "68.0");
    }
    let reply = client.send(Method::POST, "/services/data", &[]).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn only_versions_that_are_served_answer() {
    let client = Client::new(Seed::Empty);
    for (version, status) in [
        ("v31.0", StatusCode::OK),
        ("v68.0", StatusCode::OK),
        ("v21.0", StatusCode::GONE),
        ("v30.0", StatusCode::GONE),
        ("v20.0", StatusCode::NOT_FOUND),
        ("v69.0", StatusCode::NOT_FOUND),
        ("v60", StatusCode::NOT_FOUND),
        ("60.0", StatusCode::NOT_FOUND),
    ] {
        for slash in ["", "/"] {
            let reply = client
                .get(&format!("/services/data/{version}{slash}"))
                .await;
            assert_eq!(reply.status, status, "{version}");
        }
    }
    let reply = client.get("/services/data/v60.0/").await;
    let resources = reply.json();
    assert_eq!(resources["query"], "/services/data/v60.0/query");
    assert_eq!(
        resources["identity"],
        "http://localhost:8080/id/00DAc0000000001MAA/005Ac0000000001IAA"
    );
}

#[tokio::test]
async fn what_sf_asks_at_login_is_answered() {
    let client = Client::new(Seed::Empty);
    let uri = "/services/data/v51.0/query?q=SELECT%20Id%20FROM%20ScratchOrgInfo%20limit%201";
    let reply = client.get(uri).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()[0]["errorCode"], "INVALID_TYPE");
    let soql = "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, \
                OrganizationType FROM Organization";
    let reply = client.query(soql).await;
    assert_eq!(reply.json()["totalSize"], 1);
    let uri = "/services/data/v60.0/query?q=SELECT+Id,Account.Name+FROM+Contact&columns=true";
    let columns = &client.get(uri).await.json()["columnMetadata"];
    let id = json!({
        "aggregate": false, "apexType": "Id", "booleanType": false, "columnName": "Id",
        "custom": false, "displayName": "Id", "foreignKeyName": null, "insertable": false,
        "joinColumns": [], "numberType": false, "textType": false, "updatable": false,
    });
    assert_eq!(columns[0], id);
    assert_eq!(columns[1]["columnName"], "Account");
    assert_eq!(columns[1]["foreignKeyName"], "AccountId");
    assert_eq!(columns[1]["joinColumns"][0]["columnName"], "Name");
}

#[tokio::test]
async fn describe_and_its_list_are_served() {
    let client = Client::new(Seed::Empty);
    let reply = client.get("/services/data/v60.0/sobjects").await;
    let list = reply.json();
    assert_eq!(list["maxBatchSize"], 200);
    assert!(list["sobjects"].as_array().unwrap().len() >= 20);
    let reply = client
        .get("/services/data/v60.0/sobjects/contact/describe")
        .await;
    let describe = reply.json();
    assert_eq!(describe["name"], "Contact");
    assert_eq!(
        describe["urls"]["sobject"],
        "/services/data/v60.0/sobjects/Contact"
    );
    let reply = client.get("/services/data/v60.0/sobjects/contact").await;
    assert_eq!(reply.json()["objectDescribe"]["keyPrefix"], "003");
    let reply = client
        .send(Method::HEAD, "/services/data/v60.0/sobjects/contact", &[])
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    let uri = "/services/data/v60.0/limits/recordCount?sObjects=User,Nonsense,account";
    let counts = json!({"sObjects": [
        {"count": 2, "name": "User"},
        {"count": 0, "name": "Account"},
    ]});
    assert_eq!(client.get(uri).await.json(), counts);
}
