//! Introspection, revocation, identity and userinfo.

use accredit_emulator::{Emulator, Mode, NewApp, NewUser, Switch};
use http::StatusCode;
use serde_json::json;

use crate::support::{
    CLIENT_ID, NOW, ORIGIN, OURS, Org, THEIRS, USERNAME, app, claims_with, form, request,
};

const SECRET: &str = "hush";
const MY_DOMAIN: &str = "https://accredit.my.salesforce.com";

/// Members of the identity, in the recorded order.
const IDENTITY_KEYS: [&str; 30] = [
    "id",
    "asserted_user",
    "user_id",
    "organization_id",
    "username",
    "nick_name",
    "display_name",
    "email",
    "email_verified",
    "first_name",
    "last_name",
    "timezone",
    "photos",
    "addr_street",
    "addr_city",
    "addr_state",
    "addr_country",
    "addr_zip",
    "mobile_phone",
    "mobile_phone_verified",
    "is_lightning_login_user",
    "status",
    "urls",
    "active",
    "user_type",
    "language",
    "locale",
    "utcOffset",
    "last_modified_date",
    "is_app_installed",
];

/// Members of its `urls`.
const URL_KEYS: [&str; 17] = [
    "enterprise",
    "metadata",
    "partner",
    "rest",
    "sobjects",
    "search",
    "query",
    "recent",
    "tooling_soap",
    "tooling_rest",
    "profile",
    "feeds",
    "groups",
    "users",
    "feed_items",
    "feed_elements",
    "custom_domain",
];

fn org() -> Org {
    let org = Org::empty(Emulator::builder());
    let with_secret = NewApp {
        client_secret: Some(SECRET.to_owned()),
        ..app()
    };
    org.app.add_app(with_secret).unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    org
}

async fn introspect(org: &Org, token: &str) -> serde_json::Value {
    let pairs = [
        ("token", token),
        ("client_id", CLIENT_ID),
        ("client_secret", SECRET),
    ];
    org.post("/services/oauth2/introspect", &pairs).await.json()
}

#[tokio::test]
async fn introspection_tells_when_a_token_ends() {
    let org = org();
    let token = org.token().await;
    let body = introspect(&org, &token).await;
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    let expected = [
        "active",
        "scope",
        "client_id",
        "username",
        "sub",
        "token_type",
        "exp",
        "iat",
        "nbf",
    ];
    assert_eq!(keys, expected);
    assert_eq!(body["exp"], NOW + 7_200);
    assert_eq!((&body["iat"], &body["nbf"]), (&json!(NOW), &json!(NOW)));
    assert_eq!(body["token_type"], "access_token");
    assert_eq!(body["username"], USERNAME);
    // Looking is no use of the session.
    org.advance(100);
    assert_eq!(introspect(&org, &token).await["exp"], NOW + 7_200);
    org.get_as(&token, "/services/oauth2/userinfo").await;
    assert_eq!(introspect(&org, &token).await["exp"], NOW + 7_300);
    org.advance(7_200);
    assert_eq!(introspect(&org, &token).await, json!({"active": false}));
    assert_eq!(introspect(&org, "no token").await, json!({"active": false}));
}

