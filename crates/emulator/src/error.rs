//! Errors of the REST API, in the form of the wire.
//!
//! Owns the one mapping from an error to status and body (fact sheet §5.7). Errors of the framework
//! write `errorCode` first, errors of data write `message` first, as recorded.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// An error of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) origin: Origin,
    pub(crate) fields: Vec<String>,
}

/// Which part of Salesforce speaks: it decides the order of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Routing, methods, resources.
    Framework,
    /// Records, queries, sessions.
    Data,
}

impl ApiError {
    /// An error about data, sessions or queries.
    pub(crate) fn data(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            origin: Origin::Data,
            fields: Vec::new(),
        }
    }

    /// An error of the framework.
    pub(crate) fn framework(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            origin: Origin::Framework,
            ..Self::data(status, code, message)
        }
    }

    /// The resource does not exist.
    pub(crate) fn not_found() -> Self {
        Self::framework(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "The requested resource does not exist",
        )
    }

    /// The session is unknown, over or revoked.
    pub(crate) fn invalid_session() -> Self {
        Self::data(
            StatusCode::UNAUTHORIZED,
            "INVALID_SESSION_ID",
            "Session expired or invalid",
        )
    }
}

impl ApiError {
    /// The JSON of the body.
    pub(crate) fn body(&self) -> Value {
        let mut error = match self.origin {
            Origin::Framework => json!({"errorCode": self.code, "message": self.message}),
            Origin::Data => json!({"message": self.message, "errorCode": self.code}),
        };
        if let (Some(object), false) = (error.as_object_mut(), self.fields.is_empty()) {
            object.insert("fields".to_owned(), json!(self.fields));
        }
        json!([error])
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = self.body().to_string();
        let content_type = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
        (self.status, content_type, body).into_response()
    }
}
