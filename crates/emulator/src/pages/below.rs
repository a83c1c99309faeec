//! Pages of an org that the path chose (`/orgs/NAME/setup`): they lead back below that path.
//!
//! Owns the one place where addresses of pages get the path in front. Templates and handlers know
//! `/setup` alone; a link that would leave the org cannot be written.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderValue, header};

use super::frame::Failed;

/// The attributes in which templates write addresses. A value that is shown cannot hold one of
/// these: its quotes are escaped.
const ATTRIBUTES: [&str; 3] = ["href=\"", "action=\"", "src=\""];

/// The longest page, in bytes.
const PAGE_MAX: usize = 16 * 1024 * 1024;

/// Puts `prefix` in front of every address of a page in an answer.
pub(super) async fn below(response: Response, prefix: &str) -> Result<Response, Failed> {
    let (mut parts, body) = response.into_parts();
    if let Some(place) = parts.headers.get(header::LOCATION) {
        let place = place.to_str().map_err(|_| Failed::broken())?;
        let place = HeaderValue::try_from(format!("{prefix}{place}"));
        let place = place.map_err(|_| Failed::broken())?;
        parts.headers.insert(header::LOCATION, place);
    }
    let kind = parts.headers.get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return Ok(Response::from_parts(parts, body));
    }
    let bytes = to_bytes(body, PAGE_MAX).await;
    let bytes = bytes.map_err(|error| Failed::by(&error))?;
    let mut text = String::from_utf8(bytes.into()).map_err(|error| Failed::by(&error))?;
    for attribute in ATTRIBUTES {
        let own = format!("{attribute}/setup");
        text = text.replace(&own, &format!("{attribute}{prefix}/setup"));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(text)))
}
