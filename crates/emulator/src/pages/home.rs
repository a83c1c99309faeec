//! The overview: what is there, and what to do next.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::choice;
use super::frame::{self, Frame, Section};
use super::input::Visitor;
use super::logins::{self, Login};
use super::moment::Moment;
use super::sessions;
use super::settings::{ENVIRONMENTS, MODES};
use crate::app::App;
use crate::origin::Origin;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    url: String,
    org_id: String,
    environment: &'static str,
    mode: &'static str,
    now: Moment,
    apps: usize,
    users: usize,
    sessions: usize,
    logins: Vec<Login>,
}

pub(super) async fn show(State(app): State<App>, origin: Origin, visitor: Visitor) -> Response {
    let settings = app.settings();
    frame::show(&Home {
        frame: Frame::new(&app, &visitor, Section::Home, "Overview"),
        url: origin.as_str().to_owned(),
        org_id: app.org().id().as_str().to_owned(),
        environment: choice::label(&ENVIRONMENTS, &settings.environment),
        mode: choice::label(&MODES, &settings.mode),
        now: Moment::of(app.now()),
        apps: app.directory().apps().len(),
        users: app.directory().users().len(),
        sessions: sessions::alive(&app).len(),
        logins: logins::newest(&app, 5),
    })
}
