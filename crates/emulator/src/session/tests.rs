//! A handler that takes a session is called with a live one, or not at all.

use std::sync::Arc;
use std::time::Duration;

use accredit::clock::{ManualClock, UnixTime};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderValue, Request, StatusCode};
use tower::ServiceExt as _;

use super::{Presented, Session, presented};
use crate::app::App;
use crate::directory::{NewApp, NewUser};
use crate::testing::{self, CLIENT_ID};
use crate::{Emulator, Seed};

const NOW: u64 = 1_795_219_200;
const USERNAME: &str = "svc.int@example.com";

/// An org in which one user signed in for these scopes: the app, its clock, the token.
fn org(scope: &str) -> (App, Arc<ManualClock>, String) {
    let clock = Arc::new(ManualClock::new(UnixTime::from_secs(NOW)));
    let app = Emulator::builder()
        .seed(Seed::Empty)
        .clock(Arc::clone(&clock) as _)
        .open()
        .unwrap();
    app.add_user(NewUser::named(USERNAME)).unwrap();
    app.add_app(NewApp {
        scopes: scope.split(' ').map(str::to_owned).collect(),
        ..testing::app()
    })
    .unwrap();
    let token = testing::sign_in(&app, USERNAME);
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
    let (app, _, token) = org("web api");
    for scheme in ["Bearer", "bearer", "OAuth"] {
        let (status, text) = ask(&app, &[&format!("{scheme} {token}")]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(text, format!("{USERNAME} {CLIENT_ID} web+api"));
    }
}

#[tokio::test]
async fn errors_are_word_for_word() {
    let (app, _, token) = org("api");
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
        let (app, _, token) = org(scope);
        let found = ask(&app, &[&format!("Bearer {token}")]).await;
        assert_eq!(
            found,
            (StatusCode::UNAUTHORIZED, expected.to_owned()),
            "{scope}"
        );
    }
    let (app, _, token) = org("full");
    assert_eq!(
        ask(&app, &[&format!("Bearer {token}")]).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_use_of_the_rest_api_prolongs_the_session() {
    let (app, clock, token) = org("api");
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