#[tokio::test]
async fn introspection_is_for_apps_that_prove_who_they_are() {
    let org = org();
    let token = org.token().await;
    let path = "/services/oauth2/introspect";
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let about =
        |subject: &str, audience: &str| claims_with(&json!({"sub": subject, "aud": audience}));
    let by_key = OURS.assertion(&about(CLIENT_ID, &format!("{ORIGIN}{path}")));
    let forged = THEIRS.assertion(&about(CLIENT_ID, ORIGIN));
    let grant = OURS.assertion(&about(USERNAME, ORIGIN));
    let elsewhere = OURS.assertion(&about(CLIENT_ID, "https://evil.example"));
    let assertion = |text| vec![("client_assertion_type", kind), ("client_assertion", text)];
    for (pairs, expected) in [
        (
            vec![("client_id", CLIENT_ID), ("client_secret", SECRET)],
            true,
        ),
        (assertion(by_key.as_str()), true),
        (vec![], false),
        (vec![("client_id", CLIENT_ID)], false),
        (
            vec![("client_id", CLIENT_ID), ("client_secret", "loud")],
            false,
        ),
        (
            vec![("client_id", "other"), ("client_secret", SECRET)],
            false,
        ),
        (assertion(forged.as_str()), false),
        (assertion(grant.as_str()), false),
        (assertion(elsewhere.as_str()), false),
    ] {
        let mut all = vec![("token", token.as_str())];
        all.extend(pairs.iter().copied());
        let body = org.post(path, &all).await.json();
        assert_eq!(body["active"] == true, expected, "{pairs:?}");
        assert_eq!(body["error"] == "invalid_client", !expected, "{pairs:?}");
    }
    let mut basic = form(path, &[("token", &token)]);
    let value = "Basic M01WRzl0ZXN0LkNPTlNVTUVSX0tFWV9BOmh1c2g=";
    basic
        .headers_mut()
        .insert("authorization", value.parse().unwrap());
    assert_eq!(org.send(basic).await.json()["active"], true);
}

#[tokio::test]
async fn an_app_sees_its_own_tokens_only() {
    let org = org();
    let token = org.token().await;
    for (id, switch, expected) in [("nosy", Switch::Off, false), ("auditor", Switch::On, true)] {
        let other = NewApp {
            client_id: Some(id.to_owned()),
            client_secret: Some("other".to_owned()),
            introspect_all_tokens: switch,
            ..NewApp::default()
        };
        org.app.add_app(other).unwrap();
        let pairs = [
            ("token", token.as_str()),
            ("client_id", id),
            ("client_secret", "other"),
        ];
        let body = org.post("/services/oauth2/introspect", &pairs).await.json();
        assert_eq!(body["active"], expected, "{id}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_dead() {
    let org = org();
    let path = "/services/oauth2/revoke";
    let (first, second) = (org.token().await, org.token().await);
    let reply = org.post(path, &[("token", &first)]).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(introspect(&org, &first).await, json!({"active": false}));
    assert_eq!(introspect(&org, &second).await["active"], true);
    let reply = org.post(path, &[("token", &first)]).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        reply.text,
        "error=invalid_token&error_description=invalid+token"
    );
    let encoded = second.replace('!', "%21");
    let reply = org
        .get(&format!("{path}?token={encoded}&callback=cb"))
        .await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (StatusCode::OK, "cb({});")
    );
    let reply = org.post(path, &[]).await;
    assert!(reply.text.starts_with("error=unsupported_token_type&"));
    let mut json = form(path, &[("token", "x")]);
    json.headers_mut()
        .insert("accept", "application/json".parse().unwrap());
    assert_eq!(org.send(json).await.json()["error"], "invalid_token");
}

