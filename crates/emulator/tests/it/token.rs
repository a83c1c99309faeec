//! Request and reply of the token endpoint.

use accredit::clock::Clock as _;
use accredit_emulator::{NewApp, NewUser};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, JWT_BEARER, ORIGIN, OURS, Org, USERNAME, app, claims, claims_with, form, request,
};

const PATH: &str = "/services/oauth2/token";

#[tokio::test]
async fn a_token_comes_with_the_recorded_keys_in_order() {
    let org = Org::new();
    let reply = org.exchange(&OURS.assertion(&claims())).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(
        reply.keys(),
        ["access_token", "scope", "instance_url", "id", "token_type"]
    );
    let body = reply.json();
    let token = body["access_token"].as_str().unwrap();
    let (prefix, drawn) = token.split_once('!').unwrap();
    assert_eq!((prefix.len(), drawn.len()), (15, 96));
    assert!(prefix.starts_with("00D"));
    let is_drawn = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    assert!(drawn.bytes().all(is_drawn));
    assert_eq!(body["scope"], "api web");
    assert_eq!(body["instance_url"], ORIGIN);
    assert_eq!(body["token_type"], "Bearer");
    let id = body["id"].as_str().unwrap();
    let parts: Vec<_> = id.strip_prefix(ORIGIN).unwrap().split('/').collect();
    assert_eq!((parts[1], parts[2].len(), parts[3].len()), ("id", 18, 18));
    assert!(parts[3].starts_with("005"));
}

#[tokio::test]
async fn replies_carry_the_recorded_headers_and_the_orgs_own_time() {
    let org = Org::new();
    for assertion in [OURS.assertion(&claims()), "x".to_owned()] {
        let reply = org.exchange(&assertion).await;
        for (name, value) in [
            ("content-type", "application/json;charset=UTF-8"),
            (
                "cache-control",
                "no-cache,must-revalidate,max-age=0,no-store,private",
            ),
            ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("x-content-type-options", "nosniff"),
            ("x-xss-protection", "1; mode=block"),
            ("x-robots-tag", "none"),
            ("date", "Sat, 21 Nov 2026 00:00:00 GMT"),
        ] {
            assert_eq!(reply.header(name), value);
        }
    }
}

#[tokio::test]
async fn a_refusal_has_two_keys_and_says_why_in_a_header() {
    let org = Org::new();
    let reply = org
        .exchange(&OURS.assertion(&claims_with(&json!({"aud": "https://evil.example/\u{e9}"}))))
        .await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        reply.text,
        r#"{"error":"invalid_grant","error_description":"audience is invalid"}"#
    );
    assert_eq!(
        reply.header("accredit-diagnosis"),
        "ACC-1010; aud does not name the host that got the assertion (expected aud: \
         http://localhost or https://accredit.my.salesforce.com or https://login.salesforce.com, \
         found https://evil.example/?)"
    );
}

#[tokio::test]
async fn what_is_no_jwt_bearer_request_is_an_unsupported_grant_type() {
    let org = Org::new();
    let assertion = OURS.assertion(&claims());
    let both = |kind| [("grant_type", kind), ("assertion", assertion.as_str())];
    let mut as_json = form(PATH, &both(JWT_BEARER));
    as_json
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    for (what, request) in [
        ("password", form(PATH, &both("password"))),
        (
            "misspelt",
            form(PATH, &both("urn:ietf:params:oauth:grant-type:jwt_bearer")),
        ),
        ("empty", form(PATH, &[])),
        ("not a form", as_json),
        ("GET", request("GET", PATH, "")),
        ("PUT", request("PUT", PATH, "")),
    ] {
        let reply = org.send(request).await;
        assert_eq!(
            reply.verdict(),
            "unsupported_grant_type: grant type not supported",
            "{what}"
        );
        assert_eq!(reply.code(), "ACC-1001", "{what}");
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{what}");
    }
}

