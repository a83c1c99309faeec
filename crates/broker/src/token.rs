//! The token itself, for callers that may have it.
//!
//! Owns what is said of a token: where it may be sent, and honestly until when.

use accredit::clock::UnixTime;
use accredit::source::{Expiry, Token};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::app::{App, Ask};
use crate::caller::Caller;
use crate::config::Use;
use crate::failure::Failure;
use crate::setup::Setup;
use crate::subject::Wanted;

/// A token and what is known of it.
#[derive(Serialize)]
struct Document<'a> {
    access_token: &'a str,
    token_type: &'static str,
    instance_url: &'a str,
    /// RFC 3339, in UTC.
    expires_at: String,
    expires_in: u64,
    /// `known` if the server or the token itself said when it ends; `assumed` if that is the
    /// configured lifetime.
    expiry: &'static str,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

/// `GET /v1/connections/NAME/token`.
pub(crate) async fn hand_out(
    app: &App,
    setup: &Setup,
    caller: &Caller,
    wanted: Wanted<'_>,
) -> Result<Answer, Failure> {
    let session = wanted.session(app, setup, caller, Use::Token)?;
    let token = session.token().await?;
    Ok(document(&token, app.world().clock.now()))
}

/// `POST /v1/connections/NAME/token/refresh`: asks for another token, within the login budget. The
/// one that is held goes on until the other is there.
pub(crate) async fn refresh(
    ask: &Ask<'_>,
    caller: &Caller,
    wanted: Wanted<'_>,
) -> Result<Answer, Failure> {
    let app = ask.app;
    let session = wanted.session(app, ask.setup, caller, Use::Token)?;
    let kind = ask.request.headers().get(CONTENT_TYPE);
    // A form is what a page can send without being asked for permission.
    if kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "expected no body, or one of application/json",
        ));
    }
    let token = match session.held() {
        Some(held) => session.renew(&held.access_token).await?,
        None => session.token().await?,
    };
    Ok(document(&token, app.world().clock.now()))
}

fn document(token: &Token, now: UnixTime) -> Answer {
    let expires_at = token.expiry.at();
    let document = Document {
        access_token: token.access_token.expose(),
        token_type: "Bearer",
        instance_url: token.instance_url.as_str(),
        expires_at: rfc3339(expires_at),
        expires_in: expires_at.since(now).as_secs(),
        expiry: match token.expiry {
            Expiry::Known(_) => "known",
            Expiry::Assumed(_) => "assumed",
        },
        issued_at: rfc3339(token.issued_at),
        id: token.id.as_deref(),
        scope: token.scope.as_deref(),
    };
    let mut body = serde_json::to_vec(&document).unwrap_or_default();
    body.push(b'\n');
    answer::json(StatusCode::OK, body)
}

/// A moment as people and programs write it, in whole seconds.
pub(crate) fn rfc3339(at: UnixTime) -> String {
    i64::try_from(at.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(|| at.as_secs().to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(
            rfc3339(UnixTime::from_secs(1_795_219_200)),
            "2026-11-21T00:00:00Z"
        );
    }
}
