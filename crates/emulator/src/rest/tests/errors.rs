//! Refusals, to the letter.

use http::{Method, StatusCode};
use serde_json::json;

use super::Client;
use crate::org::Seed;

const NOT_FOUND: &str =
    r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#;

const NO_SUCH_ID: &str = concat!(
    r#"[{"message":"Provided external ID field does not exist or is not accessible: "#,
    r#"rid","errorCode":"NOT_FOUND"}]"#
);

/// Method, path, status and body.
const ERRORS: &[(Method, &str, u16, &str)] = &[
    (Method::GET, "/nonsense", 404, NOT_FOUND),
    (Method::GET, "/identity", 404, NOT_FOUND),
    (Method::GET, "/sobjects/Nonsense", 404, NOT_FOUND),
    (Method::GET, "/sobjects/Nonsense/describe", 404, NOT_FOUND),
    (
        Method::GET,
        "/sobjects/Account/001Ac0000009999IAA",
        404,
        NOT_FOUND,
    ),
    (
        Method::GET,
        "/sobjects/Account/003Ac0000000001IAA",
        404,
        NOT_FOUND,
    ),
    (Method::GET, "/sobjects/Account/rid", 404, NO_SUCH_ID),
    (
        Method::PATCH,
        "/sobjects/Account",
        405,
        concat!(
            r#"[{"errorCode":"METHOD_NOT_ALLOWED","#,
            r#""message":"HTTP Method 'PATCH' not allowed. Allowed are HEAD,GET,POST"}]"#
        ),
    ),
    (
        Method::POST,
        "/query",
        405,
        concat!(
            r#"[{"errorCode":"METHOD_NOT_ALLOWED","#,
            r#""message":"HTTP Method 'POST' not allowed. Allowed are HEAD,GET"}]"#
        ),
    ),
    (
        Method::GET,
        "/tooling/query?q=SELECT+Id+FROM+ApexClass",
        501,
        concat!(
            r#"[{"errorCode":"NOT_IMPLEMENTED","#,
            r#""message":"This emulator does not serve tooling queries of ApexClass yet."}]"#
        ),
    ),
    (
        Method::GET,
        "/query",
        400,
        concat!(
            r#"[{"message":"A query string has to be specified","#,
            r#""errorCode":"MALFORMED_QUERY"}]"#
        ),
    ),
    (
        Method::GET,
        "/query?q=%@o",
        400,
        concat!(
            r#"[{"message":"URLDecoder: Illegal hex characters in escape (%) pattern - "#,
            r#"Error at index 0 in: \"@o\"","errorCode":"ILLEGAL_QUERY_PARAMETER_VALUE"}]"#
        ),
    ),
    (
        Method::GET,
        "/query/0r8Ac0000000009AAA-2000",
        400,
        r#"[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]"#,
    ),
];

#[tokio::test]
async fn errors_look_as_recorded() {
    let client = Client::new(Seed::Sample);
    for (method, path, status, body) in ERRORS {
        let uri = format!("/services/data/v60.0{path}");
        let reply = client.send(method.clone(), &uri, &[]).await;
        assert_eq!(
            (reply.status.as_u16(), reply.text()),
            (*status, *body),
            "{path}"
        );
        assert_eq!(
            reply.header("content-type"),
            "application/json;charset=UTF-8"
        );
    }
    let headers = [("authorization", "Bearer nobody")];
    let reply = client
        .send(Method::GET, "/services/data/v60.0/", &headers)
        .await;
    let body = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
    assert_eq!((reply.status.as_u16(), reply.text()), (401, body));
}

#[tokio::test]
async fn a_soql_error_has_its_caret_on_lines_of_its_own() {
    let client = Client::new(Seed::Sample);
    let reply = client.query("SELECT Bogus__c FROM Account").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let expected = json!([{
        "message": "\nSELECT Bogus__c FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such \
            column 'Bogus__c' on entity 'Account'. If you are attempting to use a custom field, be \
            sure to append the '__c' after the custom field name. Please reference your WSDL or the \
            describe call for the appropriate names.",
        "errorCode": "INVALID_FIELD",
    }]);
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn a_plus_that_became_a_blank_is_refused_as_recorded() {
    let client = Client::new(Seed::Sample);
    let filter = "CreatedDate%3E2026-11-21T00:00:00";
    let base = "/services/data/v60.0/query?q=SELECT+Id+FROM+Account+WHERE+";
    let reply = client.get(&format!("{base}{filter}+01:00")).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let error = &reply.json()[0];
    assert_eq!(error["errorCode"], "MALFORMED_QUERY");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("no viable alternative at character ' '"),
        "{message}"
    );
    let reply = client.get(&format!("{base}{filter}%2B01:00")).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn calls_are_counted_and_refused_when_there_are_too_many() {
    let client = Client::new(Seed::Empty);
    client.org().set_request_limit(2);
    for calls in 1..=2 {
        let reply = client.get("/services/data/v60.0/limits").await;
        assert_eq!(
            reply.header("sforce-limit-info"),
            format!("api-usage={calls}/2")
        );
        let left = json!({"Max": 2, "Remaining": 2 - calls});
        assert_eq!(reply.json()["DailyApiRequests"], left);
    }
    let reply = client.get("/services/data/v60.0/limits").await;
    let body =
        r#"[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#;
    assert_eq!((reply.status.as_u16(), reply.text()), (403, body));
}

#[tokio::test]
async fn an_endless_uri_is_answered_in_html() {
    let client = Client::new(Seed::Empty);
    let query = |length: usize| {
        let base = "/services/data/v60.0/query?q=";
        format!("{base}{}", "x".repeat(length - base.len()))
    };
    let reply = client.get(&query(16_385)).await;
    assert_eq!(reply.status, StatusCode::URI_TOO_LONG);
    let html = "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>";
    assert_eq!(reply.text(), html);
    assert!(reply.header("content-type").starts_with("text/html"));
    let reply = client.get(&query(16_384)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}
