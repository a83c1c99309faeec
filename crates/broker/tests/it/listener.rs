//! Who is let in, and what is told to whom.

use accredit_broker::Reveal;

use crate::vectors::{cases, headers, text};
use crate::world::{CONNECTIONS, Reply, World, caller};

const ALL: &str = "connections = \"*\"\nuses = [\"token\", \"proxy\"]";

#[tokio::test]
async fn every_case_of_the_local_listener_is_answered_as_it_should_be() {
    let Some(file) = cases("local_listener_cases.json") else {
        return;
    };
    let (key, a) = caller("a", "connections = \"prod\"\nuses = \"token\"");
    let (key_b, b) = caller("b", "connections = \"default\"\nuses = \"token\"");
    let world = World::start(&format!("{CONNECTIONS}{a}{b}"), Reveal::Never).await;
    let port = world.address.port().to_string();
    for case in file["cases"].as_array().unwrap() {
        let (id, method, path) = (text(case, "id"), text(case, "method"), text(case, "path"));
        let version = if id.contains("http10") { "1.0" } else { "1.1" };
        let mut head = format!("{method} {path} HTTP/{version}\r\nConnection: close\r\n");
        for (name, value) in headers(case) {
            let value = value
                .replace("8089", &port)
                .replace("<client-key>", &key)
                .replace("<client-key-of-app-b>", &key_b);
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let reply = Reply::parse(&world.raw(format!("{head}\r\n").as_bytes()).await);
        let expected: Vec<u16> = match &case["expect"] {
            serde_json::Value::Number(number) => vec![number.as_u64().unwrap() as u16],
            words => words
                .as_str()
                .unwrap()
                .split([' ', ','])
                .filter_map(|word| word.parse().ok())
                .collect(),
        };
        assert!(
            expected.contains(&reply.status),
            "{id}: expected {expected:?}, {reply:?}"
        );
        assert!(!reply.head.contains("access-control-"), "{id}: {reply:?}");
        assert_eq!(
            reply.body.contains("canary"),
            reply.status == 200,
            "{id}: {reply:?}"
        );
    }
}

#[tokio::test]
async fn a_token_is_handed_out_with_an_honest_end_and_asked_for_once() {
    let world = World::local().await;
    let first = world.get("/v1/connections/default/token").await;
    assert_eq!(first.status, 200, "{first:?}");
    let document = first.json();
    assert_eq!(document["access_token"], "00Dcanary!TOKEN1");
    assert_eq!(document["expiry"], "assumed");
    let left = document["expires_in"].as_u64().unwrap();
    assert!((7100..=7200).contains(&left), "{left}");
    assert!(first.head.contains("cache-control: no-store"), "{first:?}");
    let second = world.get("/v1/connections/default/token").await;
    assert_eq!(second.json()["access_token"], "00Dcanary!TOKEN1");
    assert_eq!(world.salesforce.asked(), 1);
    let line = &world.audit()[0];
    assert!(
        line.contains(r#""caller":"local","connection":"default","way":"token""#),
        "{line}"
    );
    assert!(!line.contains("canary"), "{line}");
}

#[tokio::test]
async fn a_user_is_acted_for_only_if_connection_and_policy_allow_it() {
    let (key, a) = caller("a", &format!("{ALL}\nusernames = \"a*@example.com\""));
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let key = format!("Authorization: Bearer {key}\r\n");
    for (connection, user, expected) in [
        ("prod", "anna@example.com", 200),
        ("prod", "bob@example.com", 403),
        ("prod", "anna@other.example", 403),
        ("default", "anna@example.com", 403),
        ("default", "integration@example.com", 200),
        ("nowhere", "anna@example.com", 404),
    ] {
        let line = format!("GET /v1/connections/{connection}/token?sub={user}");
        let reply = world.ask(&line, &key, "").await;
        assert_eq!(reply.status, expected, "{connection} {user} {reply:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_the_eleventh_is_told_to_wait() {
    let (key, a) = caller("a", ALL);
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let line = "GET /v1/connections/default/token";
    for number in 1..=11 {
        let reply = world.ask(line, "Authorization: Bearer wrong\r\n", "").await;
        let expected = if number <= 10 { 401 } else { 429 };
        assert_eq!(reply.status, expected, "{number} {reply:?}");
    }
    let right = world
        .ask(line, &format!("Accredit-Key: {key}\r\n"), "")
        .await;
    assert_eq!(right.status, 200, "{right:?}");
    let in_query = world
        .get("/v1/connections/default/token?access_token=x")
        .await;
    assert_eq!(in_query.status, 400, "{in_query:?}");
}

#[tokio::test]
async fn the_report_has_five_sorted_keys_and_no_usable_secret() {
    let world = World::local().await;
    for path in ["/", "/index"] {
        let reply = world.get(path).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let starts = ["{\"claim\":\"", "}\n"];
        assert!(
            reply.body.starts_with(starts[0]) && reply.body.ends_with(starts[1]),
            "{reply:?}"
        );
        let document = reply.json();
        let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "claim",
                "response_headers",
                "response_text",
                "signed_claim",
                "target_payload"
            ]
        );
        assert_eq!(document["response_text"]["access_token"], "00Dcanary!***");
        assert_eq!(document["response_headers"]["Set-Cookie"], "***");
    }
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn the_report_shows_secrets_only_if_asked_to_and_only_to_whoever_may_have_the_token() {
    let world = World::start(CONNECTIONS, Reveal::ToCallers).await;
    let document = world.get("/").await.json();
    let joined = format!(
        "{}.{}",
        document["claim"].as_str().unwrap(),
        document["signed_claim"].as_str().unwrap()
    );
    assert_eq!(document["target_payload"], joined);
    assert_eq!(
        document["response_text"]["access_token"],
        "00Dcanary!TOKEN1"
    );
    let page = world.ask("GET /", "Sec-Fetch-Site: none\r\n", "").await;
    assert!(!page.body.contains("canary!T"), "{page:?}");
    let (key, a) = caller("a", ALL);
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::ToCallers).await;
    assert!(!world.get("/").await.body.contains("canary!T"));
    let known = world
        .ask("GET /", &format!("Authorization: Bearer {key}\r\n"), "")
        .await;
    assert!(known.body.contains("canary!T"), "{known:?}");
}

#[tokio::test]
async fn a_refusal_is_reported_with_the_setting_to_change() {
    let world = World::local().await;
    let body =
        r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;
    world.salesforce.refuse(400, body);
    for _ in 0..2 {
        let reply = world.get("/").await;
        assert_eq!(reply.status, 502, "{reply:?}");
        assert!(reply.head.contains("accredit-diagnosis: acc-"), "{reply:?}");
        assert_eq!(reply.json().as_object().unwrap().len(), 5);
    }
    let reply = world.get("/v1/connections/default/token").await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.head.contains("retry-after: "), "{reply:?}");
    assert!(reply.json()["diagnosis"]["fix"].is_string(), "{reply:?}");
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn what_looks_on_is_answered_and_what_is_not_there_is_not() {
    let world = World::local().await;
    world.get("/v1/connections/default/token").await;
    for (path, status, part) in [
        ("/healthz", 200, "alive"),
        ("/readyz", 200, "\"connections\":2"),
        (
            "/metrics",
            200,
            "accredit_token_requests_total{connection=\"default\",outcome=\"granted\"} 1",
        ),
        ("/openapi.json", 200, "3.1.0"),
        ("/nowhere", 404, "not_found"),
        ("/v1/connections/default", 404, "not_found"),
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.status, status, "{path} {reply:?}");
        assert!(reply.body.contains(part), "{path} {reply:?}");
        assert!(!reply.body.contains("canary"), "{path} {reply:?}");
    }
}

#[tokio::test]
async fn an_old_key_goes_on_until_the_org_accepts_the_new_one() {
    let world = World::local().await;
    let ask = || world.get("/v1/connections/default/token");
    assert_eq!(ask().await.json()["access_token"], "00Dcanary!TOKEN1");
    let body = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;
    world.salesforce.refuse(400, body);
    let other = CONNECTIONS.replacen("server.key", "other.key", 1);
    world.reload(&other).await.unwrap();
    assert_eq!(ask().await.json()["access_token"], "00Dcanary!TOKEN1");
    *world.salesforce.refusal.lock().unwrap() = None;
    for _ in 0..60 {
        world.pause();
    }
    assert_eq!(ask().await.json()["access_token"], "00Dcanary!TOKEN3");
}

#[tokio::test]
async fn a_browser_gets_a_page_without_secrets_that_names_the_setting_to_change() {
    let world = World::local().await;
    let browser = "Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Site: none\r\n";
    let before = world.ask("GET /", browser, "").await;
    assert_eq!(
        (before.status, world.salesforce.asked()),
        (200, 0),
        "{before:?}"
    );
    assert!(before.body.contains("not used yet"), "{before:?}");
    assert!(
        before
            .head
            .contains("content-security-policy: default-src 'none'"),
        "{before:?}"
    );
    world.get("/v1/connections/default/token").await;
    let signed_in = world.ask("GET /", browser, "").await;
    assert!(
        signed_in.body.contains("signed in") && signed_in.body.contains("1 use in"),
        "{signed_in:?}"
    );
    assert!(signed_in.body.contains("<dd>4</dd>"), "{signed_in:?}");
    let body =
        r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;
    world.salesforce.refuse(400, body);
    world.get("/v1/connections/prod/token").await;
    let refused = world.ask("GET /", browser, "").await;
    assert!(
        refused.body.contains("ACC-10") && refused.body.contains("What to do: "),
        "{refused:?}"
    );
    for page in [before, signed_in, refused] {
        assert!(!page.body.contains("canary"), "{page:?}");
    }
}

#[tokio::test]
async fn a_bad_new_configuration_changes_nothing_and_a_good_one_keeps_the_token() {
    let (key, a) = caller("a", ALL);
    let world = World::local().await;
    assert_eq!(world.get("/v1/connections/default/token").await.status, 200);
    let bad = CONNECTIONS.replace("server.key", "missing");
    let told = world.reload(&bad).await.unwrap_err();
    assert!(
        told.contains("broker.toml:6: connections.default.key: there is no such key"),
        "{told}"
    );
    assert_eq!(world.get("/v1/connections/default/token").await.status, 200);
    world.reload(&format!("{CONNECTIONS}{a}")).await.unwrap();
    assert_eq!(world.get("/v1/connections/default/token").await.status, 401);
    let key = format!("Authorization: Bearer {key}\r\n");
    let reply = world
        .ask("GET /v1/connections/default/token", &key, "")
        .await;
    assert_eq!(reply.json()["access_token"], "00Dcanary!TOKEN1");
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn a_token_goes_to_a_host_of_ones_own_only_if_the_connection_names_it() {
    let connections = CONNECTIONS.replace("http://127.0.0.1:1", "https://acme.my.salesforce.com");
    let named = |hosts: &str| {
        let key = format!("instance_hosts = [{hosts}]\nkey");
        connections.replacen("key", &key, 1)
    };
    let world = World::start(&connections, Reveal::Never).await;
    *world.salesforce.instance_url.lock().unwrap() = "https://api.example.com:8443".to_owned();
    let ask = || world.get("/v1/connections/default/token");
    let refused = ask().await;
    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(refused.body.contains("instance_hosts"), "{refused:?}");
    assert!(!refused.body.contains("canary"), "{refused:?}");
    world.reload(&named("\"api.example.com\"")).await.unwrap();
    assert_eq!(ask().await.status, 502, "another port is another host");
    let both = named("\"a.example.com\", \"api.example.com:8443\"");
    world.reload(&both).await.unwrap();
    let granted = ask().await.json();
    assert_eq!(granted["instance_url"], "https://api.example.com:8443");
    world.reload(&connections).await.unwrap();
    let after = ask().await;
    assert_eq!(after.status, 503, "what is no longer named gets nothing");
    assert!(!after.body.contains("canary"), "{after:?}");
}
