//! Parameters of OAuth requests, from the body and the query string.
//!
//! Owns `application/x-www-form-urlencoded`, read so that a repeated parameter is seen (RFC 6749
//! §3.2).

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};

/// The longest body of an OAuth request.
pub(crate) const BODY_MAX: usize = 64 * 1024;

/// The most parameters that a request may have.
const PARAMETERS_MAX: usize = 32;

/// The parameters of a request.
#[derive(Clone, Default)]
pub(crate) struct Form {
    /// From the body.
    pub(crate) body: Vec<(String, String)>,
    /// From the query string.
    pub(crate) query: Vec<(String, String)>,
}

/// Why a request has no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoForm {
    /// The body is too long, or broke off.
    Body,
    /// There are more parameters than are read.
    Parameters,
}

impl Form {
    /// The parameters of a request whose body has been read.
    pub(crate) fn of(parts: &Parts, body: &Bytes) -> Self {
        let is_read = parts.method == Method::POST && is_form(&parts.headers);
        Self {
            body: if is_read { parse(body) } else { Vec::new() },
            query: parse(parts.uri.query().unwrap_or_default().as_bytes()),
        }
    }

    /// The first value of a parameter, the body's before the query string's.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .body
            .iter()
            .chain(&self.query)
            .find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that appears twice, if any does.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let all = || self.body.iter().chain(&self.query).map(|(key, _)| key);
        let is_repeated = |(at, key): &(usize, &String)| all().take(*at).any(|one| one == *key);
        let found = all().enumerate().find(is_repeated);
        found.map(|(_, key)| key.as_str())
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = NoForm;

    async fn from_request(request: Request, _state: &S) -> Result<Self, NoForm> {
        let (parts, body) = request.into_parts();
        Self::read(&parts, body).await
    }
}

impl Form {
    /// Reads the parameters of a request.
    pub(crate) async fn read(parts: &Parts, body: Body) -> Result<Self, NoForm> {
        let bytes: Bytes = axum::body::to_bytes(body, BODY_MAX)
            .await
            .map_err(|_| NoForm::Body)?;
        let form = Self::of(parts, &bytes);
        // One that is not read could be a repeated one.
        if form.body.len() + form.query.len() > PARAMETERS_MAX {
            return Err(NoForm::Parameters);
        }
        Ok(form)
    }
}

impl IntoResponse for NoForm {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Body => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body must be whole and at most 64 KiB\n",
            ),
            Self::Parameters => (
                StatusCode::BAD_REQUEST,
                "there may be at most 32 parameters\n",
            ),
        };
        (status, text).into_response()
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// Reads pairs: one more than there may be, if there are too many.
pub(crate) fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .take(PARAMETERS_MAX + 1)
        .map(|pair| {
            let at = pair
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(at).unwrap_or((pair, b""));
            (decode(name), decode(value.get(1..).unwrap_or_default()))
        })
        .collect()
}

/// Undoes percent-encoding; what is no encoding stays, what is no UTF-8 becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> String {
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (decoded, taken) = match (byte, digit(at + 1), digit(at + 2)) {
            (b'+', ..) => (b' ', 1),
            (b'%', Some(high), Some(low)) => (u8::try_from(high << 4 | low).unwrap_or(b'?'), 3),
            (other, ..) => (*other, 1),
        };
        out.push(decoded);
        at += taken;
    }
    String::from_utf8(out)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Encodes pairs as a form.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(&mut out, name);
        out.push('=');
        encode_into(&mut out, value);
    }
    out
}

/// Encodes a text as one segment of a path (RFC 3986 §3.3).
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    encode_into(&mut out, text);
    out.replace('+', "%20")
}

fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_written() {
        let pairs = parse(b"a=1%2B+x&b&=c&&d=%zz%2&e=%ff");
        let expected = [
            ("a", "1+ x"),
            ("b", ""),
            ("", "c"),
            ("d", "%zz%2"),
            ("e", "\u{fffd}"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert_eq!(
            encode(&[("a b", "c&d=é"), ("x", "")]),
            "a+b=c%26d%3D%C3%A9&x="
        );
    }

    #[test]
    fn a_repeated_parameter_is_seen_across_body_and_query() {
        let form = Form {
            body: parse(b"a=1&b=2"),
            query: parse(b"c=3&%61=4"),
        };
        assert_eq!(form.repeated(), Some("a"));
        assert_eq!(form.value("a"), Some("1"));
    }
}
