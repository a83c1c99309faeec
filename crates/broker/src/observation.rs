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

/// Says whether requests are better sent here than elsewhere.
pub(crate) fn ready(app: &App, setup: &Setup) -> Answer {
    let now = app.world().clock.now();
    let connections = setup.connections.values();
    let usable = connections.filter(|one| one.is_of_use(now)).count();
    let (status, word) = match (app.is_draining(), usable) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, 0) => (StatusCode::SERVICE_UNAVAILABLE, "no usable key"),
        (false, _) => (StatusCode::OK, "ready"),
    };
    let document = json!({
        "status": word,
        "connections": setup.connections.len(),
        "usable": usable,
    });
    answer::json(status, format!("{document}\n"))
}

pub(crate) fn open_api() -> Answer {
    answer::json(StatusCode::OK, OPEN_API)
}

pub(crate) fn metrics(app: &App, setup: &Setup) -> Answer {
    let mut text = app.metrics().page(setup, app.world().clock.now());
    let lost = app.audit_lines_lost();
    text.push_str(&format!(
        "# HELP accredit_audit_lost_total Lines of the audit log that could not be written.\n\
         # TYPE accredit_audit_lost_total counter\naccredit_audit_lost_total {lost}\n"
    ));
    let mut answer = answer::full(StatusCode::OK, text);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
