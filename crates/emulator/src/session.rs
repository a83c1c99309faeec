//! The session behind a REST request (fact sheet §4.6).
//!
//! Owns how a token is presented, and the errors of one that will not do. Handlers take a
//! [`Session`] as an argument; without a live one they are not called.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use crate::app::App;
use crate::directory::{Live, TokenDigest};
use crate::error::ApiError;
use crate::ids::RecordId;

/// Who asks, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// What tells it from every other session; says nothing of its token.
    pub(crate) key: TokenDigest,
    pub(crate) user_id: RecordId,
    pub(crate) username: String,
    pub(crate) org_id: RecordId,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
}

/// What the `Authorization` header holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented<'a> {
    Token(&'a str),
    Nothing,
    /// Another scheme, no token, or two headers.
    Odd,
}

/// Reads `Authorization: Bearer` or the older `Authorization: OAuth`.
pub(crate) fn presented(headers: &HeaderMap) -> Presented<'_> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (all.next(), all.next()) {
        (None, _) => return Presented::Nothing,
        (Some(only), None) => only.to_str().unwrap_or_default(),
        _ => return Presented::Odd,
    };
    let Some((scheme, token)) = value.trim().split_once(' ') else {
        return Presented::Odd;
    };
    let is_known = ["Bearer", "OAuth"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    match token.trim() {
        token if is_known && !token.is_empty() => Presented::Token(token),
        _ => Presented::Odd,
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = match presented(&parts.headers) {
            Presented::Token(token) => token,
            Presented::Nothing => return Err(ApiError::invalid_session()),
            Presented::Odd => {
                return Err(ApiError::data(
                    StatusCode::UNAUTHORIZED,
                    "INVALID_AUTH_HEADER",
                    "INVALID_HEADER_TYPE",
                ));
            }
        };
        let live = app
            .directory()
            .use_session(token, app.now())
            .ok_or_else(ApiError::invalid_session)?;
        let session = Self::of(&live, app);
        if session
            .scopes
            .iter()
            .any(|scope| scope == "api" || scope == "full")
        {
            return Ok(session);
        }
        Err(ApiError::data(
            StatusCode::UNAUTHORIZED,
            "INVALID_SESSION_ID",
            "This session is not valid for use with the REST API",
        ))
    }
}

impl Session {
    fn of(live: &Live, app: &App) -> Self {
        let issue = &live.session.issue;
        Self {
            key: issue.token,
            user_id: issue.user_id.clone(),
            username: live.user.username().to_owned(),
            org_id: app.org().id().clone(),
            client_id: issue.client_id.to_string(),
            scopes: issue.scope.split(' ').map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
