//! A call of the API and its answer, apart from the connection that they travel on.

use accredit::clock::UnixTime;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::{uri, version};
use crate::error::ApiError;
use crate::org::write::Author;
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
    pub(super) body: &'a [u8],
    pub(super) session: &'a Session,
    /// Where the client sees this server.
    pub(super) origin: &'a Origin,
    pub(super) now: UnixTime,
}

impl<'a> Call<'a> {
    /// Reads a request.
    pub(super) fn new(
        (parts, body): (&'a Parts, &'a [u8]),
        (session, origin): (&'a Session, &'a Origin),
        now: UnixTime,
    ) -> Result<Self, ApiError> {
        let mut call = Self {
            method: parts.method.clone(),
            version: 0,
            path: Vec::new(),
            parameters: Vec::new(),
            headers: &parts.headers,
            body,
            session,
            origin,
            now,
        };
        let uri = parts.uri.path_and_query();
        call.aim(uri.map_or("", http::uri::PathAndQuery::as_str))?;
        call.override_method();
        Ok(call)
    }

    /// The call that a part of this one's body describes.
    pub(super) fn inside<'i>(
        &'i self,
        (method, url): (Method, &str),
        headers: &'i HeaderMap,
        body: &'i [u8],
    ) -> Result<Call<'i>, ApiError> {
        let mut call = Call {
            method,
            version: self.version,
            path: Vec::new(),
            parameters: Vec::new(),
            headers,
            body,
            session: self.session,
            origin: self.origin,
            now: self.now,
        };
        call.aim(url)?;
        Ok(call)
    }

    /// Takes version, path and parameters from a URL.
    fn aim(&mut self, url: &str) -> Result<(), ApiError> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.strip_prefix("/services/data/").unwrap_or(path);
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        self.version = version::parse(segments.next().unwrap_or_default())?;
        self.path = segments.map(uri::segment).collect::<Result<_, _>>()?;
        self.parameters = uri::parameters(query)?;
        Ok(())
    }

    /// `_HttpMethod=PATCH`, for clients that know no such method.
    fn override_method(&mut self) {
        let Some(method) = self.parameter("_HttpMethod") else {
            return;
        };
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes());
        if let (&Method::POST, Ok(method)) = (&self.method, method) {
            self.method = method;
        }
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

    /// Who writes what this call writes.
    pub(super) fn author(&self) -> Author {
        Author {
            user: self.session.user_id.clone(),
            now: self.now,
        }
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
    pub(super) headers: Vec<(HeaderName, String)>,
    /// JSON, or nothing.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// An answer that all went well.
    pub(super) fn ok(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: Vec::new(),
            body,
        }
    }

    /// An answer without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            ..Self::ok(Vec::new())
        }
    }

    /// The same with another status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same from a value.
    pub(super) fn json(value: &Value) -> Self {
        Self::ok(value.to_string().into_bytes())
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if self.status != StatusCode::NO_CONTENT && self.status != StatusCode::NOT_MODIFIED {
            let json = HeaderValue::from_static("application/json;charset=UTF-8");
            headers.insert(header::CONTENT_TYPE, json);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
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
