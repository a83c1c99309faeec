//! `/_emulator/requests` and `/_emulator/faults`: what clients asked, and what goes wrong for them.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Refused, answer, done, ok, read};
use crate::app::App;
use crate::form;
use crate::requests::{Count, Filter};

/// The most requests that are listed.
const LISTED_MAX: usize = 1_000;

/// How many requests are listed unless the caller says.
const LISTED: usize = 100;

/// The longest that `wait-for` waits.
const PATIENCE_MAX: Duration = Duration::from_secs(300);

/// How long it waits unless the caller says.
const PATIENCE: Duration = Duration::from_secs(10);

/// A question: the filter and the parameters beside it.
struct Question {
    filter: Filter,
    rest: Map<String, Value>,
}

impl Question {
    /// Reads a query string. Parameters in `beside` are not the filter's.
    fn of(uri: &Uri, beside: &[&str]) -> Result<Self, Refused> {
        let (mut filter, mut rest) = (Map::new(), Map::new());
        for (name, text) in form::parse(uri.query().unwrap_or_default().as_bytes()) {
            let is_number = name == "since" || beside.contains(&name.as_str());
            let value = match text.parse::<u64>() {
                Ok(number) if is_number => Value::from(number),
                _ if is_number => {
                    let message = format!("{name} is {text:?}, expected a whole number");
                    return Err(Refused::new(StatusCode::BAD_REQUEST, message));
                }
                _ => Value::from(text),
            };
            let taken = if beside.contains(&name.as_str()) {
                rest.insert(name, value)
            } else {
                filter.insert(name, value)
            };
            if taken.is_some() {
                let message = "each parameter may stand there once";
                return Err(Refused::new(StatusCode::BAD_REQUEST, message));
            }
        }
        Ok(Self {
            filter: shaped(Value::Object(filter))?,
            rest,
        })
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.rest.get(name).and_then(Value::as_u64)
    }

    fn count(&self, name: &str) -> Option<usize> {
        self.number(name)
            .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    }
}

fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_json::from_value(value).map_err(|error| {
        let message = format!("the query string is not what was expected: {error}");
        Refused::new(StatusCode::BAD_REQUEST, message)
    })
}

pub(crate) async fn list(State(app): State<App>, uri: Uri) -> Result<Response, Refused> {
    let question = Question::of(&uri, &["limit"])?;
    let limit = question.count("limit").unwrap_or(LISTED).min(LISTED_MAX);
    Ok(ok(&app.requests().list(&question.filter, limit)))
}

pub(crate) async fn count(State(app): State<App>, uri: Uri) -> Result<Response, Refused> {
    let question = Question::of(&uri, &[])?;
    let count = app.requests().count(&question.filter);
    Ok(ok(&json!(Count { count })))
}

/// Answers once `count` requests fit, or refuses after `timeout` seconds.
pub(crate) async fn wait_for(State(app): State<App>, uri: Uri) -> Result<Response, Refused> {
    let question = Question::of(&uri, &["count", "timeout"])?;
    let wanted = question.count("count").unwrap_or(1);
    let patience = question
        .number("timeout")
        .map_or(PATIENCE, Duration::from_secs);
    let patience = patience.min(PATIENCE_MAX);
    let waited = app
        .requests()
        .wait_for(&question.filter, wanted, patience)
        .await;
    let count = waited.map_err(|found| {
        let seconds = patience.as_secs();
        let message = format!("expected {wanted} requests within {seconds} s, found {found}");
        Refused::new(StatusCode::REQUEST_TIMEOUT, message)
    })?;
    Ok(ok(&json!(Count { count })))
}

pub(crate) async fn clear(State(app): State<App>) -> Response {
    app.requests().clear();
    done()
}

pub(crate) async fn faults(State(app): State<App>) -> Response {
    ok(&json!(app.faults().all()))
}

/// Adds a fault; the answer names its id.
pub(crate) async fn add_fault(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    let added = app.faults().add(read(&body)?);
    let fault = added.map_err(|reason| Refused::new(StatusCode::BAD_REQUEST, reason))?;
    Ok(answer(StatusCode::CREATED, &json!(fault)))
}

pub(crate) async fn clear_faults(State(app): State<App>) -> Response {
    app.faults().clear();
    done()
}

pub(crate) async fn remove_fault(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<Response, Refused> {
    if app.faults().remove(id) {
        Ok(done())
    } else {
        Err(Refused::missing("fault"))
    }
}
