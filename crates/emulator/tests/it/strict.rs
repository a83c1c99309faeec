//! Strict mode, the leniencies that it lacks, and replay.

use accredit_emulator::{AppKind, Emulator, Mode, NewApp, NewUser};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, JWT_BEARER, LOGIN, NOW, ORIGIN, OURS, Org, USERNAME, app, claims, claims_with,
    encode, form, request, send,
};

fn org(mode: Mode) -> Org {
    let org = Org::empty(Emulator::builder().mode(mode));
    let connected = NewApp {
        kind: AppKind::Connected,
        ..app()
    };
    org.app.add_app(connected).unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    org
}

/// Offers the claims of a client in both modes: which leniency it needs, and what strict mode says.
async fn offer(client: &str, claims: Value, leniency: &str, strict: &str) {
    let assertion = OURS.assertion(&claims_with(&claims));
    let reply = org(Mode::Salesforce).exchange(&assertion).await;
    assert_eq!(reply.verdict(), "ok", "{client}");
    assert_eq!(reply.header("accredit-leniency"), leniency, "{client}");
    let reply = org(Mode::Strict).exchange(&assertion).await;
    let diagnosis = reply.header("accredit-diagnosis");
    assert_eq!(reply.code(), strict, "{client}: {diagnosis}");
    assert_eq!(reply.header("accredit-leniency"), "", "{client}");
}

#[tokio::test]
async fn what_shipped_clients_send_passes_with_its_leniency_named() {
    let millis = NOW * 1_000 + 300;
    let claims = json!({"exp": millis, "iat": NOW, "aud": format!("{ORIGIN}/")});
    offer(
        "sf",
        claims,
        "exp-in-milliseconds, aud-with-slash",
        "ACC-1010",
    )
    .await;
    let claims = json!({"exp": millis, "iat": NOW});
    offer(
        "sf without the slash",
        claims,
        "exp-in-milliseconds",
        "ACC-1012",
    )
    .await;
    let claims = json!({"exp": (NOW + 180).to_string(), "aud": LOGIN});
    offer("simple-salesforce", claims, "exp-as-text", "ACC-1006").await;
    let claims = json!({"exp": NOW, "alg": "RS256", "aud": LOGIN});
    offer("CumulusCI", claims, "exp-reached", "ACC-1011").await;
    let claims = json!({"exp": NOW + 300, "aud": LOGIN});
    offer("aiosalesforce", claims, "exp-far-ahead", "ACC-1012").await;
    let claims = json!({"exp": NOW + 180, "iat": NOW, "aud": "login.salesforce.com"});
    offer("restforce", claims, "aud-without-scheme", "ACC-1010").await;
    let claims = json!({"exp": NOW + 180, "aud": format!("{LOGIN}/services/oauth2/token")});
    offer("ForceCLI", claims, "aud-is-token-endpoint", "ACC-1010").await;
    let claims = json!({"sub": null, "prn": USERNAME});
    offer("old sample", claims, "sub-as-prn", "ACC-1006").await;
    let claims = json!({"iat": NOW - 86_400});
    offer("long ago", claims, "iat-long-ago", "ACC-1009").await;
    let claims = json!({"sub": null, "prn": USERNAME, "exp": (NOW * 1_000).to_string()});
    let all = "sub-as-prn, exp-as-text, exp-in-milliseconds, exp-reached";
    offer("everything at once", claims, all, "ACC-1006").await;
}

#[tokio::test]
async fn clients_that_keep_to_the_rules_need_no_leniency() {
    let claims = json!({});
    offer("accredit", claims, "", "").await;
    let claims = json!({"exp": NOW + 120, "iat": NOW, "aud": LOGIN});
    offer("datacloud-jdbc", claims, "", "").await;
    let claims = json!({"exp": NOW + 120, "iat": NOW, "nbf": NOW, "aud": LOGIN});
    offer("Apex named credential", claims, "", "").await;
}

#[tokio::test]
async fn strict_mode_does_not_believe_any_host_header() {
    let assertion = OURS.assertion(&claims_with(&json!({"aud": "http://other.example"})));
    let pairs = [
        ("grant_type", JWT_BEARER),
        ("assertion", assertion.as_str()),
    ];
    for (mode, code) in [(Mode::Salesforce, ""), (Mode::Strict, "ACC-1010")] {
        let mut request = form("/services/oauth2/token", &pairs);
        let host = "other.example".parse().unwrap();
        request.headers_mut().insert("host", host);
        assert_eq!(org(mode).send(request).await.code(), code);
    }
}

