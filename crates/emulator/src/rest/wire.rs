//! How an answer goes over the wire: laid out and compressed as the client asked.

use std::io::Write as _;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};

use super::call::unexpected;
use super::pretty::pretty;

/// Bodies up to this size are not worth compressing, in bytes.
const PLAIN_MAX: usize = 1_024;

/// Lays out and compresses `response` as `asked` says.
pub(super) async fn dress(response: Response, asked: &HeaderMap) -> Response {
    let (mut parts, body) = response.into_parts();
    // The body is in memory already: this only takes it out.
    let Ok(mut body) = to_bytes(body, usize::MAX).await.map(Vec::from) else {
        return unexpected().into_response();
    };
    if asked.get("x-prettyprint").is_some_and(|value| value == "1") {
        body = pretty(&body);
    }
    if body.len() > PLAIN_MAX {
        let name = HeaderValue::from_static("Accept-Encoding");
        parts.headers.insert(header::VARY, name);
        if let Some(packed) = accepts_gzip(asked).then(|| gzip(&body)).flatten() {
            let gzip = HeaderValue::from_static("gzip");
            parts.headers.insert(header::CONTENT_ENCODING, gzip);
            body = packed;
        }
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// Whether `Accept-Encoding` names gzip, or anything, with a weight above zero.
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let name = name.trim();
            let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
            (name.eq_ignore_ascii_case("gzip") || name == "*") && weight.unwrap_or(1.0) > 0.0
        })
}

/// The body compressed for speed rather than size; nothing if that fails.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
