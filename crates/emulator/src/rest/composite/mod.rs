//! Several calls in one (fact sheet §5.5, "Composite family").
//!
//! Owns how calls are taken out of a body and how their answers are put into one. Each of them is
//! answered by [`resource::answer`](super::resource::answer), as if it had come alone.

mod batch;
mod collections;
mod graph;
mod paths;
mod sequence;
mod tree;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, failed, not_implemented};
use super::{refusal, resource};
use crate::error::ApiError;
use crate::org::Org;
use crate::org::write::{Given, parser_error};

/// What a call of `/composite…` is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match path {
        [] if call.is_read() => Ok(Answer::json(&list(call))),
        [] => sequence::answer(org, call),
        ["batch"] => batch::answer(org, call),
        ["graph"] => graph::answer(org, call),
        ["tree", object] => tree::answer(org, call, object),
        ["sobjects", rest @ ..] => collections::answer(org, call, rest),
        _ => Err(not_implemented(&format!("/composite/{}", path.join("/")))),
    }
}

/// `GET /composite`
fn list(call: &Call<'_>) -> Value {
    let mut names = Map::new();
    for name in ["tree", "batch", "sobjects", "graph"] {
        let url = format!("/services/data/v{}.0/composite/{name}", call.version);
        names.insert(name.to_owned(), json!(url));
    }
    Value::Object(names)
}

/// Reads the body of a call.
fn read<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, ApiError> {
    if call.body.is_empty() {
        // The words are those of a record without a body.
        Given::from_json(call.body).map_err(refusal::of_refusal)?;
    }
    serde_json::from_slice(call.body).map_err(|error| refusal::of_refusal(parser_error(&error)))
}

fn bad_request(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::data(StatusCode::BAD_REQUEST, code, message)
}

/// A call inside a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    method: String,
    url: String,
    #[serde(default)]
    reference_id: String,
    #[serde(default, alias = "richInput")]
    body: Option<Value>,
    #[serde(default)]
    http_headers: Map<String, Value>,
}

/// What a call inside a body is answered with.
struct Outcome {
    status: StatusCode,
    headers: Map<String, Value>,
    body: Value,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.status.as_u16() < 400
    }

    fn of(answer: Result<Answer, ApiError>) -> Self {
        match answer {
            Ok(answer) => {
                let headers = answer.headers.iter();
                Self {
                    status: answer.status,
                    headers: headers
                        .filter(|(name, _)| *name == http::header::LOCATION)
                        .map(|(_, value)| ("Location".to_owned(), json!(value)))
                        .collect(),
                    body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
                }
            }
            Err(error) => Self {
                status: error.status,
                headers: Map::new(),
                body: error.body(),
            },
        }
    }
}

impl Inner {
    /// Answers it as if it had come alone. `url` starts at the version or at `/services/data`.
    fn run(&self, org: &Org, call: &Call<'_>) -> Outcome {
        Outcome::of(self.answer(org, call))
    }

    fn answer(&self, org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
        let method = Method::from_bytes(self.method.to_ascii_uppercase().as_bytes());
        let method = method.map_err(|_| {
            let message = format!("{} is not an HTTP method", self.method);
            bad_request("INVALID_HTTP_METHOD", message)
        })?;
        let body = match &self.body {
            None | Some(Value::Null) => Vec::new(),
            Some(body) => body.to_string().into_bytes(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.http_headers {
            let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes());
            let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        let inner = call.inside((method, &self.url), &headers, &body)?;
        if inner.path.first().is_some_and(|first| first == "jobs")
            || matches!(inner.path.as_slice(), [first, rest @ ..]
                if first == "composite" && rest.first().is_none_or(|rest| rest != "sobjects"))
        {
            let message = format!("{} may not be called inside another call", self.url);
            return Err(bad_request("INVALID_INPUT", message));
        }
        resource::answer(org, &inner)
    }

    /// Whether it counts as a query or collection, of which there may be few.
    fn is_heavy(&self) -> bool {
        let path = self.url.split('?').next().unwrap_or_default();
        let mut segments = path.split('/');
        segments.any(|segment| matches!(segment, "query" | "queryAll" | "composite"))
    }
}

/// Why the work of a transaction is undone.
enum Undone<T> {
    /// A part of it went wrong: this is the answer.
    Answer(T),
    Database(rusqlite::Error),
}

impl<T> From<rusqlite::Error> for Undone<T> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Does `work` in one transaction, which is undone if the answer is not `good`.
fn in_one<T>(
    org: &Org,
    work: impl FnOnce() -> T,
    is_good: impl FnOnce(&T) -> bool,
) -> Result<T, ApiError> {
    let outcome = org.together(|| {
        let value = work();
        if is_good(&value) {
            return Ok(value);
        }
        Err(Undone::Answer(value))
    });
    match outcome {
        Ok(value) | Err(Undone::Answer(value)) => Ok(value),
        Err(Undone::Database(error)) => Err(failed(&error)),
    }
}
