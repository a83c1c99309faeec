//! Who may see the pages, and whose forms are believed.
//!
//! Owns the checks before every page: `Host`, as for the management API; loopback, unless there is
//! a management key, which a visitor then types in once; and for each form that it was sent from a
//! page of ours (Fetch Metadata and `Origin`) and carries the token bound to the visitor's cookie.
//! Also owns the headers that keep a page from being framed, cached, or given a script.
//!
//! A visit is random text and a proof that we gave it out: nothing is kept for it here.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use accredit::secret::hex;
use aws_lc_rs::hmac;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use subtle::ConstantTimeEq as _;

use super::below::below;
use super::frame::Failed;
use super::input::{BODY_MAX, Posted};
use crate::app::App;
use crate::form;
use crate::management::is_allowed_host;
use crate::origin::{Origin, Prefix};

/// What the templates call the field that holds a form's token.
const TOKEN_FIELD: &str = "token";

/// The page that asks for the management key.
pub(super) const DOOR: &str = "/setup/enter";

/// What may be seen before the key was given.
const OPEN: [&str; 3] = [DOOR, "/setup/style.css", "/setup/icon.svg"];

/// How far a visitor got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Has not shown the management key.
    Outside,
    /// Has shown it.
    Admitted,
}

/// A browser that visits.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    drawn: String,
    pub(super) standing: Standing,
    /// What the forms of this visitor carry.
    pub(super) form_token: String,
}

/// The checks, and the key that proves what they gave out.
pub(super) struct Gate {
    app: App,
    key: OnceLock<hmac::Key>,
}

impl Gate {
    pub(super) const fn new(app: App) -> Self {
        Self {
            app,
            key: OnceLock::new(),
        }
    }

    /// Drawn when the first page is asked for, so that an org nobody looks at draws nothing.
    fn key(&self) -> Result<&hmac::Key, Failed> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let mut bytes = [0; 32];
        self.draw(&mut bytes)?;
        Ok(self
            .key
            .get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    fn draw(&self, bytes: &mut [u8]) -> Result<(), Failed> {
        self.app.random().fill(bytes).map_err(|error| {
            tracing::error!(%error, "no random numbers for a visit");
            Failed::broken()
        })
    }

    fn sign(&self, purpose: &str, drawn: &str) -> Result<String, Failed> {
        let text = format!("{purpose}\n{drawn}");
        Ok(hex(hmac::sign(self.key()?, text.as_bytes()).as_ref()))
    }

    /// Begins a visit.
    pub(super) fn begin(&self, standing: Standing) -> Result<Visit, Failed> {
        let mut bytes = [0; 16];
        self.draw(&mut bytes)?;
        self.visit(hex(&bytes), standing)
    }

    fn visit(&self, drawn: String, standing: Standing) -> Result<Visit, Failed> {
        Ok(Visit {
            form_token: self.sign("form", &drawn)?,
            drawn,
            standing,
        })
    }

    /// The visit that a cookie stands for, if we gave it out.
    fn recall(&self, cookie: &str) -> Result<Option<Visit>, Failed> {
        let Some((drawn, proof)) = cookie.split_once('.') else {
            return Ok(None);
        };
        for standing in [Standing::Outside, Standing::Admitted] {
            if is_same(&self.sign(purpose(standing), drawn)?, proof) {
                return self.visit(drawn.to_owned(), standing).map(Some);
            }
        }
        Ok(None)
    }

    /// The header that gives a visit to the browser. It ends with the browser, or this process.
    pub(super) fn cookie(&self, visit: &Visit, origin: &Origin) -> Result<HeaderValue, Failed> {
        let proof = self.sign(purpose(visit.standing), &visit.drawn)?;
        let secure = if origin.as_str().starts_with("https:") {
            "; Secure"
        } else {
            ""
        };
        let text = format!(
            "{}={}.{proof}; Path={}/setup; HttpOnly; SameSite=Strict{secure}",
            cookie_name(origin),
            visit.drawn,
            origin.path()
        );
        HeaderValue::try_from(text).map_err(|_| Failed::broken())
    }

    /// Says whether `shown` is the management key.
    pub(super) fn is_key(&self, shown: &str) -> bool {
        let key = self.app.access().key.as_ref();
        key.is_some_and(|key| is_same(key.expose(), shown))
    }

    fn asks_for_key(&self) -> bool {
        self.app.access().key.is_some()
    }
}

impl Visit {
    /// What tells this visitor's cursors from others'.
    pub(super) fn key(&self) -> &[u8] {
        self.form_token.as_bytes()
    }
}

const fn purpose(standing: Standing) -> &'static str {
    match standing {
        Standing::Outside => "outside",
        Standing::Admitted => "admitted",
    }
}

fn is_same(expected: &str, found: &str) -> bool {
    expected.as_bytes().ct_eq(found.as_bytes()).into()
}

/// Cookies do not care for ports, so two emulators on one machine must not share a name.
fn cookie_name(origin: &Origin) -> String {
    let authority = origin.authority();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    let is_port = |port: &&str| port.bytes().all(|byte| byte.is_ascii_digit());
    format!("accredit-{}", port.filter(is_port).unwrap_or("setup"))
}