#[tokio::test]
async fn a_missing_assertion_is_an_invalid_one() {
    let reply = Org::new().post(PATH, &[("grant_type", JWT_BEARER)]).await;
    assert_eq!(reply.verdict(), "invalid_grant: invalid assertion");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let long = "a".repeat(70_000);
    let reply = Org::new().post(PATH, &[("assertion", &long)]).await;
    assert_eq!(
        (reply.verdict().as_str(), reply.code()),
        ("invalid_grant: invalid assertion", "ACC-1004")
    );
    let reply = Org::new()
        .post("/services/oauth2/revoke", &[("token", &long)])
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn client_credentials_are_not_needed_but_must_be_right() {
    let org = Org::empty(accredit_emulator::Emulator::builder());
    let with_secret = NewApp {
        client_secret: Some("hush".to_owned()),
        ..app()
    };
    org.app.add_app(with_secret).unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let assertion = OURS.assertion(&claims());
    for (extra, expected) in [
        (vec![], "ok"),
        (vec![("client_id", CLIENT_ID)], "ok"),
        (
            vec![("client_id", CLIENT_ID), ("client_secret", "hush")],
            "ok",
        ),
        (
            vec![("client_id", "other")],
            "invalid_client: invalid client credentials",
        ),
        (
            vec![("client_id", "")],
            "invalid_client: invalid client credentials",
        ),
        (
            vec![("client_secret", "loud")],
            "invalid_client: invalid client credentials",
        ),
        (
            vec![("client_secret", "")],
            "invalid_client: invalid client credentials",
        ),
    ] {
        let mut pairs = vec![
            ("grant_type", JWT_BEARER),
            ("assertion", assertion.as_str()),
        ];
        pairs.extend(extra.iter().copied());
        assert_eq!(
            org.post(PATH, &pairs).await.verdict(),
            expected,
            "{extra:?}"
        );
    }
}

#[tokio::test]
async fn urls_lead_back_to_the_host_that_was_asked() {
    let org = Org::new();
    let assertion = OURS.assertion(&claims_with(
        &json!({"aud": "https://accredit.my.salesforce.com"}),
    ));
    let pairs = [
        ("grant_type", JWT_BEARER),
        ("assertion", assertion.as_str()),
    ];
    for (host, instance) in [
        ("localhost:8080", "http://localhost:8080"),
        ("[::1]:99", "http://[::1]:99"),
        ("Emulator", "http://emulator"),
        ("login.salesforce.com", "https://accredit.my.salesforce.com"),
    ] {
        let mut request = form(PATH, &pairs);
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(org.send(request).await.json()["instance_url"], instance);
    }
    for host in ["a/b", "a b", "evil@host", ""] {
        let mut request = form(PATH, &pairs);
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(
            org.send(request).await.status,
            StatusCode::BAD_REQUEST,
            "{host}"
        );
    }
}

#[tokio::test]
async fn other_formats_are_written_when_asked_for() {
    let org = Org::new();
    for (format, start) in [
        (
            "xml",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OAuth><error>invalid_grant</error>",
        ),
        (
            "urlencoded",
            "error=invalid_grant&error_description=invalid+assertion",
        ),
        ("json", "{\"error\":\"invalid_grant\","),
    ] {
        let pairs = [
            ("grant_type", JWT_BEARER),
            ("assertion", "x"),
            ("format", format),
        ];
        let reply = org.post(PATH, &pairs).await;
        assert!(reply.text.starts_with(start), "{}", reply.text);
    }
}

#[tokio::test]
async fn the_login_limit_counts_a_sliding_hour() {
    let org = Org::new();
    org.manage("PATCH", "/org", json!({"loginLimit": 3})).await;
    for _ in 0..3 {
        org.token().await;
        org.advance(10);
    }
    let offer = || OURS.assertion(&org.fresh_claims());
    let reply = org.exchange(&offer()).await;
    assert_eq!(reply.verdict(), "invalid_grant: login rate exceeded");
    assert_eq!(reply.code(), "ACC-1043");
    // The first of the three is an hour ago, the second not yet.
    org.advance(3_600 - 30);
    org.token().await;
    assert_eq!(org.exchange(&offer()).await.code(), "ACC-1043");
}

#[tokio::test]
async fn the_journal_shows_every_rung_and_no_secret() {
    let org = Org::new();
    let good = OURS.assertion(&claims_with(&json!({"exp": org.clock.now().as_secs()})));
    let token = org.exchange(&good).await.json()["access_token"].clone();
    org.exchange(&OURS.assertion(&claims_with(&json!({"exp": 1}))))
        .await;
    let reply = org.manage("GET", "/journal", Value::Null).await;
    let entries = reply.json();
    let [refused, issued] = entries.as_array().unwrap().as_slice() else {
        panic!("{entries}");
    };
    let checks = |entry: &Value| -> Vec<String> {
        let steps = entry["steps"].as_array().unwrap();
        let text = |step: &Value| format!("{} {}", step["check"], step["outcome"]).replace('"', "");
        steps.iter().map(text).collect()
    };
    assert_eq!(
        checks(issued),
        [
            "request passed",
            "form passed",
            "claims passed",
            "issuer passed",
            "audience passed",
            "client credentials passed",
            "certificate passed",
            "signature passed",
            "expiry lenient",
            "issue time passed",
            "user passed",
            "approval passed",
            "session policy passed",
            "scope passed",
            "sign-in passed"
        ]
    );
    assert_eq!(issued["leniencies"], json!(["exp-reached"]));
    assert_eq!(issued["claims"]["sub"], USERNAME);
    assert_eq!(checks(refused).last().unwrap(), "expiry failed");
    assert_eq!(refused["diagnosis"]["code"], "ACC-1011");
    assert_eq!(refused["result"], "refused");
    let signature = good.rsplit('.').next().unwrap();
    assert!(!reply.text.contains(token.as_str().unwrap()));
    assert!(!reply.text.contains(signature));
}

#[tokio::test]
async fn the_journal_is_a_ring_of_a_thousand() {
    let org = Org::new();
    for _ in 0..1_005 {
        org.exchange("x").await;
    }
    let entries = org.manage("GET", "/journal", Value::Null).await.json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), 1_000);
    assert_eq!(
        (&entries[0]["number"], &entries[999]["number"]),
        (&json!(1_005), &json!(6))
    );
}

