//! What those who look on may see: alive, ready, numbers, the list of routes.
//!
//! Invariant: nothing here asks anybody for anything, and nothing here is a secret.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::setup::Setup;

/// What there is, for programs and people.
const OPEN_API: &str = include_str!("openapi.json");

pub(crate) fn alive() -> Answer {
    answer::json(StatusCode::OK, "{\"status\":\"alive\"}\n")
}

pub(crate) fn ready(setup: &Setup) -> Answer {
    let document = json!({"status": "ready", "connections": setup.connections.len()});
    answer::json(StatusCode::OK, format!("{document}\n"))
}

pub(crate) fn open_api() -> Answer {
    answer::json(StatusCode::OK, OPEN_API)
}

pub(crate) fn metrics(app: &App, setup: &Setup) -> Answer {
    let text = app.metrics().page(setup, app.world().clock.now());
    let mut answer = answer::full(StatusCode::OK, text);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
