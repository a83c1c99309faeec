//! `/services/oauth2/introspect` (RFC 7662; fact sheet §4.3): the one place that tells when a token
//! ends.

use std::sync::Arc;

use accredit::oauth::TOKEN_PATH;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::app::App;
use crate::directory::{Client, Live, Switch};
use crate::form::Form;
use crate::grant::{self, Lookup as _, Presented, Question};
use crate::mode::Mode;
use crate::oauth_reply::{self, BasicCredentials, Format};
use crate::origin::Origin;
use crate::token;

/// The type of a client assertion (RFC 7523 §2.2).
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client assertion may name as audience, behind the org: this endpoint, or that for tokens
/// (RFC 7523 §3), which is what clients sign for wherever they authenticate.
const AUDIENCES: [&str; 2] = ["/services/oauth2/introspect", TOKEN_PATH];

/// Says what a token is worth, to an app that proves who it is.
pub(crate) async fn introspect(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let Some(client) = authenticate(&app, &origin, &headers, &form).await else {
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
        "scope": &*issue.scope,
        "client_id": &*issue.client_id,
        "username": live.user.username(),
        "sub": oauth_reply::identity_url(app, origin, &issue.user_id),
        "token_type": "access_token",
        "exp": live.session.expires_at().as_secs(),
        "iat": issue.issued_at.as_secs(),
        "nbf": issue.issued_at.as_secs(),
    })
}

/// Client id and secret in the form or in a Basic header, or a client assertion: one of the three
/// (RFC 6749 §2.3).
async fn authenticate(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    form: &Form,
) -> Option<Arc<Client>> {
    if form.repeated().is_some() {
        return None;
    }
    let basic = BasicCredentials::of(headers);
    let secret = form.value("client_secret");
    if let Some(assertion) = form.value("client_assertion") {
        let is_typed = form.value("client_assertion_type") == Some(CLIENT_ASSERTION);
        if !is_typed || secret.is_some() || basic.is_some() {
            return None;
        }
        return by_assertion(app, origin, (assertion, form.value("client_id"))).await;
    }
    let Some(basic) = basic else {
        return by_secret(app, form.value("client_id")?, secret?);
    };
    let is_one = secret.is_none() && form.value("client_id").is_none_or(|id| id == basic.id);
    is_one.then(|| by_secret(app, &basic.id, basic.secret.expose()))?
}

fn by_secret(app: &App, id: &str, secret: &str) -> Option<Arc<Client>> {
    let client = app.directory().client(id)?;
    let is_on =
        client.definition.enabled == Switch::On && client.definition.installed == Switch::On;
    (is_on && client.has_secret(secret)).then_some(client)
}

/// `private_key_jwt`: the rungs of the ladder that concern the app, as strict as can be in either
/// mode, and each `jti` once; as for grants, an assertion may have none (RFC 7523 §3).
async fn by_assertion(
    app: &App,
    origin: &Origin,
    (assertion, client_id): (&str, Option<&str>),
) -> Option<Arc<Client>> {
    let now = app.now();
    let verified = {
        let mut org = app.situation(origin);
        let paths: Vec<_> = org
            .audiences
            .own
            .iter()
            .flat_map(|own| AUDIENCES.map(|path| format!("{own}{path}")))
            .collect();
        org.audiences.own.extend(paths);
        let presented = Presented {
            client_id,
            ..Presented::default()
        };
        grant::judge_client(&Question {
            assertion,
            presented,
            lookup: app.directory(),
            org: &org,
            mode: Mode::Strict,
            now,
        })
        .ok()?
    };
    if let Some(id) = &verified.assertion_id {
        let times = (verified.expires_at, now);
        token::redeem(app, &verified.client, id, times).await.ok()?;
    }
    Some(verified.client)
}
