//! The management API: what it does, and who may use it.

use accredit::secret::Secret;
use accredit_emulator::{Emulator, NewUser};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, NOW, OURS, Org, USERNAME, claims_with, request, send};

#[tokio::test]
async fn an_app_and_a_user_made_over_http_can_sign_in() {
    let org = Org::empty(Emulator::builder());
    let reply = org
        .manage(
            "POST",
            "/apps",
            json!({"name": "CI", "certificates": [OURS.certificate]}),
        )
        .await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let client_id = reply.json()["clientId"].as_str().unwrap().to_owned();
    assert!(client_id.starts_with("3MVG9") && client_id.len() == 85);
    let reply = org
        .manage("POST", "/users", json!({"username": USERNAME}))
        .await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert!(reply.json()["id"].as_str().unwrap().starts_with("005"));
    let assertion = OURS.assertion(&claims_with(&json!({"iss": client_id})));
    assert_eq!(org.exchange(&assertion).await.verdict(), "ok");
    let shown = org
        .manage("GET", &format!("/apps/{client_id}"), Value::Null)
        .await
        .json();
    assert_eq!(shown["certificates"][0]["bits"], 2048);
}

#[tokio::test]
async fn unfit_definitions_are_refused_with_the_reason() {
    let org = Org::new();
    let user = |name: &str| json!({"username": name});
    for (path, body, reason) in [
        ("/apps", json!({"clientId": CLIENT_ID}), "is there already"),
        ("/apps", json!({"clientId": "a b"}), "a blank"),
        (
            "/apps",
            json!({"certificates": ["x"]}),
            "expected one certificate, found 0",
        ),
        (
            "/apps",
            json!({"certificates": ["x".repeat(5_000)]}),
            "5000 bytes",
        ),
        (
            "/apps",
            json!({"certificates": [{"certificate": "x"}]}),
            "not what was expected",
        ),
        (
            "/apps",
            json!({"sessionTimeoutMinutes": 0}),
            "expected 1 to 1440",
        ),
        ("/apps", json!({"colour": "red"}), "unknown field"),
        ("/users", user(USERNAME), "is there already"),
        ("/users", user(&USERNAME.to_uppercase()), "is there already"),
        ("/users", user(""), "1 to 80 bytes"),
        ("/users", user("a b@example.com"), "without blanks"),
        (
            "/users",
            json!({"username": "x@y.z", "state": "asleep"}),
            "unknown variant",
        ),
    ] {
        let reply = org.manage("POST", path, body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{body}: {message}");
    }
}

#[tokio::test]
async fn a_client_secret_is_never_shown() {
    let org = Org::new();
    let path = format!("/apps/{CLIENT_ID}");
    let reply = org
        .manage("PATCH", &path, json!({"clientSecret": "hush"}))
        .await;
    assert_eq!(reply.json()["hasClientSecret"], true);
    assert!(!reply.text.contains("hush") && !reply.text.contains("Sha256"));
}

#[tokio::test]
async fn the_clock_is_frozen_moved_and_run() {
    let org = Org::new();
    let now = |reply: crate::support::Reply| {
        let body = reply.json();
        (body["now"].as_u64().unwrap(), body["frozen"] == true)
    };
    assert_eq!(
        now(org.manage("GET", "/clock", Value::Null).await),
        (NOW, false)
    );
    assert_eq!(
        now(org.manage("PUT", "/clock", json!({"now": 1_000})).await),
        (1_000, true)
    );
    org.advance(5);
    assert_eq!(
        now(org.manage("PUT", "/clock", json!({"advance": 10})).await),
        (1_010, true)
    );
    assert_eq!(
        now(org.manage("PUT", "/clock", json!({"now": null})).await),
        (NOW + 5, false)
    );
    assert_eq!(
        now(org.manage("PUT", "/clock", json!({"advance": 60})).await),
        (NOW + 65, false)
    );
    org.advance(1);
    assert_eq!(
        now(org.manage("GET", "/clock", Value::Null).await),
        (NOW + 66, false)
    );
    let reply = org.manage("PUT", "/clock", json!({"now": "noon"})).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_reset_puts_the_org_back_to_how_it_began() {
    let org = Org::empty(Emulator::builder());
    org.app.add_app(crate::support::app()).unwrap();
    let first = org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let token = org.token().await;
    let reply = org.manage("POST", "/reset", Value::Null).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    for path in ["/apps", "/sessions", "/journal"] {
        assert_eq!(
            org.manage("GET", path, Value::Null).await.json(),
            json!([]),
            "{path}"
        );
    }
    let users = org.manage("GET", "/users", Value::Null).await.json();
    assert_eq!(
        users.as_array().map(Vec::len),
        Some(2),
        "the two users of every new org"
    );
    assert_eq!(
        org.get_as(&token, "/services/oauth2/userinfo").await.status,
        403
    );
    // Ids are counted from the start again.
    assert_eq!(org.app.add_user(NewUser::named(USERNAME)).unwrap(), first);
}

#[tokio::test]
async fn only_this_machine_may_use_it_and_no_web_page() {
    let org = Org::new();
    let with = |name: &'static str, value: &str| {
        let mut request = request("GET", "/_emulator/health", "");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    assert_eq!(org.send(with("accept", "*/*")).await.status, 200);
    for host in [
        "evil.example",
        "localhost.evil.example",
        "localhost.",
        "LOCALHOST",
        "127.0.0.1.evil.example",
        "2130706433",
        "0.0.0.0",
        "",
    ] {
        assert_eq!(org.send(with("host", host)).await.status, 421, "{host}");
    }
    for (name, value) in [
        ("origin", "null"),
        ("origin", "http://localhost"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
    ] {
        assert_eq!(org.send(with(name, value)).await.status, 403, "{name}");
    }
    let far = send(&org.router(), with("accept", "*/*"), [192, 0, 2, 1].into()).await;
    assert_eq!(far.status, 403);
}

#[tokio::test]
async fn a_management_key_is_asked_of_everybody() {
    let key = Secret::new("k3y-of-this-tests".to_owned());
    let org = Org::empty(
        Emulator::builder()
            .management_key(key)
            .allow_host("emulator:8080"),
    );
    for (host, shown, status) in [
        ("localhost", "Bearer k3y-of-this-tests", 200),
        ("emulator:8080", "Bearer k3y-of-this-tests", 200),
        ("localhost", "Bearer k3y-of-this-test", 401),
        ("localhost", "Bearer k3y-of-this-tests-", 401),
        ("localhost", "Basic k3y-of-this-tests", 401),
        ("localhost:49153", "Bearer k3y-of-this-tests", 200),
        ("evil.example", "Bearer k3y-of-this-tests-", 401),
    ] {
        let mut request = request("GET", "/_emulator/health", "");
        request.headers_mut().insert("host", host.parse().unwrap());
        request
            .headers_mut()
            .insert("authorization", shown.parse().unwrap());
        let reply = send(&org.router(), request, [192, 0, 2, 1].into()).await;
        assert_eq!(reply.status, status, "{host} {shown}");
    }
    assert_eq!(org.manage("GET", "/health", Value::Null).await.status, 401);
}

#[tokio::test]
async fn settings_are_shown_and_changed() {
    let org = Org::new();
    let reply = org.manage(
        "PATCH",
        "/org",
        json!({"mode": "strict", "environment": "sandbox"}),
    );
    let body = reply.await.json();
    assert_eq!(
        (&body["mode"], &body["environment"]),
        (&json!("strict"), &json!("sandbox"))
    );
    assert_eq!(body["loginLimit"], 3_600);
    assert_eq!(body["requestLimit"], 15_000);
    let reply = org.manage("PATCH", "/org", json!({"orgId": "x"})).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn calls_of_the_api_are_limited_for_a_day() {
    let org = Org::new();
    let reply = org.manage("PATCH", "/org", json!({"requestLimit": 2}));
    assert_eq!(reply.await.json()["requestLimit"], 2);
    let token = org.token().await;
    let path = "/services/data/v60.0/limits";
    for status in [200, 200, 403] {
        assert_eq!(org.get_as(&token, path).await.status, status);
    }
    org.advance(24 * 3_600);
    let token = org.token().await;
    let reply = org.get_as(&token, path).await;
    assert_eq!(reply.header("sforce-limit-info"), "api-usage=1/2");
}

#[tokio::test]
async fn a_private_key_is_no_certificate() {
    let org = Org::new();
    let key = OURS.public_key();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = json!({"kty": "RSA", "n": encode(key.modulus()), "e": encode(key.exponent())});
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let mut jwk = public.clone();
        jwk[name] = json!("c2VjcmV0");
        let body = json!({"clientId": "other", "certificates": [jwk.to_string()]});
        let reply = org.manage("POST", "/apps", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{name}");
        let wanted = format!("private key (member {name})");
        assert!(reply.text.contains(&wanted), "{}", reply.text);
        assert!(!reply.text.contains("c2VjcmV0"), "{}", reply.text);
    }
    let body = json!({"clientId": "other", "certificates": [public.to_string()]});
    let reply = org.manage("POST", "/apps", body).await;
    assert_eq!(reply.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_and_not_passed_over() {
    let org = Org::new();
    let user = format!("/users/{USERNAME}");
    let app = format!("/apps/{CLIENT_ID}");
    let long = "x".repeat(81);
    for (path, body, reason) in [
        (
            &app,
            json!({"clientId": "other"}),
            "clientId cannot be changed",
        ),
        (&app, json!({"clientSecretSha256": "ABC"}), "64 hex digits"),
        (
            &app,
            json!({"clientSecretSha256": "A".repeat(64)}),
            "64 hex digits",
        ),
        (
            &user,
            json!({"username": "x@y.z"}),
            "username cannot be changed",
        ),
        (&user, json!({"lastName": ""}), "lastName must have"),
        (&user, json!({"lastName": " "}), "lastName must have"),
        (&user, json!({"lastName": long}), "lastName must have"),
    ] {
        let reply = org.manage("PATCH", path, body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.text.contains(reason), "{body}: {}", reply.text);
    }
    for (path, body) in [
        (
            &app,
            json!({"clientId": CLIENT_ID, "clientSecretSha256": "a".repeat(64)}),
        ),
        (
            &user,
            json!({"username": USERNAME, "lastName": "é".repeat(80)}),
        ),
    ] {
        let reply = org.manage("PATCH", path, body.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{body}");
    }
    org.token().await;
}

#[tokio::test]
async fn the_clock_ends_with_the_year_9999() {
    let org = Org::new();
    let last = 253_402_207_200_u64;
    for (body, status) in [
        (json!({"now": last + 1}), 400),
        (json!({"now": u64::MAX}), 400),
        (json!({"advance": u64::MAX}), 400),
        (json!({"advance": last}), 400),
        (json!({"now": last}), 200),
        (json!({"advance": 1}), 400),
        (json!({"advance": 0}), 200),
    ] {
        let reply = org.manage("PUT", "/clock", body.clone()).await;
        assert_eq!(reply.status.as_u16(), status, "{body}");
    }
    let reply = org.get("/id/keys").await;
    assert_eq!(reply.header("date"), "Thu, 30 Dec 9999 22:00:00 GMT");
}
