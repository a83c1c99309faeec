//! A handler that takes a session is called with a live one, or not at all.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use accredit::clock::{ManualClock, UnixTime};
use accredit::key::PublicKey;
use accredit::oauth::JWT_BEARER;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Presented, Session, presented};
use crate::app::App;
use crate::directory::{NewApp, NewUser, Upload};
use crate::front::routes;
use crate::{Emulator, Seed};

const NOW: u64 = 1_795_219_200;
const USERNAME: &str = "svc.int@example.com";

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// An org in which one user signed in for these scopes: the app, its clock, the token.
async fn org(scope: &str) -> (App, Arc<ManualClock>, String) {
    let clock = Arc::new(ManualClock::new(UnixTime::from_secs(NOW)));
    let app = Emulator::builder()
        .seed(Seed::Empty)
        .clock(Arc::clone(&clock) as _)
        .open()
        .unwrap();
    app.add_user(NewUser::named(USERNAME)).unwrap();
    let public = PublicKey::from_pkcs1_der(KEY.public_key().as_ref()).unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({
        "kty": "RSA", "n": encode(public.modulus()), "e": encode(public.exponent()),
    });
    app.add_app(NewApp {
        client_id: Some("sample".to_owned()),
        scopes: scope.split(' ').map(str::to_owned).collect(),
        certificates: vec![Upload::Text(key.to_string())],
        ..NewApp::default()
    })
    .unwrap();
    let claims = json!({
        "iss": "sample", "sub": USERNAME, "aud": "http://localhost", "exp": NOW + 60,
    });
    let input = format!(
        "{}.{}",
        encode(br#"{"alg":"RS256"}"#),
        encode(claims.to_string().as_bytes())
    );
    let mut signature = vec![0; KEY.public_modulus_len()];
    let random = SystemRandom::new();
    KEY.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    let request = Request::post("/services/oauth2/token")
        .header("host", "localhost")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!(
            "grant_type={JWT_BEARER}&assertion={input}.{}",
            encode(&signature)
        )))
        .unwrap();
    let reply = routes(app.clone()).oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(reply.into_body(), 1 << 16)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    let token = body["access_token"].as_str().unwrap().to_owned();
    (app, clock, token)
}

/// Asks a handler that answers with who is signed in.
async fn ask(app: &App, headers: &[&str]) -> (StatusCode, String) {
    let name = |session: Session| async move {
        format!(
            "{} {} {}",
            session.username,
            session.client_id,
            session.scopes.join("+")
        )
    };
    let router = Router::new().route("/", get(name)).with_state(app.clone());
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    for value in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append("authorization", value);
    }
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 16).await.unwrap();
    (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
}

const EXPIRED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
const ODD: &str = r#"[{"message":"INVALID_HEADER_TYPE","errorCode":"INVALID_AUTH_HEADER"}]"#;
const NO_API: &str = concat!(
    r#"[{"message":"This session is not valid for use with the REST API","#,
    r#""errorCode":"INVALID_SESSION_ID"}]"#
);

#[tokio::test]
async fn a_live_session_says_who_asks() {
    let (app, _, token) = org("web api").await;
    for scheme in ["Bearer", "bearer", "OAuth"] {
        let (status, text) = ask(&app, &[&format!("{scheme} {token}")]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(text, format!("{USERNAME} sample web+api"));
    }
}

#[tokio::test]
async fn errors_are_word_for_word() {
    let (app, _, token) = org("api").await;
    let bearer = format!("Bearer {token}");
    for (headers, expected) in [
        (vec![], EXPIRED),
        (vec!["Bearer badtoken"], EXPIRED),
        (vec!["OAuth "], ODD),
        (vec!["Bearer"], ODD),
        (vec![""], ODD),
        (vec!["Basic eDp5"], ODD),
        (vec![bearer.as_str(), bearer.as_str()], ODD),
    ] {
        let found = ask(&app, &headers).await;
        assert_eq!(
            found,
            (StatusCode::UNAUTHORIZED, expected.to_owned()),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn the_rest_api_needs_the_scope_api_or_full() {
    for (scope, expected) in [("web id", NO_API), ("chatter_api", NO_API)] {
        let (app, _, token) = org(scope).await;
        let found = ask(&app, &[&format!("Bearer {token}")]).await;
        assert_eq!(
            found,
            (StatusCode::UNAUTHORIZED, expected.to_owned()),
            "{scope}"
        );
    }
    let (app, _, token) = org("full").await;
    assert_eq!(
        ask(&app, &[&format!("Bearer {token}")]).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_use_of_the_rest_api_prolongs_the_session() {
    let (app, clock, token) = org("api").await;
    let bearer = format!("Bearer {token}");
    for _ in 0..3 {
        clock.advance(Duration::from_secs(7_199));
        assert_eq!(ask(&app, &[&bearer]).await.0, StatusCode::OK);
    }
    clock.advance(Duration::from_secs(7_200));
    assert_eq!(ask(&app, &[&bearer]).await.1, EXPIRED);
}

#[test]
fn two_headers_are_odd() {
    let mut headers = http::HeaderMap::new();
    assert_eq!(presented(&headers), Presented::Nothing);
    headers.append("authorization", HeaderValue::from_static("Bearer a"));
    assert_eq!(presented(&headers), Presented::Token("a"));
    headers.append("authorization", HeaderValue::from_static("Bearer b"));
    assert_eq!(presented(&headers), Presented::Odd);
}
