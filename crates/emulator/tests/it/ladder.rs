//! One row for each rung of the ladder, and the mistakes that others shipped in this grant.

use accredit_emulator::{
    AppKind, Emulator, Environment, IpRestrictions, NewApp, NewUser, PermittedUsers, SessionPolicy,
    Switch, Upload, UserState,
};
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, LOGIN, NOW, ORIGIN, OURS, Org, THEIRS, USERNAME, app, claims, claims_with, form,
};

/// An org in which app and user are as given.
fn org(app: NewApp, user: NewUser) -> Org {
    let org = Org::empty(Emulator::builder());
    org.app.add_app(app).unwrap();
    org.app.add_user(user).unwrap();
    org
}

fn user() -> NewUser {
    NewUser::named(USERNAME)
}

async fn verdict(org: &Org, assertion: &str) -> (String, String) {
    let reply = org.exchange(assertion).await;
    (reply.verdict(), reply.code().to_owned())
}

#[tokio::test]
async fn a_claim_of_the_wrong_type_is_an_error_and_never_absent() {
    let org = Org::new();
    for changes in [
        json!({"iss": null}),
        json!({"iss": ""}),
        json!({"iss": ["x"]}),
        json!({"sub": null}),
        json!({"sub": 7}),
        json!({"sub": 7, "prn": USERNAME}),
        json!({"aud": null}),
        json!({"aud": []}),
        json!({"aud": [ORIGIN, ORIGIN]}),
        json!({"aud": [1]}),
        json!({"aud": ""}),
        json!({"exp": null}),
        json!({"exp": "soon"}),
        json!({"exp": "-1"}),
        json!({"exp": ""}),
        json!({"exp": "1e12"}),
        json!({"exp": true}),
        json!({"exp": 1e300}),
        json!({"iat": "now"}),
        json!({"nbf": "1795219200"}),
    ] {
        let found = verdict(&org, &OURS.assertion(&claims_with(&changes))).await;
        let expected = ("invalid_grant: invalid assertion", "ACC-1006");
        assert_eq!((found.0.as_str(), found.1.as_str()), expected, "{changes}");
    }
}

#[tokio::test]
async fn claims_at_the_edge_of_what_is_allowed_pass() {
    let org = Org::new();
    for changes in [
        json!({}),
        json!({"aud": [ORIGIN]}),
        json!({"exp": NOW - 180}),
        json!({"nbf": NOW + 30}),
        json!({"iat": NOW + 30}),
        json!({"sub": USERNAME.to_uppercase()}),
        json!({"jti": 7, "alg": "RS256", "scope": "x"}),
    ] {
        let found = verdict(&org, &OURS.assertion(&claims_with(&changes))).await;
        assert_eq!(found.0, "ok", "{changes}");
    }
}

#[tokio::test]
async fn each_claim_has_its_rung() {
    let org = Org::new();
    for (claim, value, words, code) in [
        (
            "iss",
            json!("x"),
            "invalid_client_id: client identifier invalid",
            "ACC-1020",
        ),
        (
            "aud",
            json!("https://evil.example"),
            "invalid_grant: audience is invalid",
            "ACC-1010",
        ),
        (
            "exp",
            json!(NOW - 181),
            "invalid_grant: expired authorization code",
            "ACC-1011",
        ),
        (
            "exp",
            json!(-1),
            "invalid_grant: expired authorization code",
            "ACC-1011",
        ),
        (
            "nbf",
            json!(NOW + 31),
            "invalid_grant: invalid assertion",
            "ACC-1009",
        ),
        (
            "iat",
            json!(NOW + 31),
            "invalid_grant: invalid assertion",
            "ACC-1009",
        ),
        (
            "sub",
            json!("x@y.z"),
            "invalid_grant: user hasn't approved this consumer",
            "ACC-1030",
        ),
    ] {
        let claims = claims_with(&json!({claim: value}));
        let found = verdict(&org, &OURS.assertion(&claims)).await;
        assert_eq!(found, (words.to_owned(), code.to_owned()), "{claims}");
    }
}