#[tokio::test]
async fn strict_bounds_are_exact() {
    for (changes, code) in [
        (json!({"exp": NOW + 1}), ""),
        (json!({"exp": NOW}), "ACC-1011"),
        (json!({"exp": NOW + 210}), ""),
        (json!({"exp": NOW + 211}), "ACC-1012"),
        (json!({"exp": NOW as f64 + 120.5}), ""),
        (json!({"iat": NOW + 30}), ""),
        (json!({"iat": NOW + 31}), "ACC-1009"),
        (json!({"iat": NOW - 210}), ""),
        (json!({"iat": NOW - 211}), "ACC-1009"),
        (json!({"jti": 7}), "ACC-1006"),
        (json!({"nonce": "x"}), "ACC-1006"),
        (json!({"aud": [ORIGIN]}), ""),
        (json!({"aud": "http://LOCALHOST"}), "ACC-1010"),
    ] {
        let assertion = OURS.assertion(&claims_with(&changes));
        let reply = org(Mode::Strict).exchange(&assertion).await;
        assert_eq!(reply.code(), code, "{changes}");
    }
}

#[tokio::test]
async fn parameters_belong_in_the_body_once() {
    let assertion = OURS.assertion(&claims());
    let pairs = [
        ("grant_type", JWT_BEARER),
        ("assertion", assertion.as_str()),
    ];
    let twice = [pairs[0], pairs[1], pairs[1]];
    let in_query = format!("/services/oauth2/token?{}", encode(&pairs));
    for (mode, name) in [(Mode::Salesforce, "ok"), (Mode::Strict, "ACC-1002")] {
        let org = org(mode);
        let reply = org.send(request("POST", &in_query, "")).await;
        let leniency = reply.header("accredit-leniency");
        match mode {
            Mode::Salesforce => assert_eq!(
                (reply.verdict().as_str(), leniency),
                (name, "parameters-in-query")
            ),
            Mode::Strict => assert_eq!((reply.code(), leniency), (name, "")),
        }
        let reply = org.post("/services/oauth2/token", &twice).await;
        assert_eq!(reply.json()["error"], "invalid_request");
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn strict_mode_grants_less_scope_if_asked_and_never_more() {
    let assertion = OURS.assertion(&claims());
    for (scope, granted) in [("api", "api"), ("", "api web"), ("api full", "")] {
        let pairs = [
            ("grant_type", JWT_BEARER),
            ("assertion", assertion.as_str()),
            ("scope", scope),
        ];
        let reply = org(Mode::Strict)
            .send(form("/services/oauth2/token", &pairs))
            .await;
        let body = reply.json();
        let found = body["scope"].as_str().unwrap_or_default();
        assert_eq!(found, granted, "{scope}");
        // Salesforce does not look at it.
        let reply = org(Mode::Salesforce)
            .send(form("/services/oauth2/token", &pairs))
            .await;
        assert_eq!(reply.json()["scope"], "api web");
    }
}

#[tokio::test]
async fn a_jti_is_good_once_and_forgotten_after_it_expired() {
    let org = org(Mode::Strict);
    let with_id =
        |id: &str, exp: u64| OURS.assertion(&claims_with(&json!({"jti": id, "exp": exp})));
    let first = with_id("one", NOW + 10);
    assert_eq!(org.exchange(&first).await.verdict(), "ok");
    assert_eq!(org.exchange(&first).await.code(), "ACC-1008");
    // Other words around the same id are a replay, too; another id is not.
    assert_eq!(
        org.exchange(&with_id("one", NOW + 20)).await.code(),
        "ACC-1008"
    );
    assert_eq!(
        org.exchange(&with_id("two", NOW + 10)).await.verdict(),
        "ok"
    );
    org.advance(11);
    assert_eq!(org.exchange(&first).await.code(), "ACC-1011");
    org.advance(60);
    assert_eq!(
        org.exchange(&with_id("one", NOW + 120)).await.verdict(),
        "ok"
    );
}

#[tokio::test]
async fn salesforce_mode_ignores_the_jti() {
    let org = org(Mode::Salesforce);
    let assertion = OURS.assertion(&claims_with(&json!({"jti": "one"})));
    for _ in 0..2 {
        assert_eq!(org.exchange(&assertion).await.verdict(), "ok");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_parallel_copies_exactly_one_is_accepted() {
    let org = org(Mode::Strict);
    for round in 0..20 {
        let assertion = OURS.assertion(&claims_with(&json!({"jti": format!("copy {round}")})));
        let mut copies = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (router, assertion) = (org.router(), assertion.clone());
            copies.spawn(async move {
                let pairs = [
                    ("grant_type", JWT_BEARER),
                    ("assertion", assertion.as_str()),
                ];
                let request = form("/services/oauth2/token", &pairs);
                send(&router, request, [127, 0, 0, 1].into()).await.status
            });
        }
        let statuses = copies.join_all().await;
        let accepted = statuses
            .iter()
            .filter(|status| **status == StatusCode::OK)
            .count();
        assert_eq!(accepted, 1, "round {round}");
    }
    let sessions = org.manage("GET", "/sessions", Value::Null).await.json();
    assert_eq!(sessions.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn more_parameters_than_are_read_are_refused() {
    let assertion = OURS.assertion(&claims());
    let names: Vec<_> = (0..31).map(|number| format!("p{number}")).collect();
    for (fill, end, status) in [(30, None, 200), (30, Some("x"), 400), (31, None, 400)] {
        let mut pairs = vec![
            ("grant_type", JWT_BEARER),
            ("assertion", assertion.as_str()),
        ];
        pairs.extend(names.iter().take(fill).map(|name| (name.as_str(), "")));
        pairs.extend(end.map(|value| ("assertion", value)));
        for mode in [Mode::Salesforce, Mode::Strict] {
            let reply = org(mode).post("/services/oauth2/token", &pairs).await;
            assert_eq!(reply.status.as_u16(), status, "{mode:?} {fill} {end:?}");
            if status != 200 {
                assert_eq!(reply.json()["error"], "invalid_request");
            }
        }
    }
}

#[tokio::test]
async fn strict_mode_takes_one_way_of_client_authentication_at_most() {
    let assertion = OURS.assertion(&claims());
    // "3MVG9test.CONSUMER_KEY_A:hush" and "other:hush"
    let (ours, other) = (
        "Basic M01WRzl0ZXN0LkNPTlNVTUVSX0tFWV9BOmh1c2g=",
        "Basic b3RoZXI6aHVzaA==",
    );
    for (extra, basic, strict) in [
        (vec![], Some(ours), ""),
        (vec![("client_id", CLIENT_ID)], Some(ours), ""),
        (vec![("client_secret", "hush")], None, ""),
        (vec![("client_secret", "hush")], Some(ours), "ACC-1002"),
        (vec![("client_id", CLIENT_ID)], Some(other), "ACC-1002"),
        (vec![("client_assertion", "x.y.z")], None, "ACC-1002"),
        (vec![("client_assertion_type", "x")], None, "ACC-1002"),
    ] {
        let mut pairs = vec![
            ("grant_type", JWT_BEARER),
            ("assertion", assertion.as_str()),
        ];
        pairs.extend(extra.iter().copied());
        let mut request = form("/services/oauth2/token", &pairs);
        if let Some(basic) = basic {
            let value = basic.parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        let org = Org::empty(Emulator::builder().mode(Mode::Strict));
        let with_secret = NewApp {
            client_secret: Some("hush".to_owned()),
            ..app()
        };
        org.app.add_app(with_secret).unwrap();
        org.app.add_user(NewUser::named(USERNAME)).unwrap();
        let reply = org.send(request).await;
        assert_eq!(reply.code(), strict, "{extra:?} {basic:?}");
    }
}

#[tokio::test]
async fn a_replay_takes_no_sign_in_away_from_the_user() {
    let org = org(Mode::Strict);
    org.manage("PATCH", "/org", json!({"loginLimit": 2})).await;
    let with_id = |id: &str| OURS.assertion(&claims_with(&json!({"jti": id})));
    let first = with_id("one");
    assert_eq!(org.exchange(&first).await.code(), "");
    for _ in 0..3 {
        assert_eq!(org.exchange(&first).await.code(), "ACC-1008");
    }
    assert_eq!(org.exchange(&with_id("two")).await.code(), "");
    assert_eq!(org.exchange(&with_id("three")).await.code(), "ACC-1043");
}

#[tokio::test]
async fn a_clock_that_was_moved_makes_no_jti_new() {
    let org = org(Mode::Strict);
    let first = OURS.assertion(&claims_with(&json!({"jti": "one"})));
    assert_eq!(org.exchange(&first).await.code(), "");
    org.manage("PUT", "/clock", json!({"now": NOW + 86_400}))
        .await;
    let later = claims_with(&json!({"jti": "two", "exp": NOW + 86_400 + 100}));
    assert_eq!(org.exchange(&OURS.assertion(&later)).await.code(), "");
    org.manage("PUT", "/clock", json!({"now": null})).await;
    assert_eq!(org.exchange(&first).await.code(), "ACC-1008");
}

#[tokio::test]
async fn a_jti_is_what_it_says_to_the_letter_and_belongs_to_its_issuer() {
    let org = org(Mode::Strict);
    let other = NewApp {
        client_id: Some("other".to_owned()),
        ..app()
    };
    org.app.add_app(other).unwrap();
    let with = |changes: Value| OURS.assertion(&claims_with(&changes));
    for (changes, code) in [
        (json!({"jti": "one"}), ""),
        (json!({"jti": "one", "exp": NOW + 121}), "ACC-1008"),
        (json!({"jti": "one", "iat": NOW, "more": 1}), "ACC-1008"),
        (json!({"jti": "One"}), ""),
        (json!({"jti": "one "}), ""),
        (json!({"jti": "o\u{308}ne"}), ""),
        (json!({"jti": "\u{f6}ne"}), ""),
        (json!({"iss": "other", "jti": "one"}), ""),
        (json!({"iss": "other", "jti": "one"}), "ACC-1008"),
        (json!({"jti": ""}), "ACC-1006"),
        (json!({"jti": ["one"]}), "ACC-1006"),
    ] {
        let reply = org.exchange(&with(changes.clone())).await;
        assert_eq!(reply.code(), code, "{changes}");
    }
}
