//! What a request says about who it is for, before anybody has verified it.
//!
//! Owns nothing: what is read here chooses an org, and is then read again by those who judge it.

use std::sync::Arc;

use accredit::oauth::TOKEN_PATH;
use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;

use crate::form::{BODY_MAX, Form};
use crate::requests::Who;
use crate::session::{self, Presented};

/// Where a token is sent not to be used, but to end or to be looked at.
const ABOUT_TOKENS: [&str; 2] = ["/services/oauth2/revoke", "/services/oauth2/introspect"];

/// The access token of a request: in `Authorization`, or else where Bulk API 1.0 has it, or else in
/// the query string.
pub(crate) fn token(request: &Request) -> Option<String> {
    match session::presented(request.headers()) {
        Presented::Token(token) => return Some(token.to_owned()),
        Presented::Nothing => {
            if let Some(token) = request.headers().get("x-sfdc-session") {
                return token.to_str().ok().map(str::to_owned);
            }
        }
        Presented::Odd => {}
    }
    let query = request.uri().query()?;
    let pairs = crate::form::parse(query.as_bytes());
    let found = pairs.into_iter().find(|(name, _)| name == "oauth_token");
    found.map(|(_, token)| token)
}

/// The names in the assertion of a token request. The request can be read again.
pub(crate) async fn presented(request: Request) -> (Request, Who) {
    let is_sign_in = request.method() == Method::POST && request.uri().path() == TOKEN_PATH;
    if !is_sign_in {
        return (request, Who::default());
    }
    let (request, form) = form(request).await;
    let names = form.value("assertion").and_then(names).unwrap_or_default();
    (request, names)
}

/// The token that a request is about, if it is one about a token. The request can be read again.
pub(super) async fn subject(request: Request) -> (Request, Option<String>) {
    if !ABOUT_TOKENS.contains(&request.uri().path()) {
        return (request, None);
    }
    let (request, form) = form(request).await;
    (request, form.value("token").map(str::to_owned))
}

/// The parameters of a request, which can be read again.
async fn form(request: Request) -> (Request, Form) {
    let (parts, body) = request.into_parts();
    // A body that is too long stays so: what judges it says that it is.
    let bytes = axum::body::to_bytes(body, BODY_MAX)
        .await
        .unwrap_or_else(|_| vec![b'x'; BODY_MAX + 1].into());
    let form = Form::of(&parts, &bytes);
    (Request::from_parts(parts, Body::from(bytes)), form)
}

/// Who an assertion says asks for a token for whom, proven or not.
pub(crate) fn names(assertion: &str) -> Option<Who> {
    let payload = assertion.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).map(Arc::from);
    Some(Who {
        client_id: claim("iss"),
        username: claim("sub"),
    })
}
