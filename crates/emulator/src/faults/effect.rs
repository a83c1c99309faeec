//! What a fault does to a request or its answer.
//!
//! Owns the wire of each effect. Pauses are of real time: it is the client's patience that is
//! tried, and the org's clock may stand still.

use std::io::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{Html, IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower::ServiceExt as _;

use super::piecemeal::Piecemeal;
use crate::app::App;
use crate::connection::{ANSWER_TIMEOUT, HangUp};
use crate::error::ApiError;
use crate::front::peek;
use crate::oauth_reply::{self, JSON};

/// The longest pause: the answer still comes, since the server waits longer for it.
const PAUSE_MAX: Duration = Duration::from_secs(300);
const _: () = assert!(PAUSE_MAX.as_secs() < ANSWER_TIMEOUT.as_secs());

/// The longest body that a fault changes, in bytes. It is held whole.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// A status and an error of Salesforce in the form of the endpoint.
    Error {
        status: u16,
        code: Option<String>,
        message: Option<String>,
    },
    /// The error that Salesforce gives when it does not know what went wrong.
    UnknownError,
    /// Too many sign-ins, or too many calls.
    RateLimit,
    /// The answer, later.
    Latency { milliseconds: u64 },
    /// The session of the request ends before it is looked at.
    KillSession,
    /// The connection ends without an answer.
    HangUp,
    /// The connection ends in the middle of the body.
    HangUpMidBody,
    /// A page for people.
    HtmlPage { status: Option<u16> },
    /// A compressed body of which the second half is missing.
    TruncatedGzip,
    /// A plain body that says it is compressed.
    WrongGzip,
    /// The body, a few bytes at a time.
    SlowDrip {
        bytes: Option<u64>,
        milliseconds: Option<u64>,
    },
    /// Somewhere else.
    Redirect { location: String },
    /// Success, with nothing in it.
    Empty,
}

/// A request that is struck, and what would have answered it.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) router: Router,
    pub(crate) request: Request,
}

impl Effect {
    /// Says what is wrong with the numbers and texts of an effect.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_status = |status: u16| (200..=599).contains(&status);
        match self {
            Self::Error { status, .. } if !is_status(*status) => {
                Err(format!("{status} is no status, expected 200 to 599"))
            }
            Self::HtmlPage {
                status: Some(status),
            } if !is_status(*status) => Err(format!("{status} is no status, expected 200 to 599")),
            Self::Latency { milliseconds }
            | Self::SlowDrip {
                milliseconds: Some(milliseconds),
                ..
            } if Duration::from_millis(*milliseconds) > PAUSE_MAX => Err(format!(
                "a pause has at most {} seconds",
                PAUSE_MAX.as_secs()
            )),
            Self::Redirect { location } if HeaderValue::from_str(location).is_err() => {
                Err("the location cannot stand in a header".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Lets it happen.
    pub(crate) async fn befall(self, mut call: Call<'_>) -> Response {
        match self {
            Self::Error {
                status,
                code,
                message,
            } => error(&call, status, code.as_deref(), message.as_deref()),
            Self::UnknownError => unknown_error(&call),
            Self::RateLimit => rate_limit(&call),
            Self::Latency { milliseconds } => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                call.answer().await
            }
            Self::KillSession => {
                if let Some(token) = peek::token(&call.request) {
                    call.app.directory().revoke(&token);
                }
                call.answer().await
            }
            Self::HangUp => hang_up(),
            Self::HangUpMidBody => call.changed(|_, body| Piecemeal::half(body)).await,
            Self::HtmlPage { status } => page(status),
            Self::TruncatedGzip => call.changed(truncated_gzip).await,
            Self::WrongGzip => {
                call.request.headers_mut().remove(header::ACCEPT_ENCODING);
                call.changed(|headers, body| {
                    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    Body::from(body)
                })
                .await
            }
            Self::SlowDrip {
                bytes,
                milliseconds,
            } => {
                let size = usize::try_from(bytes.unwrap_or(1)).unwrap_or(usize::MAX);
                let pause = Duration::from_millis(milliseconds.unwrap_or(100));
                call.changed(|_, body| Piecemeal::drip(body, size, pause))
                    .await
            }
            Self::Redirect { location } => {
                (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
            }
            Self::Empty => StatusCode::OK.into_response(),
        }
    }
}

impl Call<'_> {
    fn is_oauth(&self) -> bool {
        self.request.uri().path().starts_with("/services/oauth2/")
    }

    async fn answer(self) -> Response {
        let answered = self.router.oneshot(self.request).await;
        answered.unwrap_or_else(|never| match never {})
    }

    /// The answer with another body. One that is too long, or breaks off, ends the connection.
    async fn changed<B>(self, change: impl FnOnce(&mut http::HeaderMap, Bytes) -> B) -> Response
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (mut parts, body) = self.answer().await.into_parts();
        let bytes = match to_bytes(body, BODY_MAX).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::debug!(%error, "a body could not be changed");
                return hang_up();
            }
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        let body = change(&mut parts.headers, bytes);
        Response::from_parts(parts, Body::new(body))
    }
}

fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

fn oauth_error(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description});
    oauth_reply::reply(status, JSON, body.to_string())
}

fn data_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!([{"message": message, "errorCode": code}]).to_string();
    let content_type = [(header::CONTENT_TYPE, JSON)];
    (status, content_type, body).into_response()
}

fn error(call: &Call<'_>, status: u16, code: Option<&str>, message: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let known = if call.is_oauth() {
        ("unknown_error", "retry your request")
    } else {
        usual(status)
    };
    let code = code.unwrap_or(known.0);
    let message = message.unwrap_or(known.1);
    if call.is_oauth() {
        oauth_error(status, code, message)
    } else {
        data_error(status, code, message)
    }
}

/// What Salesforce usually says with a status.
fn usual(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => (
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access to this record",
        ),
        401 => ("INVALID_SESSION_ID", "Session expired or invalid"),
        403 => ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        404 => ("NOT_FOUND", "The requested resource does not exist"),
        503 => ("SERVER_UNAVAILABLE", "Server unavailable"),
        _ => ("UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    }
}

fn unknown_error(call: &Call<'_>) -> Response {
    let status = if call.is_oauth() { 400 } else { 500 };
    error(call, status, None, None)
}

fn rate_limit(call: &Call<'_>) -> Response {
    if call.is_oauth() {
        let text = "login rate exceeded";
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_grant", text);
    }
    let (code, message) = usual(StatusCode::FORBIDDEN);
    ApiError::data(StatusCode::FORBIDDEN, code, message).into_response()
}

fn page(status: Option<u16>) -> Response {
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let text = "<!DOCTYPE html>\n<html><head><title>Down for Maintenance</title></head><body>\n\
                <h1>We are down for maintenance.</h1>\n<p>Sorry for the inconvenience. We'll be \
                back shortly.</p>\n</body></html>\n";
    (
        status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        Html(text),
    )
        .into_response()
}

fn truncated_gzip(headers: &mut http::HeaderMap, body: Bytes) -> Body {
    let packed = if headers.contains_key(header::CONTENT_ENCODING) {
        body
    } else {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        // Packing into memory cannot fail.
        gzip(&body).unwrap_or_default().into()
    };
    Body::from(packed.slice(..packed.len() / 2))
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Emulator, Seed};

    /// Says whether a drip ends the connection when `body` is the answer.
    async fn hangs_up(body: fn() -> Body) -> bool {
        let app = Emulator::builder().seed(Seed::Empty).open().unwrap();
        let call = Call {
            app: &app,
            router: Router::new().fallback(move || async move { Response::new(body()) }),
            request: Request::new(Body::empty()),
        };
        let drip = Effect::SlowDrip {
            bytes: None,
            milliseconds: Some(0),
        };
        let response = drip.befall(call).await;
        response.extensions().get::<HangUp>().is_some()
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_or_is_too_long_ends_the_connection() {
        assert!(!hangs_up(|| Body::from("whole")).await);
        assert!(hangs_up(|| Body::new(Piecemeal::half(Bytes::from_static(b"broken")))).await);
        assert!(hangs_up(|| Body::from(vec![0; BODY_MAX + 1])).await);
    }
}
