//! The org's clock: frozen, moved, or running.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{self, Failed, Frame, Section};
use super::input::{Posted, Visitor};
use super::moment::{self, Moment};
use crate::app::App;
use crate::clock::{Motion, TIME_MAX};

/// Units of a span, in seconds.
const UNITS: [(&str, u64); 4] = [
    ("seconds", 1),
    ("minutes", 60),
    ("hours", 3_600),
    ("days", 86_400),
];

/// The longest step: ten years.
const STEP_MAX: u64 = 3_650 * 86_400;

#[derive(Template)]
#[template(path = "clock.html")]
struct Page {
    frame: Frame,
    now: Moment,
    seconds: u64,
    state: &'static str,
    is_in_step: bool,
    units: [(&'static str, u64); 4],
    problem: String,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    frame::show(&page(&app, &visitor, String::new()))
}

pub(super) async fn set(
    State(app): State<App>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    match act(&app, &posted) {
        Ok(()) => Ok(frame::done("/setup/clock", "clock-set")),
        Err(problem) => Ok(frame::show_again(&page(&app, &visitor, problem))),
    }
}

fn act(app: &App, posted: &Posted) -> Result<(), String> {
    match posted.value("action") {
        "freeze" => app.clock().freeze(app.now()),
        "run" => app.clock().run(),
        "set" => {
            let at = moment::read(posted.value("at"))
                .filter(|at| at.as_secs() <= TIME_MAX)
                .ok_or("Give date and time in UTC, such as 2026-11-21T17:47, not before 1970.")?;
            app.clock().freeze(at);
        }
        "advance" => {
            let span = span(posted)?;
            if app.now().saturating_add(span).as_secs() > TIME_MAX {
                return Err("The clock ends with the year 9999.".to_owned());
            }
            app.clock().advance(span);
        }
        _ => return Err("Choose one of the buttons.".to_owned()),
    }
    Ok(())
}

fn span(posted: &Posted) -> Result<Duration, String> {
    let unit = posted.value("unit");
    let found = UNITS.iter().find(|(name, _)| *name == unit);
    let count: Option<u64> = posted.value("count").parse().ok();
    found
        .zip(count)
        .and_then(|((_, seconds), count)| count.checked_mul(*seconds))
        .filter(|seconds| (1..=STEP_MAX).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "Give a whole number above 0; ten years at most.".to_owned())
}

fn page(app: &App, visitor: &Visitor, problem: String) -> Page {
    let motion = app.clock().motion();
    Page {
        frame: Frame::new(app, visitor, Section::Clock, "Clock"),
        now: Moment::of(app.now()),
        seconds: app.now().as_secs(),
        state: match motion {
            Motion::Running { ahead } if ahead.is_zero() => "runs with the machine's clock",
            Motion::Running { .. } => "runs ahead of the machine's clock",
            Motion::Frozen(_) => "is frozen",
        },
        is_in_step: matches!(motion, Motion::Running { ahead } if ahead.is_zero()),
        units: UNITS,
        problem,
    }
}