/// Lets a request through to its page, or answers it.
pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let prefix = request.extensions().get::<Prefix>().cloned();
    let mut response = match admit(&gate, request).await {
        Ok(Passed::On(request, cookie)) => with_cookie(next.run(*request).await, cookie),
        Ok(Passed::Away(response)) => *response,
        Err(failed) => failed.into_response(),
    };
    if let Some(prefix) = prefix {
        let led_back = below(response, &prefix.0).await;
        response = led_back.unwrap_or_else(Failed::into_response);
    }
    protect(response.headers_mut());
    response
}

/// Gives a new visitor the cookie, unless the page gave one itself.
fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    if let (Some(cookie), false) = (cookie, headers.contains_key(header::SET_COOKIE)) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Where a request goes.
enum Passed {
    /// To its page; the cookie is for a visitor who is new.
    On(Box<Request>, Option<HeaderValue>),
    /// Elsewhere.
    Away(Box<Response>),
}

async fn admit(gate: &Gate, request: Request) -> Result<Passed, Failed> {
    let (mut parts, body) = request.into_parts();
    if !is_allowed_host(&gate.app, &parts.headers) {
        return Err(Failed::new(
            StatusCode::MISDIRECTED_REQUEST,
            "This is not my address",
            "Open these pages under the address that the emulator printed when it started, or \
             allow this host when you start it.",
        ));
    }
    let origin = Origin::from_request_parts(&mut parts, &()).await;
    let origin = origin.map_err(|_| Failed::broken())?;
    if !gate.asks_for_key() && !is_local(&parts) {
        return Err(Failed::new(
            StatusCode::FORBIDDEN,
            "These pages are for this machine only",
            "Open them on the machine that runs the emulator, or start it with a management key.",
        ));
    }
    let known = match cookie(&parts.headers, &cookie_name(&origin)) {
        Some(text) => gate.recall(text)?,
        None => None,
    };
    let is_new = known.is_none();
    let visit = match known {
        Some(visit) => visit,
        None => gate.begin(Standing::Outside)?,
    };
    let path = parts.uri.path();
    let must_enter = gate.asks_for_key() && visit.standing == Standing::Outside;
    if must_enter && !OPEN.contains(&path) {
        return Ok(Passed::Away(Box::new(to_door(&parts))));
    }
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::POST => {
            let known = (!is_new).then_some(&visit);
            let posted = believe(&parts, &origin, (body, known)).await?;
            parts.extensions.insert(posted);
        }
        _ => return Err(Failed::method()),
    }
    let cookie = is_new.then(|| gate.cookie(&visit, &origin)).transpose()?;
    parts.extensions.insert(visit);
    let request = Request::from_parts(parts, Body::empty());
    Ok(Passed::On(Box::new(request), cookie))
}

/// Reads a form, if a page of ours sent it.
async fn believe(
    parts: &Parts,
    origin: &Origin,
    (body, visit): (Body, Option<&Visit>),
) -> Result<Posted, Failed> {
    if !is_same_origin(&parts.headers, origin) {
        return Err(Failed::new(
            StatusCode::FORBIDDEN,
            "This form came from another page",
            "Only the forms of these pages can change the org. Open the page here and try again.",
        ));
    }
    let bytes = axum::body::to_bytes(body, BODY_MAX).await.map_err(|_| {
        Failed::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That is too much for one form",
            "A form may have 64 KiB. A certificate has 4 KiB at most: choose the .crt file alone.",
        )
    })?;
    let posted = Posted::read(&parts.headers, &bytes)?;
    let is_bound = visit.is_some_and(|visit| is_same(&visit.form_token, posted.value(TOKEN_FIELD)));
    if !is_bound {
        return Err(Failed::new(
            StatusCode::FORBIDDEN,
            "This form is too old",
            "The emulator was restarted since the page was opened, or the browser keeps no \
             cookies. Go back, reload the page and send the form again.",
        ));
    }
    Ok(posted)
}

/// Whatever the browser says of where a form comes from must say that it is from here.
fn is_same_origin(headers: &HeaderMap, origin: &Origin) -> bool {
    let all = |name: &str, expected: &str| {
        headers
            .get_all(name)
            .iter()
            .all(|value| value.as_bytes() == expected.as_bytes())
    };
    all("origin", origin.without_path()) && all("sec-fetch-site", "same-origin")
}

fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
}

/// The value of a cookie (RFC 6265 §5.4).
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(header::COOKIE).iter();
    pairs
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Asks for the key first, and remembers where the visitor wanted to go.
fn to_door(parts: &Parts) -> Response {
    let wanted = match parts.method {
        Method::GET => parts.uri.path_and_query().map_or("", |path| path.as_str()),
        _ => "",
    };
    let query = form::encode(&[("to", wanted)]);
    Redirect::to(&format!("{DOOR}?{query}")).into_response()
}

/// The page that `wanted` names, if it is one of ours.
pub(super) fn inside(wanted: &str) -> &str {
    let is_page = |uri: &Uri| {
        let path = uri.path();
        uri.authority().is_none() && (path == "/setup" || path.starts_with("/setup/"))
    };
    match wanted.parse::<Uri>() {
        Ok(uri) if is_page(&uri) && !wanted.contains('\\') => wanted,
        _ => "/setup",
    }
}

fn protect(headers: &mut HeaderMap) {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
}
