//! How refusals of the org go over the wire.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::failed;
use crate::error::ApiError;
use crate::org::write::{Refusal, WriteError};

/// The answer to a call that is about one record.
pub(super) fn error(error: WriteError) -> ApiError {
    match error {
        WriteError::Refused(refusal) => of_refusal(refusal),
        WriteError::Database(error) => failed(&error),
    }
}

/// The same.
pub(super) fn of_refusal(refusal: Refusal) -> ApiError {
    let status = match refusal.code {
        "ENTITY_IS_DELETED" if refusal.fields.is_empty() => StatusCode::NOT_FOUND,
        "INVALID_TYPE_FOR_OPERATION" => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::BAD_REQUEST,
    };
    ApiError {
        fields: refusal.fields,
        ..ApiError::data(status, refusal.code, refusal.message)
    }
}

/// An element of `errors`, where one record of several is wrong.
pub(super) fn element(refusal: &Refusal) -> Value {
    json!({
        "statusCode": refusal.code,
        "message": refusal.message,
        "fields": refusal.fields,
    })
}
