//! The journal of requests and what tests can ask of it.

use serde_json::{Value, json};

use crate::support::{CLIENT_ID, OURS, Org, USERNAME, claims_with};

async fn count(org: &Org, filter: &str) -> Value {
    let reply = org
        .manage("GET", &format!("/requests/count?{filter}"), Value::Null)
        .await;
    reply.json()["count"].clone()
}

/// What an entry says, in one line.
fn line(entry: &Value) -> String {
    let text = |name: &str| match &entry[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names = [
        "number",
        "template",
        "status",
        "clientId",
        "username",
        "diagnosis",
    ];
    names.map(text).join(" ")
}

#[tokio::test]
async fn every_request_leaves_a_line_that_says_who_and_what() {
    let org = Org::new();
    let token = org.token().await;
    let path = "/services/data/v65.0/query?q=SELECT+Id+FROM+Account+WHERE+Name='secret'";
    org.get_as(&token, path).await;
    org.get(path).await;
    org.exchange(&OURS.assertion(&claims_with(&json!({"sub": "nobody@example.com"}))))
        .await;
    let reply = org.manage("GET", "/requests", Value::Null).await;
    let listed = reply.json();
    let lines: Vec<String> = listed.as_array().unwrap().iter().map(line).collect();
    let query = "/services/data/{version}/query";
    assert_eq!(
        lines,
        [
            format!("4 /services/oauth2/token 400 {CLIENT_ID} nobody@example.com ACC-1030"),
            format!("3 {query} 401 - - -"),
            format!("2 {query} 200 {CLIENT_ID} {USERNAME} -"),
            format!("1 /services/oauth2/token 200 {CLIENT_ID} {USERNAME} -"),
        ]
    );
    assert!(
        !reply.text.contains("secret") && !reply.text.contains(&token),
        "{reply:?}"
    );
}

#[tokio::test]
async fn a_client_that_gives_up_leaves_a_line() {
    let org = Org::new();
    let fault = json!({"effect": {"kind": "latency", "milliseconds": 60_000}});
    org.manage("POST", "/faults", fault).await;
    tokio::select! {
        biased;
        reply = org.get("/services/data") => panic!("{reply:?}"),
        () = tokio::task::yield_now() => {}
    }
    let listed = org.manage("GET", "/requests", Value::Null).await.json();
    assert_eq!(line(&listed[0]), "1 /services/data 0 - - -");
    assert_eq!(listed[0]["fault"], 1);
}

#[tokio::test]
async fn a_refused_sign_in_is_that_of_whom_it_named() {
    let org = Org::new();
    let user = format!("ünbekannt-{}@example.com", "x".repeat(120));
    org.exchange(&OURS.assertion(&claims_with(&json!({"sub": user}))))
        .await;
    let listed = org.manage("GET", "/requests", Value::Null).await.json();
    assert_eq!(listed[0]["status"], 400);
    assert_eq!(listed[0]["username"], user);
}

#[tokio::test]
async fn filters_pick_and_counts_count() {
    let org = Org::new();
    let token = org.token().await;
    for version in ["v64.0", "v65.0"] {
        org.get_as(&token, &format!("/services/data/{version}/limits"))
            .await;
        org.get(&format!("/services/data/{version}/limits")).await;
    }
    for (filter, expected) in [
        ("", 5),
        ("method=post", 1),
        ("path=/services/data/**", 4),
        ("path=/services/data/v64.0/*", 2),
        ("status=401", 2),
        ("status=4xx", 2),
        ("user=svc.int@EXAMPLE.com&method=GET", 2),
        ("app=3MVG9other", 0),
        ("since=3", 2),
    ] {
        assert_eq!(count(&org, filter).await, expected, "{filter}");
    }
    let listed = org
        .manage("GET", "/requests?limit=2", Value::Null)
        .await
        .json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    org.manage("DELETE", "/requests", Value::Null).await;
    assert_eq!(count(&org, "").await, 0);
}

#[tokio::test]
async fn a_question_that_cannot_be_read_is_refused() {
    let org = Org::new();
    for (query, part) in [
        ("colour=red", "unknown field `colour`"),
        ("since=x", "expected a whole number"),
        ("limit=-1", "expected a whole number"),
        ("path=x", "begins with /"),
        ("method=GET&method=POST", "once"),
    ] {
        let reply = org
            .manage("GET", &format!("/requests?{query}"), Value::Null)
            .await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.text.contains(part), "{query}: {reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_request_or_with_patience() {
    let org = Org::new();
    let wait = "/requests/wait-for?path=/services/data&count=2&timeout=60";
    let ask = async {
        for _ in 0..2 {
            org.get("/services/data").await;
            tokio::task::yield_now().await;
        }
    };
    let (reply, ()) = tokio::join!(org.manage("GET", wait, Value::Null), ask);
    assert_eq!(reply.json(), json!({"count": 2}));
    let reply = org
        .manage(
            "GET",
            "/requests/wait-for?path=/never&timeout=60",
            Value::Null,
        )
        .await;
    assert_eq!(reply.status, 408);
    assert_eq!(
        reply.json()["message"],
        "expected 1 requests within 60 s, found 0"
    );
}

#[tokio::test]
async fn orgs_have_journals_of_their_own() {
    let org = Org::new();
    org.manage("POST", "/orgs", json!({"name": "acme", "seed": "empty"}))
        .await;
    org.get("/orgs/acme/services/data").await;
    assert_eq!(count(&org, "").await, 0);
    let reply = org.get("/orgs/acme/_emulator/requests").await.json();
    assert_eq!(reply[0]["path"], "/services/data");
}
