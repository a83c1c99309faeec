//! The overview: what is there, and what to do next.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{self, Frame, Section};
use super::input::Visitor;
use super::logins::{self, Login};
use super::moment::Moment;
use super::sessions;
use crate::app::App;
use crate::audience::Environment;
use crate::mode::Mode;
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
        environment: match settings.environment {
            Environment::Production => "production",
            Environment::Sandbox => "sandbox",
        },
        mode: match settings.mode {
            Mode::Salesforce => "as lenient as Salesforce",
            Mode::Strict => "strict, by RFC 7523 and RFC 8725",
        },
        now: Moment::of(app.now()),
        apps: app.directory().apps().len(),
        users: app.directory().users().len(),
        sessions: sessions::alive(&app).len(),
        logins: logins::newest(&app, 5),
    })
}
