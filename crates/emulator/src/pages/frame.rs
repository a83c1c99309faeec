//! What is around every page: title, navigation, notices, and the page that says what went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};

use super::input::Visitor;
use super::moment::Moment;
use crate::app::App;
use crate::clock::Motion;
use crate::directory::DirectoryError;

/// The one style sheet.
const STYLE: &str = include_str!("../../templates/style.css");

const ICON: &str = include_str!("../../templates/icon.svg");

/// A place in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Home,
    Connect,
    Apps,
    Users,
    Logins,
    Sessions,
    Objects,
    Soql,
    Faults,
    Clock,
    Snapshots,
    Settings,
}

/// Every place with its address and name.
const SECTIONS: [(Section, &str, &str); 12] = [
    (Section::Home, "/setup", "Overview"),
    (Section::Connect, "/setup/connect", "Connect a client"),
    (Section::Apps, "/setup/apps", "External client apps"),
    (Section::Users, "/setup/users", "Users"),
    (Section::Logins, "/setup/logins", "Login history"),
    (Section::Sessions, "/setup/sessions", "Sessions"),
    (Section::Objects, "/setup/objects", "Objects and data"),
    (Section::Soql, "/setup/soql", "SOQL console"),
    (Section::Faults, "/setup/faults", "Faults"),
    (Section::Clock, "/setup/clock", "Clock"),
    (Section::Snapshots, "/setup/snapshots", "Snapshots"),
    (Section::Settings, "/setup/settings", "Settings"),
];

/// What a page says after it did something, by the word in its address.
const NOTICES: [(&str, &str); 20] = [
    ("app-created", "The app was created."),
    ("app-saved", "The policies were saved."),
    (
        "app-deleted",
        "The app was deleted, and its sessions ended.",
    ),
    ("certificate-added", "The certificate was added."),
    ("certificate-removed", "The certificate was removed."),
    ("user-created", "The user was created."),
    ("user-saved", "The user was saved."),
    ("session-ended", "The session was revoked."),
    ("sessions-ended", "All sessions were revoked."),
    ("clock-set", "The clock was set."),
    ("fault-added", "The fault was added."),
    ("fault-removed", "The fault was removed."),
    ("faults-removed", "All faults were removed."),
    ("snapshot-taken", "The snapshot was taken."),
    ("snapshot-restored", "The org is as it was in the snapshot."),
    ("snapshot-deleted", "The snapshot was deleted."),
    ("org-reset", "The org was reset."),
    ("settings-saved", "The settings were saved."),
    ("org-created", "The org was created."),
    ("org-removed", "The org was removed."),
];

/// What a template needs for its frame.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) form_token: String,
    pub(super) notice: &'static str,
    pub(super) my_domain: String,
    /// The org's time, if it is not the machine's.
    pub(super) clock: String,
    pub(super) can_leave: bool,
    section: Section,
}

impl Frame {
    pub(super) fn new(
        app: &App,
        visitor: &Visitor,
        section: Section,
        title: impl Into<String>,
    ) -> Self {
        let now = Moment::of(app.now());
        let done = visitor.asked("done");
        Self {
            title: title.into(),
            form_token: visitor.visit.form_token.clone(),
            notice: NOTICES
                .iter()
                .find(|(word, _)| *word == done)
                .map_or("", |(_, text)| text),
            my_domain: app.my_domain().to_owned(),
            clock: match app.clock().motion() {
                Motion::Running { ahead } if ahead.is_zero() => String::new(),
                Motion::Running { .. } => format!("Clock moved: {now}"),
                Motion::Frozen(_) => format!("Clock frozen: {now}"),
            },
            can_leave: visitor.is_admitted(),
            section,
        }
    }

    /// Address, name and `aria-current` of each place in the navigation.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let here = self.section;
        SECTIONS
            .into_iter()
            .map(move |(section, address, name)| (address, name, section == here))
    }
}

/// A page that is not what was asked for.
#[derive(Debug)]
pub(super) struct Failed {
    status: StatusCode,
    title: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage<'a> {
    title: &'a str,
    text: &'a str,
}

impl Failed {
    pub(super) fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            title,
            text: text.into(),
        }
    }

    /// There is none.
    pub(super) fn missing(what: &str) -> Self {
        let text = format!(
            "There is no such {what}. It may have been removed, or the org was reset. Choose a \
             place in the menu."
        );
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    /// Something went wrong that should not.
    pub(super) fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The emulator stumbled",
            "Nothing was changed. The log of the emulator says what happened.",
        )
    }

    /// The same, with the reason in the log.
    pub(super) fn by(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a page failed");
        Self::broken()
    }

    pub(super) fn unreadable() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "The form could not be read",
            "Reload the page and send it again.",
        )
    }

    pub(super) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "These pages are read and sent as forms",
            "Programs use the management API under /_emulator.",
        )
    }
}

impl From<DirectoryError> for Failed {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unfit(reason) => {
                Self::new(StatusCode::BAD_REQUEST, "That cannot be done", reason)
            }
            DirectoryError::Store(error) => Self::by(&error),
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let page = FailedPage {
            title: self.title,
            text: &self.text,
        };
        show_with(self.status, &page)
    }
}

/// Answers with a page.
pub(super) fn show(page: &impl Template) -> Response {
    show_with(StatusCode::OK, page)
}

/// Answers with a page that says what is wrong with a form.
pub(super) fn show_again(page: &impl Template) -> Response {
    show_with(StatusCode::UNPROCESSABLE_ENTITY, page)
}

fn show_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            let text = "the page could not be written; the log says why\n";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

/// Goes to a page after a form did its work, so that a reload does not do it again.
pub(super) fn done(address: &str, word: &str) -> Response {
    Redirect::to(&format!("{address}?done={word}")).into_response()
}

/// A reason as a sentence of its own.
pub(super) fn sentence(reason: &str) -> String {
    let end = if reason.ends_with('.') { "" } else { "." };
    format!("{}{end}", capital(reason))
}

/// A text that begins with a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

pub(super) async fn style() -> Response {
    file(STYLE, "text/css; charset=utf-8")
}

pub(super) async fn icon() -> Response {
    file(ICON, "image/svg+xml")
}

fn file(text: &'static str, kind: &'static str) -> Response {
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