#[tokio::test]
async fn the_form_and_the_key_have_their_rungs() {
    let org = Org::new();
    let good = OURS.assertion(&claims());
    let sign = |header: &str| OURS.sign(header, &claims().to_string());
    let (words, ok) = ("invalid_grant: invalid assertion", "ok");
    for (assertion, words, code) in [
        (String::new(), words, "ACC-1004"),
        ("x".to_owned(), words, "ACC-1004"),
        ("a.b".to_owned(), words, "ACC-1004"),
        (format!("{good}="), words, "ACC-1004"),
        (format!("{good}.x"), words, "ACC-1004"),
        (format!(" {good}"), words, "ACC-1004"),
        ("a".repeat(20_000), words, "ACC-1004"),
        (OURS.sign("[]", "{}"), words, "ACC-1004"),
        (OURS.sign(r#"{"alg":"RS256"}"#, "[]"), words, "ACC-1006"),
        (sign(r#"{"alg":"none"}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"rs256"}"#), words, "ACC-1005"),
        (sign("{}"), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","crit":["exp"]}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","crit":[]}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","b64":false}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","typ":"at+jwt"}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","cty":"JWT"}"#), words, "ACC-1005"),
        (sign(r#"{"alg":"RS256","typ":"JWT","x":{"y":[1]}}"#), ok, ""),
        (
            sign(r#"{"alg":"RS256","jku":"http://127.0.0.1:1/"}"#),
            ok,
            "",
        ),
        (THEIRS.assertion(&claims()), words, "ACC-1003"),
    ] {
        let found = verdict(&org, &assertion).await;
        assert_eq!(
            found,
            (words.to_owned(), code.to_owned()),
            "{assertion:.80}"
        );
    }
}

/// Offers a good assertion to an org with this app and user.
async fn with(app: NewApp, user: NewUser) -> (String, String) {
    verdict(&org(app, user), &OURS.assertion(&claims())).await
}

fn ok() -> (String, String) {
    ("ok".to_owned(), String::new())
}

#[tokio::test]
async fn each_state_of_a_user_has_its_rung() {
    let state = |state| NewUser { state, ..user() };
    for (state_of, words, code) in [
        (
            UserState::Inactive,
            "invalid_grant: inactive user",
            "ACC-1040",
        ),
        (
            UserState::Frozen,
            "invalid_grant: inactive user",
            "ACC-1040",
        ),
        (
            UserState::Locked,
            "invalid_grant: user is locked",
            "ACC-1041",
        ),
        (
            UserState::IpRestricted,
            "invalid_grant: ip restricted",
            "ACC-1042",
        ),
    ] {
        let found = with(app(), state(state_of)).await;
        assert_eq!(found, (words.to_owned(), code.to_owned()));
    }
    let relaxed = NewApp {
        ip_restrictions: IpRestrictions::Relax,
        ..app()
    };
    assert_eq!(with(relaxed, state(UserState::IpRestricted)).await, ok());
}

#[tokio::test]
async fn users_who_approve_apps_themselves_must_have_done_so() {
    let app = NewApp {
        permitted_users: PermittedUsers::SelfAuthorize,
        ..app()
    };
    let found = with(app.clone(), user()).await;
    let words = "invalid_grant: user hasn't approved this consumer".to_owned();
    assert_eq!(found, (words, "ACC-1030".to_owned()));
    let approved_by = NewApp {
        approved_users: vec![USERNAME.to_uppercase()],
        ..app.clone()
    };
    assert_eq!(with(approved_by, user()).await, ok());
    let approving = NewUser {
        approved_apps: vec![CLIENT_ID.to_owned()],
        ..user()
    };
    assert_eq!(with(app, approving).await, ok());
}

#[tokio::test]
async fn users_whom_an_administrator_approves_need_a_profile_or_permission_set() {
    let without = NewApp {
        profiles: vec![],
        ..app()
    };
    let found = with(without.clone(), user()).await;
    let words = "invalid_app_access: user is not admin approved to access this app".to_owned();
    assert_eq!(found, (words, "ACC-1031".to_owned()));
    let set = vec!["Integration".to_owned()];
    let with_set = NewApp {
        permission_sets: set.clone(),
        ..without
    };
    let holder = NewUser {
        permission_sets: set,
        ..user()
    };
    assert_eq!(with(with_set, holder).await, ok());
}

#[tokio::test]
async fn each_switch_of_an_app_has_its_rung() {
    let (off, level) = (Switch::Off, SessionPolicy::HighAssurance);
    let scopes = vec!["refresh_token".to_owned()];
    for (app, words, code) in [
        (
            NewApp {
                enabled: off,
                ..app()
            },
            "invalid_client_id: client identifier invalid",
            "ACC-1024",
        ),
        (
            NewApp {
                installed: off,
                ..app()
            },
            "invalid_client: app must be installed into org",
            "ACC-1022",
        ),
        (
            NewApp {
                session_policy: level,
                ..app()
            },
            "invalid_grant: activation secret invalid",
            "ACC-1045",
        ),
        (
            NewApp { scopes, ..app() },
            "invalid_scope: the requested scope is invalid, unknown, or malformed",
            "ACC-1046",
        ),
    ] {
        let found = with(app, user()).await;
        assert_eq!(found, (words.to_owned(), code.to_owned()));
    }
}

#[tokio::test]
async fn a_certificate_must_be_there_valid_now_and_the_right_one() {
    for (certificates, code) in [
        (vec![], "ACC-1007"),
        (vec![&OURS.expired], "ACC-1007"),
        (vec![&OURS.upcoming], "ACC-1007"),
        (vec![&THEIRS.certificate], "ACC-1003"),
        // While a key is being changed both certificates are there.
        (vec![&THEIRS.certificate, &OURS.certificate], ""),
        (vec![&OURS.expired, &OURS.certificate], ""),
    ] {
        let uploads = certificates.into_iter().cloned().map(Upload::Text);
        let app = NewApp {
            certificates: uploads.collect(),
            ..app()
        };
        assert_eq!(with(app, user()).await.1, code);
    }
}

#[tokio::test]
async fn a_certificate_with_a_name_answers_to_that_name_only() {
    let app = NewApp {
        certificates: vec![Upload::Named {
            certificate: OURS.certificate.clone(),
            kid: "2026".to_owned(),
        }],
        ..app()
    };
    let org = org(app, user());
    for (header, code) in [
        (r#"{"alg":"RS256"}"#, ""),
        (r#"{"alg":"RS256","kid":"2026"}"#, ""),
        (r#"{"alg":"RS256","kid":"2025"}"#, "ACC-1003"),
    ] {
        let assertion = OURS.sign(header, &claims().to_string());
        assert_eq!(verdict(&org, &assertion).await.1, code, "{header}");
    }
}

#[tokio::test]
async fn nothing_is_said_about_a_user_before_the_signature_holds() {
    let inactive = NewUser {
        state: UserState::Inactive,
        ..user()
    };
    let org = org(app(), inactive);
    for subject in [USERNAME, "nobody@example.com"] {
        let forged = THEIRS.assertion(&claims_with(&json!({"sub": subject, "exp": 1})));
        assert_eq!(verdict(&org, &forged).await.1, "ACC-1003", "{subject}");
    }
}

#[tokio::test]
async fn an_external_app_is_not_found_through_the_shared_login_hosts() {
    let external = "app_not_found: External client app is not installed in this org";
    let shared = OURS.assertion(&claims_with(&json!({"aud": LOGIN})));
    for (kind, spring26, expected) in [
        (AppKind::External, "on", external),
        (AppKind::External, "off", "ok"),
        (AppKind::Connected, "on", "ok"),
    ] {
        let org = org(NewApp { kind, ..app() }, user());
        org.manage("PATCH", "/org", json!({"spring26": spring26}))
            .await;
        assert_eq!(
            verdict(&org, &shared).await.0,
            expected,
            "{kind:?} {spring26}"
        );
        // Its own address always works.
        assert_eq!(verdict(&org, &OURS.assertion(&claims())).await.0, "ok");
    }
}

#[tokio::test]
async fn an_unknown_app_is_called_by_the_name_of_the_host_asked() {
    let org = Org::new();
    let unknown = OURS.assertion(&claims_with(&json!({"iss": "3MVG9unknown"})));
    for (host, expected) in [
        ("accredit.my.salesforce.com", "app_not_found"),
        ("other--dev.sandbox.my.salesforce.com", "app_not_found"),
        ("login.salesforce.com", "invalid_client_id"),
        ("localhost:8080", "invalid_client_id"),
    ] {
        let pairs = [
            ("grant_type", crate::support::JWT_BEARER),
            ("assertion", unknown.as_str()),
        ];
        let mut request = form("/services/oauth2/token", &pairs);
        request.headers_mut().insert("host", host.parse().unwrap());
        let reply = org.send(request).await;
        assert_eq!(reply.json()["error"], expected, "{host}");
    }
}

#[tokio::test]
async fn a_sandbox_answers_to_test_and_not_to_login() {
    let org = Org::empty(Emulator::builder().environment(Environment::Sandbox));
    let connected = NewApp {
        kind: AppKind::Connected,
        ..app()
    };
    org.app.add_app(connected).unwrap();
    org.app.add_user(user()).unwrap();
    let to = |audience: &str| OURS.assertion(&claims_with(&json!({"aud": audience})));
    assert_eq!(
        verdict(&org, &to("https://test.salesforce.com")).await.0,
        "ok"
    );
    assert_eq!(verdict(&org, &to(LOGIN)).await.1, "ACC-1010");
}

// What others shipped in exactly this grant.

#[tokio::test]
async fn a_user_who_was_deactivated_gets_no_token() {
    let org = Org::new();
    org.token().await;
    org.manage(
        "PATCH",
        &format!("/users/{USERNAME}"),
        json!({"state": "inactive"}),
    )
    .await;
    let found = verdict(&org, &OURS.assertion(&claims())).await;
    assert_eq!(found.0, "invalid_grant: inactive user");
}

#[tokio::test]
async fn an_app_that_was_switched_off_gets_no_token() {
    let org = Org::new();
    org.token().await;
    org.manage(
        "PATCH",
        &format!("/apps/{CLIENT_ID}"),
        json!({"enabled": "off"}),
    )
    .await;
    let found = verdict(&org, &OURS.assertion(&claims())).await;
    assert_eq!(found.0, "invalid_client_id: client identifier invalid");
}

#[tokio::test]
async fn another_algorithm_never_skips_the_signature() {
    let org = Org::new();
    let unsigned = |header: &str| {
        let text = THEIRS.sign(header, &claims().to_string());
        let (input, _) = text.rsplit_once('.').unwrap();
        [format!("{input}."), text.clone()]
    };
    for algorithm in ["none", "None", "HS256", "RS384", "PS256", "ES256", "RS256"] {
        for text in unsigned(&format!(r#"{{"alg":"{algorithm}"}}"#)) {
            let found = verdict(&org, &text).await;
            assert_eq!(found.0, "invalid_grant: invalid assertion", "{algorithm}");
        }
    }
}

#[tokio::test]
async fn approval_that_was_taken_back_counts_at_once() {
    let org = Org::new();
    org.token().await;
    let nobody: Value = json!({"profiles": []});
    org.manage("PATCH", &format!("/apps/{CLIENT_ID}"), nobody)
        .await;
    let found = verdict(&org, &OURS.assertion(&claims())).await;
    assert_eq!(
        found.0,
        "invalid_app_access: user is not admin approved to access this app"
    );
}

#[tokio::test]
async fn trust_ends_with_the_certificate() {
    let org = Org::new();
    org.token().await;
    // The certificate ends with the year 2027.
    org.advance(3 * 365 * 24 * 3_600);
    let found = verdict(&org, &OURS.assertion(&org.fresh_claims())).await;
    assert_eq!(found.1, "ACC-1007");
}

#[tokio::test]
async fn the_audience_of_the_assertion_does_not_reach_the_session() {
    let with_secret = NewApp {
        client_secret: Some("hush".to_owned()),
        ..app()
    };
    let org = org(with_secret, user());
    let token = org.token().await;
    let pairs = [
        ("client_id", CLIENT_ID),
        ("client_secret", "hush"),
        ("token", &token),
    ];
    let reply = org.post("/services/oauth2/introspect", &pairs).await;
    assert_eq!(reply.json()["active"], true, "{}", reply.text);
    assert!(!reply.text.contains("aud"), "{}", reply.text);
    assert!(
        !org.manage("GET", "/sessions", Value::Null)
            .await
            .text
            .contains("aud")
    );
}
