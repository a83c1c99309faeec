//! The REST API as a client sees it, without a socket.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use accredit::clock::ManualClock;
use axum::Router;
use axum::body::{Body, to_bytes};
use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

mod bulk_jobs;
mod classic;
mod composites;
mod descriptions;
mod writes;

use super::routes;
use crate::Emulator;
use crate::app::App;
use crate::org::tests::NOW;
use crate::org::{Org, Seed};
use crate::testing;

/// A client of a local org.
struct Client {
    app: App,
    clock: Arc<ManualClock>,
    router: Router,
    token: String,
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    fn new(seed: Seed) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let app = Emulator::builder()
            .seed(seed)
            .clock(clock.clone())
            .open()
            .unwrap();
        app.add_app(testing::app()).unwrap();
        let token = testing::sign_in(&app, "integration@accredit.example");
        let router = routes().with_state(app.clone());
        Self {
            app,
            clock,
            router,
            token,
        }
    }

    fn org(&self) -> &Org {
        self.app.org()
    }

    async fn send(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost:8080");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a body and gives what came back.
    async fn call(&self, method: &str, path: &str, body: impl ToString) -> Reply {
        let uri = format!("/services/data/v60.0{path}");
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost:8080")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    async fn get(&self, uri: &str) -> Reply {
        self.send(Method::GET, uri, &[]).await
    }

    async fn query(&self, soql: &str) -> Reply {
        let soql = soql.replace('%', "%25").replace(' ', "+");
        self.get(&format!("/services/data/v60.0/query?q={soql}"))
            .await
    }
}

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
async fn large_answers_are_compressed_for_those_who_accept_it() {
    let client = Client::new(Seed::Sample);
    let uri = "/services/data/v60.0/query?q=SELECT+Id,Name+FROM+Contact";
    let plain = client.get(uri).await;
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, is_packed) in [
        ("gzip", true),
        ("deflate, gzip;q=0.5", true),
        ("*", true),
        ("gzip;q=0", false),
        ("deflate", false),
    ] {
        let headers = [("accept-encoding", accepted)];
        let reply = client.send(Method::GET, uri, &headers).await;
        let encoding = if is_packed { "gzip" } else { "" };
        assert_eq!(reply.header("content-encoding"), encoding, "{accepted}");
        let mut body = Vec::new();
        if is_packed {
            assert!(reply.body.len() < plain.body.len() / 4);
            GzDecoder::new(reply.body.as_slice())
                .read_to_end(&mut body)
                .unwrap();
        } else {
            body = reply.body;
        }
        assert_eq!(body, plain.body, "{accepted}");
    }
    let headers = [("accept-encoding", "gzip")];
    let small = "/services/data/v60.0/query?q=SELECT+COUNT()+FROM+Contact";
    let reply = client.send(Method::GET, small, &headers).await;
    assert_eq!(reply.header("content-encoding"), "");
}

#[tokio::test]
async fn pretty_printing_is_javas() {
    let client = Client::new(Seed::Sample);
    let headers = [("x-prettyprint", "1")];
    let uri = "/services/data/v60.0/query?q=SELECT+Name,Account.Name+FROM+Contact+LIMIT+1";
    let reply = client.send(Method::GET, uri, &headers).await;
    let expected = r#"{
  "totalSize" : 1,
  "done" : true,
  "records" : [ {
    "attributes" : {
      "type" : "Contact",
      "url" : "/services/data/v60.0/sobjects/Contact/003Ac0000000001IAA"
    },
    "Name" : "Ada Abernathy",
    "Account" : {
      "attributes" : {
        "type" : "Account",
        "url" : "/services/data/v60.0/sobjects/Account/001Ac0000000001IAA"
      },
      "Name" : "Northwind Instruments"
    }
  } ]
}"#;
    assert_eq!(reply.text(), expected);
    let uri = "/services/data/v60.0/query?q=SELECT+Id+FROM+Contact+LIMIT+0";
    let reply = client.send(Method::GET, uri, &headers).await;
    let expected = "{\n  \"totalSize\" : 0,\n  \"done\" : true,\n  \"records\" : [ ]\n}";
    assert_eq!(reply.text(), expected);
}

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
