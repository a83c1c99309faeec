//! `/services/oauth2/introspect` (RFC 7662; fact sheet §4.3): the one place that tells when a token
//! ends.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::app::App;
use crate::claims::{self, Claims};
use crate::directory::{Client, Live, Switch};
use crate::form::Form;
use crate::grant::Lookup as _;
use crate::jws::Jws;
use crate::mode::Mode;
use crate::oauth_reply::{self, BasicCredentials, Format};
use crate::origin::Origin;

/// The type of a client assertion (RFC 7523 §2.2).
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where the endpoint is; a client assertion may name it as audience.
const PATH: &str = "/services/oauth2/introspect";

/// Says what a token is worth, to an app that proves who it is.
pub(crate) async fn introspect(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let Some(client) = authenticate(&app, &origin, &headers, &form) else {
        return oauth_reply::document(
            StatusCode::BAD_REQUEST,
            Format::Json,
            &[
                ("error", "invalid_client"),
                ("error_description", "invalid client credentials"),
            ],
        );
    };
    let token = form.value("token").unwrap_or_default();
    let sees_all = client.definition.introspect_all_tokens == Switch::On;
    let body = app
        .directory()
        .live(token, app.now())
        .filter(|live| sees_all || live.client.id == client.id)
        .map_or_else(
            || json!({"active": false}),
            |live| describe(&app, &origin, &live),
        );
    oauth_reply::reply(StatusCode::OK, oauth_reply::JSON, body.to_string())
}

fn describe(app: &App, origin: &Origin, live: &Live) -> serde_json::Value {
    let issue = &live.session.issue;
    json!({
        "active": true,
        "scope": issue.scope,
        "client_id": issue.client_id,
        "username": live.user.username(),
        "sub": oauth_reply::identity_url(app, origin, &issue.user_id),
        "token_type": "access_token",
        "exp": live.session.expires_at().as_secs(),
        "iat": issue.issued_at.as_secs(),
        "nbf": issue.issued_at.as_secs(),
    })
}

/// Client id and secret in the form or in a Basic header, or a client assertion.
fn authenticate(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    form: &Form,
) -> Option<Arc<Client>> {
    if form.value("client_assertion_type") == Some(CLIENT_ASSERTION) {
        return by_assertion(app, origin, form);
    }
    let basic = BasicCredentials::of(headers);
    let id = form
        .value("client_id")
        .or(basic.as_ref().map(|basic| basic.id.as_str()))?;
    let secret = form
        .value("client_secret")
        .or(basic.as_ref().map(|basic| basic.secret.expose().as_str()))?;
    enabled(app, id).filter(|client| client.has_secret(secret))
}

/// `private_key_jwt`: signed by the app, about itself, for this server, and not expired.
fn by_assertion(app: &App, origin: &Origin, form: &Form) -> Option<Arc<Client>> {
    let jws = Jws::parse(form.value("client_assertion")?).ok()?;
    let members = claims::members(jws.payload()).ok()?;
    let claims = Claims::read(&members, Mode::Strict).ok()?;
    let client = enabled(app, &claims.issuer)?;
    let now = app.now();
    let usable = client
        .certificates
        .iter()
        .filter(|one| one.flaw_at(now).is_none());
    let keys: Vec<_> = usable.map(|certificate| &certificate.key).collect();
    let audience = claims
        .audience
        .strip_suffix(PATH)
        .unwrap_or(&claims.audience);
    let is_for_us = app
        .situation(origin)
        .audiences
        .find(audience, Mode::Strict)
        .is_some();
    let is_about_itself = claims.subject == claims.issuer;
    let is_proven = !keys.is_empty() && jws.verify(&keys).is_ok();
    (is_proven && is_for_us && is_about_itself && now < claims.expires_at).then_some(client)
}

fn enabled(app: &App, id: &str) -> Option<Arc<Client>> {
    let client = app.directory().client(id)?;
    (client.definition.enabled == Switch::On).then_some(client)
}
