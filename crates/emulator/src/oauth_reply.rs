//! How the OAuth endpoints write their answers (fact sheet §1.6, §1.7) and read client credentials.

use accredit::secret::Secret;
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::app::App;
use crate::form::{self, Form};
use crate::ids::RecordId;
use crate::origin::Origin;

/// The content type of JSON, as recorded.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

/// What every OAuth endpoint sends along.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache,must-revalidate,max-age=0,no-store,private"),
    ),
    (
        header::EXPIRES,
        HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"),
    ),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::X_XSS_PROTECTION,
        HeaderValue::from_static("1; mode=block"),
    ),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("none"),
    ),
];

/// Room for these and for what is said of a single answer.
const HEADERS_MAX: usize = 12;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
    UrlEncoded,
}

impl Format {
    /// The parameter `format`, else the `Accept` header, else JSON.
    pub(crate) fn of(form: &Form, headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        match (form.value("format"), accept) {
            (Some("xml"), _) | (None, Some("application/xml")) => Self::Xml,
            (Some("urlencoded"), _) | (None, Some("application/x-www-form-urlencoded")) => {
                Self::UrlEncoded
            }
            _ => Self::Json,
        }
    }
}

/// A document of texts, in the order given.
pub(crate) fn document(status: StatusCode, format: Format, members: &[(&str, &str)]) -> Response {
    let (content_type, body) = match format {
        Format::Json => (JSON, json(members)),
        Format::Xml => ("application/xml;charset=UTF-8", xml(members)),
        Format::UrlEncoded => (
            "application/x-www-form-urlencoded;charset=UTF-8",
            form::encode(members),
        ),
    };
    reply(status, content_type, body)
}

/// An answer with the headers of the OAuth endpoints.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut headers = HeaderMap::with_capacity(HEADERS_MAX);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.extend(HEADERS);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The identity URL of a user.
pub(crate) fn identity_url(app: &App, origin: &Origin, user: &RecordId) -> String {
    format!("{}/id/{}/{user}", origin.as_str(), app.org().id())
}

fn json(members: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(512);
    for (name, value) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        if value.bytes().all(is_plain) {
            out.push('"');
            out.push_str(value);
            out.push('"');
        } else {
            // Serializing a text cannot fail.
            out.push_str(&serde_json::to_string(value).unwrap_or_default());
        }
    }
    out.push('}');
    out
}

/// Says whether a byte stands for itself in a JSON text (RFC 8259 §7).
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// The root element is from general knowledge; no recording shows one.
fn xml(members: &[(&str, &str)]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OAuth>".to_owned();
    for (name, value) in members {
        let value = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        out.push_str(&format!("<{name}>{value}</{name}>"));
    }
    out.push_str("</OAuth>");
    out
}

/// Client id and secret from an `Authorization: Basic` header (RFC 6749 §2.3.1).
pub(crate) struct BasicCredentials {
    pub(crate) id: String,
    pub(crate) secret: Secret<String>,
}

impl BasicCredentials {
    /// Reads the header. A damaged one gives credentials that no app has.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, rest) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return None;
        }
        let decoded = STANDARD.decode(rest.trim()).unwrap_or_default();
        let at = decoded
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(decoded.len());
        let (id, secret) = decoded.split_at_checked(at)?;
        Some(Self {
            id: form::decode(id),
            secret: Secret::new(form::decode(secret.get(1..).unwrap_or_default())),
        })
    }
}