#[tokio::test]
async fn the_login_limit_recovers_when_the_clock_is_moved_back() {
    let org = Org::new();
    org.manage("PATCH", "/org", json!({"loginLimit": 2})).await;
    let now = org.clock.now().as_secs();
    let day = 86_400;
    org.manage("PUT", "/clock", json!({"now": now + day})).await;
    let offer = |exp: u64| OURS.assertion(&claims_with(&json!({"exp": exp})));
    for code in ["", "", "ACC-1043"] {
        assert_eq!(org.exchange(&offer(now + day + 100)).await.code(), code);
    }
    org.manage("PUT", "/clock", json!({"now": now})).await;
    for code in ["", "", "ACC-1043"] {
        assert_eq!(org.exchange(&offer(now + 100)).await.code(), code);
    }
}

#[tokio::test]
async fn the_journal_keeps_little_of_what_strangers_send() {
    let org = Org::new();
    let extra: Value = (0..300)
        .map(|n| (format!("claim{n}"), json!([n, n])))
        .collect();
    let mut long = claims_with(&extra);
    long["iss"] = json!("x".repeat(3_000));
    long["sub"] = json!({"deep": ["x".repeat(100), "\u{1b}[31m"]});
    let unsigned = |claims: &Value| {
        let text = OURS.assertion(claims);
        format!("{}.", text.rsplit_once('.').unwrap().0)
    };
    let odd = claims_with(&json!({"sub": "a\u{1b}\n", "aud": ["x", {"y": 1}], "other": 1}));
    for claims in [&long, &odd] {
        assert_eq!(org.exchange(&unsigned(claims)).await.status, 400);
    }
    let scope = [
        ("grant_type", JWT_BEARER),
        ("assertion", &OURS.assertion(&claims())),
        ("scope", &"\u{1b}api ".repeat(4_000)),
    ];
    org.manage("PATCH", "/org", json!({"mode": "strict"})).await;
    assert_eq!(org.post(PATH, &scope).await.code(), "ACC-1046");
    let reply = org.manage("GET", "/journal", Value::Null).await;
    assert!(reply.text.len() < 12_000, "{}", reply.text.len());
    assert!(!reply.text.contains("u001b"), "{}", reply.text);
    let seen: Vec<_> = reply.json()[2]["claims"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(seen, ["iss", "sub", "aud", "exp"]);
    assert_eq!(reply.json()[1]["claims"]["sub"], "a??");
    assert_eq!(reply.json()[1]["claims"].get("other"), None);
}
