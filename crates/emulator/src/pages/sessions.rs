//! Sessions: which tokens are alive. A token is never shown, only the start of its SHA-256.

use std::sync::Arc;

use accredit::secret::hex;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{self, Failed, Frame, Section};
use super::input::{Posted, Visitor};
use super::moment::Moment;
use super::pager::{self, Pager};
use super::{apps, users};
use crate::app::App;
use crate::directory::Session;
use crate::grant::Lookup as _;

/// The most sessions that are looked at.
const LISTED_MAX: usize = 1_000;

/// How many sessions a page has.
const PAGE: usize = 50;

struct Row {
    fingerprint: String,
    username: String,
    user_address: String,
    app: String,
    app_address: String,
    scope: String,
    issued_at: Moment,
    used_at: Moment,
    expires_at: Moment,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct List {
    frame: Frame,
    sessions: Vec<Row>,
    pager: Pager,
}

pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Response {
    let all = alive(&app);
    let offset = pager::offset(visitor.asked("from"), PAGE, all.len());
    let shown = all.iter().skip(offset).take(PAGE);
    frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Sessions, "Sessions"),
        sessions: shown.map(|session| row(&app, session)).collect(),
        pager: Pager::new((offset, PAGE), all.len(), |from| {
            pager::address("/setup/sessions", &[("from", &from.to_string())])
        }),
    })
}

/// Revokes one session, or all.
pub(super) async fn end(State(app): State<App>, posted: Posted) -> Result<Response, Failed> {
    let wanted = posted.value("fingerprint");
    if wanted == "all" {
        app.directory().end_sessions();
        return Ok(frame::done("/setup/sessions", "sessions-ended"));
    }
    let all = alive(&app);
    let found = all.iter().find(|session| fingerprint(session) == wanted);
    let session = found.ok_or_else(|| Failed::missing("session"))?;
    app.directory().end_session(&session.issue.token);
    Ok(frame::done("/setup/sessions", "session-ended"))
}

/// The sessions that are alive, the newest first.
pub(super) fn alive(app: &App) -> Vec<Arc<Session>> {
    let now = app.now();
    let mut all = app.directory().sessions(LISTED_MAX);
    all.retain(|session| now < session.expires_at());
    all.reverse();
    all
}

pub(super) fn is_of(session: &Session, client_id: &str) -> bool {
    *session.issue.client_id == *client_id
}

fn fingerprint(session: &Session) -> String {
    hex(session.issue.token.get(..6).unwrap_or_default())
}

fn row(app: &App, session: &Session) -> Row {
    let issue = &session.issue;
    let client = app.directory().client(&issue.client_id);
    let name = client.map(|client| client.definition.name.clone());
    Row {
        fingerprint: fingerprint(session),
        username: issue.username.to_string(),
        user_address: users::address(&issue.username),
        app: name.unwrap_or_else(|| issue.client_id.to_string()),
        app_address: apps::address(&issue.client_id),
        scope: issue.scope.to_string(),
        issued_at: Moment::of(issue.issued_at),
        used_at: Moment::of(session.used_at()),
        expires_at: Moment::of(session.expires_at()),
    }
}
