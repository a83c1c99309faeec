//! `POST /composite`: calls one after the other, each of which may use the answers before it.

use std::collections::HashSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Call, Inner, Outcome, bad_request, in_one, paths, read};
use crate::error::ApiError;
use crate::org::Org;

/// The most calls in one.
const CALLS_MAX: usize = 25;

/// The most queries and collections among them.
const HEAVY_MAX: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sequence {
    #[serde(default)]
    all_or_none: bool,
    composite_request: Vec<Inner>,
}

/// Answers all calls of a body.
pub(super) fn answer(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "POST"])?;
    let Sequence {
        all_or_none,
        composite_request: calls,
    } = read(call)?;
    if calls.len() > CALLS_MAX {
        let message = format!("Limit Exceeded. The maximum number of subrequests is {CALLS_MAX}.");
        return Err(bad_request("LIMIT_EXCEEDED", message));
    }
    if calls.iter().filter(|call| call.is_heavy()).count() > HEAVY_MAX {
        let message = format!(
            "Limit Exceeded. The maximum number of query and sObject Collections subrequests is \
             {HEAVY_MAX}."
        );
        return Err(bad_request("LIMIT_EXCEEDED", message));
    }
    check(&calls)?;
    let outcomes = if all_or_none {
        one_or_nothing(org, call, &calls)?
    } else {
        run(org, call, (&calls, false))
    };
    Ok(Answer::json(
        &json!({"compositeResponse": written(&calls, &outcomes)}),
    ))
}

/// Refuses reference ids that are missing, odd or there twice.
pub(super) fn check(calls: &[Inner]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for call in calls {
        let id = &call.reference_id;
        let is_word = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if id.is_empty() || !is_word {
            let message = format!(
                "Provided referenceId ('{id}') must start with a letter or a number, and it can \
                 contain only letters, numbers and underscores ('_')."
            );
            return Err(bad_request("INVALID_INPUT", message));
        }
        if !seen.insert(id) {
            let message = format!("Duplicate ReferenceId provided in the request: {id}");
            return Err(bad_request("INVALID_INPUT", message));
        }
    }
    Ok(())
}

/// Answers all calls; after the first that goes wrong nothing was done.
pub(super) fn one_or_nothing(
    org: &Org,
    call: &Call<'_>,
    calls: &[Inner],
) -> Result<Vec<Outcome>, ApiError> {
    let is_good = |outcomes: &Vec<Outcome>| outcomes.iter().all(Outcome::is_good);
    let mut outcomes = in_one(org, || run(org, call, (calls, true)), is_good)?;
    if is_good(&outcomes) {
        return Ok(outcomes);
    }
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_good()) {
        *outcome = rolled_back();
    }
    outcomes.resize_with(calls.len(), rolled_back);
    Ok(outcomes)
}

fn run(org: &Org, call: &Call<'_>, (calls, stops): (&[Inner], bool)) -> Vec<Outcome> {
    let mut answers = paths::Answers::new();
    let mut outcomes = Vec::with_capacity(calls.len());
    for inner in calls {
        let outcome = step(org, call, (inner, &answers));
        let is_good = outcome.is_good();
        if is_good {
            answers.push((inner.reference_id.clone(), outcome.body.clone()));
        }
        outcomes.push(outcome);
        if stops && !is_good {
            break;
        }
    }
    outcomes
}

fn step(org: &Org, call: &Call<'_>, (inner, answers): (&Inner, &paths::Answers)) -> Outcome {
    let resolved = paths::resolve_text(&inner.url, answers).and_then(|url| {
        let body = inner.body.as_ref();
        let body = body.map(|body| paths::resolve(body, answers)).transpose()?;
        Ok(Inner {
            url,
            body,
            ..inner.clone()
        })
    });
    match resolved {
        Ok(inner) if inner.url.starts_with("/services/data/") => inner.run(org, call),
        Ok(inner) => {
            let message = format!("The url {} does not start with /services/data/", inner.url);
            Outcome::of(Err(bad_request("INVALID_INPUT", message)))
        }
        Err(message) => halted(&message),
    }
}

fn rolled_back() -> Outcome {
    halted(
        "The transaction was rolled back since another operation in the same transaction failed.",
    )
}

fn halted(message: &str) -> Outcome {
    Outcome {
        status: StatusCode::BAD_REQUEST,
        headers: Map::new(),
        body: json!([{"errorCode": "PROCESSING_HALTED", "message": message}]),
    }
}

/// The elements of `compositeResponse`.
pub(super) fn written(calls: &[Inner], outcomes: &[Outcome]) -> Vec<Value> {
    let pairs = calls.iter().zip(outcomes);
    pairs
        .map(|(call, outcome)| {
            json!({
                "body": outcome.body,
                "httpHeaders": outcome.headers,
                "httpStatusCode": outcome.status.as_u16(),
                "referenceId": call.reference_id,
            })
        })
        .collect()
}
