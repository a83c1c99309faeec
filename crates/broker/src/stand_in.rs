//! `POST /services/oauth2/token`: a token endpoint for programs that know only Salesforce.
//!
//! Owns how such a program shows who it is: with its caller key as client secret, whatever the
//! grant. It gets a handle, and this broker as its instance. An assertion is no proof of anything
//! here: its key is not known, and the caller key decides.

use accredit::assertion::Subject;
use accredit::clock::UnixTime;
use accredit::oauth::JWT_BEARER;
use accredit::secret::Secret;
use accredit::source::Token;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::caller::{self, Known};
use crate::config::{Forwarded, Use};
use crate::failure::Failure;
use crate::form::Form;
use crate::handle::{self, Grant};
use crate::peer::Peer;
use crate::proxy::payload;
use crate::setup::Setup;
use crate::subject::Wanted;

/// The longest form that is read, in bytes.
const FORM_MAX: usize = 64 * 1024;

/// Who a client is, and what it asks for.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) known: Known,
    /// `None`: what it named is no connection, and there is none for those that name none.
    connection: Option<String>,
    subject: Option<Subject>,
}

/// Reads who a client is, and what it asks for.
pub(crate) async fn read(
    setup: &Setup,
    headers: &HeaderMap,
    body: Incoming,
    peer: &Peer,
) -> Result<Client, Failure> {
    let body = Secret::new(payload::whole(body, FORM_MAX).await?.to_vec());
    let form = Form::parse(body.expose())?;
    let grant_type = form.only("grant_type")?.unwrap_or_default();
    if ![JWT_BEARER, "client_credentials", "password"].contains(&grant_type) {
        return Err(Failure::bad_request(
            "grant_type is not known here, expected client_credentials, password or jwt-bearer",
        ));
    }
    let basic = basic(headers);
    let known = authenticate(setup, headers, peer, &form, basic.as_ref())?;
    let client_id = match form.only("client_id")? {
        Some(client_id) => Some(client_id),
        None => basic.as_ref().map(|(client_id, _)| client_id.as_str()),
    };
    let assertion = form.only("assertion")?;
    let peeked = assertion.map(peek).transpose()?;
    let issuer = client_id.or(peeked.as_ref().map(|claims| claims.iss.as_str()));
    let named = match &peeked {
        Some(claims) => Some(claims.sub.as_str()),
        None => form.only("username")?,
    };
    let subject = named
        .filter(|_| grant_type != "client_credentials")
        .map(|text| Subject::new(text).map_err(|_| Failure::bad_request("that is no username")))
        .transpose()?;
    Ok(Client {
        known,
        connection: choose(setup, issuer).map(str::to_owned),
        subject,
    })
}

impl Client {
    /// What it asks for.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            connection: self.connection.as_deref().unwrap_or_default(),
            subject: self.subject.as_ref(),
        }
    }

    /// Gives it a handle, if it may have one.
    pub(crate) async fn grant(
        &self,
        app: &App,
        setup: &Setup,
        headers: &HeaderMap,
    ) -> Result<Answer, Failure> {
        if self.connection.is_none() {
            return Err(Failure::bad_request("client_id names no connection"));
        }
        let wanted = self.wanted();
        let session = wanted.session(app, setup, &self.known.caller, Use::Proxy)?;
        let token = session.token().await?;
        let world = app.world();
        let now = world.clock.now();
        let grant = Grant {
            caller: self.known.caller.name.to_string(),
            proof: self.known.proof.clone(),
            connection: wanted.connection.to_owned(),
            subject: wanted.subject.map(|subject| subject.as_str().to_owned()),
        };
        let handle = app.handles().seal(grant, now, world.random.as_ref());
        let handle = handle.ok_or_else(|| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Failure::new(status, "no_handle", "a handle could not be made")
        })?;
        let document = document(&token, &handle, &own_url(headers, setup), now);
        Ok(answer::json(StatusCode::OK, format!("{document}\n")))
    }
}

/// The answer of a token endpoint: the handle, and this broker as the instance.
fn document(token: &Token, handle: &str, own: &str, now: UnixTime) -> serde_json::Value {
    let identity = token.id.as_deref().and_then(|id| id.split_once("/id/"));
    let identity = identity.map_or("", |(_, path)| path);
    json!({
        "access_token": handle,
        "instance_url": own,
        "id": format!("{own}/id/{identity}"),
        "token_type": "Bearer",
        "issued_at": now.as_millis().to_string(),
        "expires_in": handle::LIFETIME.as_secs(),
        "scope": "api",
    })
}

/// Finds the caller: by client secret, by password, or as everywhere else.
fn authenticate(
    setup: &Setup,
    headers: &HeaderMap,
    peer: &Peer,
    form: &Form,
    basic: Option<&(String, Secret<String>)>,
) -> Result<Known, Failure> {
    let shown = match (form.only("client_secret")?, basic) {
        (Some(secret), None) => Some(secret),
        (None, Some((_, secret))) => Some(secret.expose().as_str()),
        (Some(_), Some(_)) => {
            return Err(Failure::bad_request("the client shows two secrets"));
        }
        (None, None) => form.only("password")?,
    };
    match shown {
        Some(key) if !setup.callers.is_empty() => {
            setup.callers.of_key(key).ok_or_else(Failure::wrong_key)
        }
        _ => setup.callers.identify(headers, peer, setup.rules.reach()),
    }
}

/// The connection that a client id means: its name, or the consumer key of its app; any other is
/// the default one's.
fn choose<'a>(setup: &'a Setup, client_id: Option<&str>) -> Option<&'a str> {
    let named = client_id.and_then(|id| setup.connections.get_key_value(id));
    let by_issuer = || {
        let mut connections = setup.connections.iter();
        connections.find(|(_, one)| Some(one.config.issuer.as_str()) == client_id)
    };
    named
        .or_else(by_issuer)
        .map(|(name, _)| name.as_str())
        .or_else(|| setup.default_connection().map(|(name, _)| name))
}

/// The claims of an assertion that are of interest; nothing about them is proven.
#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    sub: String,
}

fn peek(assertion: &str) -> Result<Claims, Failure> {
    let wrong = || Failure::bad_request("the assertion is no JWT with a sub");
    let payload = assertion.split('.').nth(1).ok_or_else(wrong)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| wrong())?;
    serde_json::from_slice(&payload).map_err(|_| wrong())
}

/// Client id and secret of `Authorization: Basic` (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    let (scheme, text) = caller::only(headers, &AUTHORIZATION)?.split_once(' ')?;
    let decoded = STANDARD.decode(text.trim()).ok()?;
    let decoded = Secret::new(String::from_utf8(decoded).ok()?);
    let (id, secret) = decoded.expose().split_once(':')?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (id.to_owned(), Secret::new(secret.to_owned())))
}

/// This broker as the client knows it. Who stands between is believed where it may stand there.
fn own_url(headers: &HeaderMap, setup: &Setup) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = match text("x-forwarded-proto") {
        Some("https") if setup.rules.forwarded() == Forwarded::Accept => "https",
        _ => setup.scheme(),
    };
    let host = text(HOST.as_str()).unwrap_or_default();
    format!("{scheme}://{host}")
}
