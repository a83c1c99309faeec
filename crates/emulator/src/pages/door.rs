//! The page that asks for the management key, and the way out.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header;

use super::frame::{self, Failed};
use super::gate::{DOOR, Gate, Standing, inside};
use super::input::{Posted, Visitor};
use crate::origin::Origin;

#[derive(Template)]
#[template(path = "door.html")]
struct Door<'a> {
    form_token: &'a str,
    to: &'a str,
    problem: &'a str,
}

pub(super) async fn show(visitor: Visitor) -> Response {
    frame::show(&Door {
        form_token: &visitor.visit.form_token,
        to: inside(visitor.asked("to")),
        problem: "",
    })
}

/// Lets a visitor in who knows the key. The visit is a new one: what a stranger might have put into
/// the browser before is worth nothing after.
pub(super) async fn enter(
    Extension(gate): Extension<Arc<Gate>>,
    origin: Origin,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let to = inside(posted.value("to"));
    if !gate.is_key(posted.value("key")) {
        return Ok(frame::show_again(&Door {
            form_token: &visitor.visit.form_token,
            to,
            problem: "That is not the management key. It is the one that the emulator was started \
                      with.",
        }));
    }
    go(&gate, &origin, (Standing::Admitted, to))
}

/// Forgets that the visitor knew the key.
pub(super) async fn leave(
    Extension(gate): Extension<Arc<Gate>>,
    origin: Origin,
    _posted: Posted,
) -> Result<Response, Failed> {
    go(&gate, &origin, (Standing::Outside, DOOR))
}

fn go(gate: &Gate, origin: &Origin, (standing, to): (Standing, &str)) -> Result<Response, Failed> {
    let cookie = gate.cookie(&gate.begin(standing)?, origin)?;
    let mut response = Redirect::to(to).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
