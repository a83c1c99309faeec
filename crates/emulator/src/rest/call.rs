//! A call of the API and its answer, apart from the connection that they travel on.

use accredit::clock::UnixTime;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;

use super::{uri, version};
use crate::error::ApiError;
use crate::origin::Origin;
use crate::session::Session;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) version: u16,
    /// The path after the version, without empty segments.
    pub(super) path: Vec<String>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: &'a HeaderMap,
    pub(super) session: &'a Session,
    /// Where the client sees this server.
    pub(super) origin: &'a Origin,
    pub(super) now: UnixTime,
}

impl<'a> Call<'a> {
    /// Reads a request.
    pub(super) fn new(
        parts: &'a Parts,
        (session, origin): (&'a Session, &'a Origin),
        now: UnixTime,
    ) -> Result<Self, ApiError> {
        let path = parts.uri.path();
        let path = path.strip_prefix("/services/data/").unwrap_or(path);
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let version = version::parse(segments.next().unwrap_or_default())?;
        Ok(Self {
            method: parts.method.clone(),
            version,
            path: segments.map(str::to_owned).collect(),
            parameters: uri::parameters(parts.uri.query().unwrap_or_default())?,
            headers: &parts.headers,
            session,
            origin,
            now,
        })
    }

    /// The parameter called `name`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let pair = self.parameters.iter().find(|(known, _)| known == name)?;
        Some(&pair.1)
    }

    /// The text of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Refuses every method but these.
    pub(super) fn allow(&self, methods: &[&str]) -> Result<(), ApiError> {
        if methods.contains(&self.method.as_str()) {
            return Ok(());
        }
        Err(method_not_allowed(&self.method, methods))
    }

    /// Whether nothing is to be changed.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// JSON.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// An answer that all went well.
    pub(super) fn ok(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    /// The same from a value.
    pub(super) fn json(value: &Value) -> Self {
        Self::ok(value.to_string().into_bytes())
    }

    pub(super) fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
        (self.status, content_type, self.body).into_response()
    }
}

/// The method is none of those that the resource has.
pub(super) fn method_not_allowed(method: &Method, allowed: &[&str]) -> ApiError {
    let allowed = allowed.join(",");
    ApiError::framework(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        format!("HTTP Method '{method}' not allowed. Allowed are {allowed}"),
    )
}

/// Salesforce has it, this emulator does not.
pub(super) fn not_implemented(what: &str) -> ApiError {
    ApiError::framework(
        StatusCode::NOT_IMPLEMENTED,
        "NOT_IMPLEMENTED",
        format!("This emulator does not serve {what} yet."),
    )
}

/// Something went wrong that should not.
pub(super) fn unexpected() -> ApiError {
    ApiError::data(
        StatusCode::INTERNAL_SERVER_ERROR,
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. The log of the emulator says more.",
    )
}

/// The same, with the reason in the log.
pub(super) fn failed(error: &dyn std::error::Error) -> ApiError {
    tracing::error!(%error, "a call failed");
    unexpected()
}
