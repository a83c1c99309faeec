//! How an answer goes over the wire: laid out and compressed as the client asked.

use std::io::{Read, Write as _};

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::call::unexpected;
use super::pretty::pretty;
use crate::error::ApiError;

/// Bodies up to this size are not worth compressing, in bytes.
const PLAIN_MAX: usize = 1_024;

/// The largest body of a request, unpacked, in bytes.
const BODY_MAX: usize = 50 * 1_024 * 1_024;

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

/// An error in the form that the client accepts: JSON, or XML if it names that and not JSON.
pub(super) fn refuse(error: &ApiError, asked: &HeaderMap) -> Response {
    let accepted = asked
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    if !accepted.contains("application/xml") || accepted.contains("json") {
        return error.clone().into_response();
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Errors><Error><errorCode>{}</errorCode>\
         <message>{}</message></Error></Errors>",
        error.code,
        escaped(&error.message)
    );
    let content_type = [(header::CONTENT_TYPE, "application/xml;charset=UTF-8")];
    (error.status, content_type, body).into_response()
}

/// Text as it stands between tags.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Whether `Accept-Encoding` names gzip, or anything, with a weight above zero.
pub(super) fn accepts_gzip(asked: &HeaderMap) -> bool {
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

/// The body of a request, unpacked if it came packed.
pub(super) async fn body(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, ApiError> {
    let body = to_bytes(body, BODY_MAX).await.map_err(|_| too_large())?;
    match headers
        .get(header::CONTENT_ENCODING)
        .map(HeaderValue::as_bytes)
    {
        None | Some(b"identity") => Ok(body.into()),
        Some(b"gzip") => unpack(GzDecoder::new(&*body)),
        Some(b"deflate") => unpack(ZlibDecoder::new(&*body)),
        Some(_) => Err(ApiError::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Content-Encoding must be gzip, deflate or nothing",
        )),
    }
}

fn unpack(packed: impl Read) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    let limit = u64::try_from(BODY_MAX).unwrap_or(u64::MAX);
    let read = packed.take(limit + 1).read_to_end(&mut body).map_err(|_| {
        let message = "The request body is not what Content-Encoding says";
        ApiError::data(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    })?;
    if read > BODY_MAX {
        return Err(too_large());
    }
    Ok(body)
}

fn too_large() -> ApiError {
    let message = format!("The request body is larger than {BODY_MAX} bytes or was cut off");
    ApiError::framework(
        StatusCode::PAYLOAD_TOO_LARGE,
        "REQUEST_ENTITY_TOO_LARGE",
        message,
    )
}