#[tokio::test]
async fn strict_revocation_is_idempotent() {
    let org = Org::empty(Emulator::builder().mode(Mode::Strict));
    let reply = org
        .post("/services/oauth2/revoke", &[("token", "gone")])
        .await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn the_identity_has_the_recorded_keys_in_order() {
    let org = org();
    let reply = org
        .exchange(&OURS.assertion(&org.fresh_claims()))
        .await
        .json();
    let token = reply["access_token"].as_str().unwrap();
    let path = reply["id"].as_str().unwrap().strip_prefix(ORIGIN).unwrap();
    let identity = org.get_as(token, path).await;
    assert_eq!(identity.keys(), IDENTITY_KEYS);
    let body = identity.json();
    let urls: Vec<_> = body["urls"].as_object().unwrap().keys().collect();
    assert_eq!(urls, URL_KEYS);
    assert_eq!(body["id"], reply["id"]);
    assert_eq!(body["username"], USERNAME);
    assert_eq!(
        body["urls"]["rest"],
        format!("{ORIGIN}/services/data/v{{version}}/")
    );
    // The token may come in the query string, ids may be short, versions are put in.
    let ids: Vec<_> = path.split('/').collect();
    let short = format!("/id/{}/{}", &ids[2][..15], &ids[3][..15]);
    let encoded = token.replace('!', "%21");
    let reply = org
        .get(&format!(
            "{short}?format=json&version=latest&oauth_token={encoded}"
        ))
        .await;
    assert_eq!(
        reply.json()["urls"]["rest"],
        format!("{ORIGIN}/services/data/v68.0/")
    );
    assert_eq!(reply.json()["user_id"], body["user_id"]);
}

#[tokio::test]
async fn identity_errors_are_one_word() {
    let org = org();
    let token = org.token().await;
    let me = org.get_as(&token, "/services/oauth2/userinfo").await.json();
    let (org_id, user_id) = (
        me["organization_id"].as_str().unwrap(),
        me["user_id"].as_str().unwrap(),
    );
    let path = format!("/id/{org_id}/{user_id}");
    for (token, path, status, word) in [
        ("bad", path.clone(), 403, "Bad_OAuth_Token"),
        (
            &token,
            format!("/id/00D000000000001/{user_id}"),
            403,
            "Wrong_Org",
        ),
        (
            &token,
            format!("/id/{org_id}/005000000000001"),
            404,
            "Bad_Id",
        ),
        (&token, format!("/id/{org_id}/x"), 404, "Bad_Id"),
        (
            &token,
            format!("{path}?version=12.0"),
            406,
            "Invalid_Version",
        ),
        (
            &token,
            format!("{path}?format=jsonp&callback=a(b"),
            406,
            "Invalid_Callback",
        ),
    ] {
        let reply = org.get_as(token, &path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.text.as_str()),
            (status, word),
            "{path}"
        );
    }
    let reply = org.get(&path).await;
    assert_eq!(
        (reply.status.as_u16(), reply.text.as_str()),
        (403, "Missing_OAuth_Token")
    );
}

#[tokio::test]
async fn userinfo_has_the_recorded_keys_in_order() {
    let org = org();
    let ada = NewUser {
        first_name: "Ada".to_owned(),
        ..NewUser::named("ada@example.com")
    };
    org.app.add_user(ada).unwrap();
    let token = org.token().await;
    let reply = org.get_as(&token, "/services/oauth2/userinfo").await;
    assert_eq!(
        reply.keys(),
        [
            "sub",
            "user_id",
            "organization_id",
            "preferred_username",
            "nickname",
            "name",
            "email",
            "email_verified",
            "family_name",
            "zoneinfo",
            "photos",
            "profile",
            "picture",
            "address",
            "urls",
            "active",
            "user_type",
            "language",
            "locale",
            "utcOffset",
            "updated_at",
            "is_app_installed"
        ]
    );
    let ada = OURS.assertion(&claims_with(&json!({"sub": "ada@example.com"})));
    let token = org.exchange(&ada).await.json()["access_token"].clone();
    let reply = org
        .get_as(token.as_str().unwrap(), "/services/oauth2/userinfo")
        .await;
    assert_eq!(reply.keys()[8..10], ["given_name", "family_name"]);
    let reply = org.get_as("bad", "/services/oauth2/userinfo").await;
    assert_eq!(
        (reply.status.as_u16(), reply.text.as_str()),
        (403, "Bad_OAuth_Token")
    );
}

#[tokio::test]
async fn unknown_resources_answer_as_the_rest_api_does() {
    let reply = Org::new()
        .send(request("GET", "/services/nothing", ""))
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(
        reply.text,
        r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#
    );
}

