//! Answers: whole ones, and ones that stream.
//!
//! Owns the body type that every route answers with.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};

/// Why a body broke off. It is told to nobody: the status is on its way already.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body that is known, or that comes from upstream.
pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, BodyError>;

/// What a route answers with.
pub(crate) type Answer = Response<AnswerBody>;

/// An answer with a body that is known.
pub(crate) fn full(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut answer = Response::new(AnswerBody::new(body));
    *answer.status_mut() = status;
    answer
}

/// An answer in JSON that no cache may keep.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = full(status, body);
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
