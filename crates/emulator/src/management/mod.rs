//! The management API under `/_emulator/`: what tests and tools do to the org from outside.
//!
//! Owns who may use it ([`guard`]) and its routes. Whoever may use it rules the org, so it answers
//! loopback only, or those who show the management key, and never a web page.

mod apps;
mod load;
mod org;
mod orgs;
mod requests;
mod snapshots;
mod users;

use std::fmt;
use std::net::SocketAddr;

use accredit::secret::Secret;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::directory::DirectoryError;
use crate::session::{self, Presented};

/// The shortest management key, in characters: with a key any host on the network may guess at it,
/// under any name.
pub(crate) const KEY_MIN: usize = 16;

/// Who may use the management API.
#[derive(Default)]
pub(crate) struct Access {
    /// What callers must show. Without one only callers on this machine are answered.
    pub(crate) key: Option<Secret<String>>,
    /// Values of `Host` that are allowed besides those of loopback, without a key.
    pub(crate) hosts: Vec<String>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        let status = match error {
            DirectoryError::Unfit(_) => StatusCode::BAD_REQUEST,
            DirectoryError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        answer(self.status, &json!({"message": self.message}))
    }
}

/// The routes, relative to `/_emulator`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/health", get(|| async { ok(&json!({"status": "ok"})) }))
        .route("/apps", get(apps::list).post(apps::add))
        .route(
            "/apps/{id}",
            get(apps::show).patch(apps::change).delete(apps::remove),
        )
        .route("/users", get(users::list).post(users::add))
        .route(
            "/users/{username}",
            get(users::show).patch(users::change).delete(users::remove),
        )
        .route("/sessions", get(org::sessions).delete(org::end_sessions))
        .route("/clock", get(org::clock).put(org::set_clock))
        .route("/journal", get(org::journal).delete(org::clear_journal))
        .route("/org", get(org::settings).patch(org::change_settings))
        .route("/reset", post(snapshots::reset))
        .route("/load", load::route())
        .route("/snapshots", get(snapshots::list))
        .route(
            "/snapshots/{name}",
            put(snapshots::save).delete(snapshots::remove),
        )
        .route("/snapshots/{name}/restore", post(snapshots::restore))
        .route("/orgs", get(orgs::list).post(orgs::add))
        .route("/orgs/{name}", delete(orgs::remove))
        .route("/env", get(orgs::variables))
        .route("/requests", get(requests::list).delete(requests::clear))
        .route("/requests/count", get(requests::count))
        .route("/requests/wait-for", get(requests::wait_for))
        .route(
            "/faults",
            get(requests::faults)
                .post(requests::add_fault)
                .delete(requests::clear_faults),
        )
        .route("/faults/{id}", delete(requests::remove_fault))
        .fallback(|| async { Refused::missing("resource of the management API") })
}

/// Lets through only whoever may use the management API.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check(&app, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => refused.into_response(),
    }
}

fn check(app: &App, parts: &Parts) -> Result<(), Refused> {
    let headers = &parts.headers;
    if !is_allowed_host(app, headers) {
        let message = "Host must be the emulator's own address";
        return Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, message));
    }
    let is_browser = |name: &header::HeaderName| name.as_str().starts_with("sec-fetch-");
    if headers.contains_key(header::ORIGIN) || headers.keys().any(is_browser) {
        let message = "web pages may not use the management API";
        return Err(Refused::new(StatusCode::FORBIDDEN, message));
    }
    match &app.access().key {
        Some(key) => {
            let is_shown = match session::presented(headers) {
                Presented::Token(token) => {
                    bool::from(token.as_bytes().ct_eq(key.expose().as_bytes()))
                }
                Presented::Nothing | Presented::Odd => false,
            };
            if !is_shown {
                let message = "Authorization: Bearer must hold the management key";
                return Err(Refused::new(StatusCode::UNAUTHORIZED, message));
            }
        }
        None => {
            let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            if !peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback()) {
                let message = "the management API answers loopback only, unless it has a key";
                return Err(Refused::new(StatusCode::FORBIDDEN, message));
            }
        }
    }
    Ok(())
}

/// Says whether a request may have come under the name that it says. Whoever shows the management
/// key may have come under any, such as that of a container: a page that rebinds a name of its own
/// to this machine has no key to show.
pub(crate) fn is_allowed_host(app: &App, headers: &HeaderMap) -> bool {
    if app.access().key.is_some() {
        return true;
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| is_own_host(app, host)),
        _ => false,
    }
}

/// Compares a host with the names of loopback, the address bound and those allowed, to the letter
/// and with the port: a name that an attacker rebinds to this machine is none of them.
pub(crate) fn is_own_host(app: &App, host: &str) -> bool {
    let (bound, asked) = (app.bound(), host);
    let host = below_localhost(host).unwrap_or(host);
    let is_loopback = |name: &str| {
        let is_at = |address: &SocketAddr| match address.port() {
            80 if host == name => true,
            port => host == format!("{name}:{port}"),
        };
        match bound.as_slice() {
            [] => host == name,
            bound => bound.iter().any(is_at),
        }
    };
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .any(is_loopback)
        || bound.iter().any(|address| host == address.to_string())
        || app.access().hosts.iter().any(|allowed| allowed == asked)
}

/// `localhost` and the port of a name below it, which nobody but this machine has (RFC 6761 §6.3).
fn below_localhost(host: &str) -> Option<&str> {
    let (name, _) = host.split_once(':').unwrap_or((host, ""));
    let label = name.strip_suffix(".localhost")?;
    let is_label_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = !label.is_empty() && label.bytes().all(is_label_byte);
    is_label.then(|| host.get(label.len() + 1..))?
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn ok(body: &Value) -> Response {
    answer(StatusCode::OK, body)
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Reads a JSON body.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

/// Lays the members of a JSON body over what is there already.
fn changed<T: serde::Serialize + DeserializeOwned>(now: &T, body: &Bytes) -> Result<T, Refused> {
    let changes: serde_json::Map<String, Value> = read(body)?;
    let mut value = serde_json::to_value(now).map_err(|error| unreadable(&error))?;
    if let Some(members) = value.as_object_mut() {
        members.extend(changes);
    }
    serde_json::from_value(value).map_err(|error| unreadable(&error))
}

/// Does what waits for the database on a thread that may wait.
async fn blocking<T: Send + 'static, E: Into<Refused> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Refused> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(error) => {
            tracing::error!(%error, "a change was not made");
            let message = "the change was not made";
            Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message))
        }
    }
}

/// Refuses a body that would give something another name.
fn unnamed(member: &str, to: Option<&str>, is: &str) -> Result<(), Refused> {
    match to {
        Some(to) if to != is => Err(Refused::new(
            StatusCode::BAD_REQUEST,
            format!("{member} cannot be changed: remove this one and add another"),
        )),
        _ => Ok(()),
    }
}

fn unreadable(error: &serde_json::Error) -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        format!("the body is not what was expected: {error}"),
    )
}
