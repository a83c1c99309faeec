//! `POST /composite/batch`: calls that know nothing of each other.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Inner, Outcome, bad_request, read};
use crate::error::ApiError;
use crate::org::Org;

/// The most calls in one.
const CALLS_MAX: usize = 25;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    #[serde(default)]
    halt_on_error: bool,
    batch_requests: Vec<Inner>,
}

/// Answers all calls of a body.
pub(super) fn answer(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    call.allow(&["POST"])?;
    let batch: Batch = read(call)?;
    if batch.batch_requests.len() > CALLS_MAX {
        let message = format!("Limit Exceeded. The maximum number of subrequests is {CALLS_MAX}.");
        return Err(bad_request("LIMIT_EXCEEDED", message));
    }
    let mut has_errors = false;
    let mut results = Vec::new();
    for inner in &batch.batch_requests {
        let outcome = if has_errors && batch.halt_on_error {
            halted()
        } else {
            inner.run(org, call)
        };
        has_errors |= !outcome.is_good();
        results.push(json!({
            "statusCode": outcome.status.as_u16(),
            "result": outcome.body,
        }));
    }
    let results = Value::Array(results);
    Ok(Answer::json(
        &json!({"hasErrors": has_errors, "results": results}),
    ))
}

fn halted() -> Outcome {
    Outcome::of(Err(ApiError::framework(
        StatusCode::PRECONDITION_FAILED,
        "BATCH_PROCESSING_HALTED",
        "Batch processing halted per request",
    )))
}