#[tokio::test]
async fn a_client_assertion_climbs_the_rungs_of_its_app() {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let off = |name: &str| json!({name: "off"});
    let own = |name: &str| format!("{ORIGIN}/services/oauth2/{name}");
    for (changes, app_changes, client_id, expected) in [
        (json!({}), json!({}), None, true),
        (
            json!({"iat": NOW, "nbf": NOW}),
            json!({}),
            Some(CLIENT_ID),
            true,
        ),
        (json!({}), json!({}), Some("other"), false),
        (json!({"nbf": NOW + 31}), json!({}), None, false),
        (json!({"iat": NOW + 31}), json!({}), None, false),
        (json!({"iat": NOW - 211}), json!({}), None, false),
        (json!({"exp": NOW}), json!({}), None, false),
        (json!({"exp": NOW + 211}), json!({}), None, false),
        (json!({"sub": USERNAME}), json!({}), None, false),
        (json!({"jti": 7}), json!({}), None, false),
        (json!({"jti": ""}), json!({}), None, false),
        (json!({"aud": MY_DOMAIN}), json!({}), None, true),
        (json!({"aud": own("introspect")}), json!({}), None, true),
        (json!({"aud": own("token")}), json!({}), None, true),
        (json!({"aud": own("revoke")}), json!({}), None, false),
        (
            json!({"aud": "http://other.example"}),
            json!({}),
            None,
            false,
        ),
        (json!({"aud": "http://localhost/"}), json!({}), None, false),
        (json!({"aud": [ORIGIN, MY_DOMAIN]}), json!({}), None, false),
        (
            json!({"exp": (NOW + 120).to_string()}),
            json!({}),
            None,
            false,
        ),
        (json!({"exp": (NOW + 120) * 1_000}), json!({}), None, false),
        (json!({}), off("installed"), None, false),
        (json!({}), off("enabled"), None, false),
    ] {
        let org = org();
        org.manage("PATCH", &format!("/apps/{CLIENT_ID}"), app_changes.clone())
            .await;
        let mut claims = claims_with(&json!({"sub": CLIENT_ID}));
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let assertion = OURS.assertion(&claims);
        let mut pairs = vec![
            ("token", "x"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        pairs.extend(client_id.map(|id| ("client_id", id)));
        let body = org.post("/services/oauth2/introspect", &pairs).await.json();
        let what = format!("{changes} {app_changes} {client_id:?}");
        assert_eq!(body["active"] == false, expected, "{what}");
        assert_eq!(body["error"] == "invalid_client", !expected, "{what}");
    }
}

#[tokio::test]
async fn a_client_assertion_with_a_jti_is_good_once() {
    let org = org();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let assertion = OURS.assertion(&claims_with(&json!({"sub": CLIENT_ID, "jti": "one"})));
    let pairs = [
        ("token", "x"),
        ("client_assertion_type", kind),
        ("client_assertion", assertion.as_str()),
    ];
    for error in [false, true] {
        let body = org.post("/services/oauth2/introspect", &pairs).await.json();
        assert_eq!(body["error"] == "invalid_client", error);
    }
}

#[tokio::test]
async fn an_assertion_is_good_for_a_grant_or_for_an_app_and_not_for_both() {
    let org = org();
    org.manage("PATCH", "/org", json!({"mode": "strict"})).await;
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let about_app = OURS.assertion(&claims_with(&json!({"sub": CLIENT_ID})));
    assert_ne!(org.exchange(&about_app).await.verdict(), "ok");
    let grant = OURS.assertion(&claims_with(&json!({"jti": "one"})));
    let pairs = [
        ("token", "x"),
        ("client_assertion_type", kind),
        ("client_assertion", grant.as_str()),
    ];
    let body = org.post("/services/oauth2/introspect", &pairs).await.json();
    assert_eq!(body["error"], "invalid_client");
    // What was refused there is not used up.
    assert_eq!(org.exchange(&grant).await.verdict(), "ok");
}

#[tokio::test]
async fn an_app_proves_itself_in_one_way() {
    let org = org();
    let path = "/services/oauth2/introspect";
    let basic = "Basic M01WRzl0ZXN0LkNPTlNVTUVSX0tFWV9BOmh1c2g=";
    for (extra, expected) in [
        (vec![], true),
        (vec![("client_id", CLIENT_ID)], true),
        (vec![("client_id", "other")], false),
        (vec![("client_secret", SECRET)], false),
        (vec![("client_assertion", "x.y.z")], false),
    ] {
        let mut pairs = vec![("token", "x")];
        pairs.extend(extra.iter().copied());
        let mut request = form(path, &pairs);
        let value = basic.parse().unwrap();
        request.headers_mut().insert("authorization", value);
        let body = org.send(request).await.json();
        assert_eq!(body["active"] == false, expected, "{extra:?}");
    }
}
