//! The rest of `/_emulator/`: clock, sessions, journal, settings.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::secret::hex;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refused, changed, done, ok, read};
use crate::app::App;
use crate::clock::{Motion, TIME_MAX};

/// The most sessions that are listed.
const LISTED_MAX: usize = 1_000;

/// `{"now": SECONDS}` freezes, `{"now": null}` runs, `{"advance": SECONDS}` moves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum SetClock {
    Now(Option<u64>),
    Advance(u64),
}

pub(crate) async fn clock(State(app): State<App>) -> Response {
    ok(&json!({
        "now": app.now().as_secs(),
        "frozen": matches!(app.clock().motion(), Motion::Frozen(_)),
    }))
}

pub(crate) async fn set_clock(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    match read(&body)? {
        SetClock::Now(Some(seconds)) => app.clock().freeze(within(Some(seconds))?),
        SetClock::Now(None) => app.clock().run(),
        SetClock::Advance(seconds) => {
            within(app.now().as_secs().checked_add(seconds))?;
            app.clock().advance(Duration::from_secs(seconds));
        }
    }
    Ok(clock(State(app)).await)
}

/// A time that can be written as a date.
fn within(seconds: Option<u64>) -> Result<UnixTime, Refused> {
    match seconds.filter(|seconds| *seconds <= TIME_MAX) {
        Some(seconds) => Ok(UnixTime::from_secs(seconds)),
        None => {
            let message = format!("the clock ends with the year 9999, at {TIME_MAX}");
            Err(Refused::new(StatusCode::BAD_REQUEST, message))
        }
    }
}

/// The newest sessions that are alive, without their tokens.
pub(crate) async fn sessions(State(app): State<App>) -> Response {
    let now = app.now();
    let sessions: Vec<_> = app
        .directory()
        .sessions(LISTED_MAX)
        .iter()
        .filter(|session| now < session.expires_at())
        .map(|session| {
            let issue = &session.issue;
            json!({
                "token": format!("sha256:{}", hex(issue.token.get(..6).unwrap_or_default())),
                "username": &*issue.username,
                "clientId": &*issue.client_id,
                "scope": &*issue.scope,
                "issuedAt": issue.issued_at.as_secs(),
                "usedAt": session.used_at().as_secs(),
                "expiresAt": session.expires_at().as_secs(),
            })
        })
        .collect();
    ok(&Value::Array(sessions))
}

pub(crate) async fn end_sessions(State(app): State<App>) -> Response {
    app.directory().end_sessions();
    done()
}

pub(crate) async fn journal(State(app): State<App>) -> Response {
    ok(&app.journal().to_json())
}

pub(crate) async fn clear_journal(State(app): State<App>) -> Response {
    app.journal().clear();
    done()
}

pub(crate) async fn settings(State(app): State<App>) -> Response {
    let mut value = json!({"orgId": app.org().id().as_str(), "myDomain": app.my_domain()});
    if let (Some(members), Value::Object(rest)) = (value.as_object_mut(), json!(app.settings())) {
        members.extend(rest);
    }
    ok(&value)
}

pub(crate) async fn change_settings(
    State(app): State<App>,
    body: Bytes,
) -> Result<Response, Refused> {
    app.change_settings(changed(&app.settings(), &body)?);
    Ok(settings(State(app)).await)
}
