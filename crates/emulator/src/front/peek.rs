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

use crate::form::{self, BODY_MAX, Form};
use crate::requests::Who;
use crate::session::{self, Presented};

/// The access token of a request.
pub(crate) fn token(request: &Request) -> Option<String> {
    if let Presented::Token(token) = session::presented(request.headers()) {
        return Some(token.to_owned());
    }
    let query = request.uri().query()?;
    let pairs = form::parse(query.as_bytes());
    let found = pairs.into_iter().find(|(name, _)| name == "oauth_token");
    found.map(|(_, token)| token)
}

/// The names in the assertion of a token request. The request can be read again.
pub(crate) async fn presented(request: Request) -> (Request, Who) {
    let is_sign_in = request.method() == Method::POST && request.uri().path() == TOKEN_PATH;
    if !is_sign_in {
        return (request, Who::default());
    }
    let (parts, body) = request.into_parts();
    // A body that is too long stays so: what judges it says that it is.
    let bytes = axum::body::to_bytes(body, BODY_MAX)
        .await
        .unwrap_or_else(|_| vec![b'x'; BODY_MAX + 1].into());
    let names = Form::of(&parts, &bytes)
        .value("assertion")
        .and_then(names)
        .unwrap_or_default();
    (Request::from_parts(parts, Body::from(bytes)), names)
}

fn names(assertion: &str) -> Option<Who> {
    let payload = assertion.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).map(Arc::from);
    Some(Who {
        client_id: claim("iss"),
        username: claim("sub"),
    })
}
