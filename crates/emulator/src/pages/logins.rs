//! Login History: every sign-in, and why it was refused.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Map, Value};

use super::frame::{self, Failed, Frame, Section, capital};
use super::input::Visitor;
use super::moment::Moment;
use super::pager::{self, Pager};
use super::rungs::{self, Climbed};
use super::{apps, users};
use crate::app::App;
use crate::grant::Lookup as _;
use crate::journal::{SeenClaims, SignIn};
use crate::mode::Mode;

/// How many sign-ins a page has.
const PAGE: usize = 20;

/// A sign-in.
pub(super) struct Login {
    pub(super) number: u64,
    pub(super) at: Moment,
    pub(super) username: String,
    pub(super) app: String,
    /// Why it was refused; nothing if a token was issued.
    pub(super) refusal: Option<Refused>,
    pub(super) host: String,
    pub(super) mode: &'static str,
    pub(super) user_address: String,
    pub(super) app_address: String,
    /// The form that makes the app, or the user, that was not there.
    pub(super) new_app: String,
    pub(super) new_user: String,
    pub(super) claims: Vec<(String, String)>,
    pub(super) ladder: Vec<Climbed>,
    pub(super) leniencies: usize,
}

/// The words of a refusal, and what is known about it.
pub(super) struct Refused {
    pub(super) error: &'static str,
    pub(super) description: &'static str,
    pub(super) code: &'static str,
    pub(super) cause: String,
    pub(super) setting: &'static str,
    pub(super) fix: String,
}

#[derive(Template)]
#[template(path = "logins.html")]
struct List {
    frame: Frame,
    logins: Vec<Login>,
    /// `refused`, `issued`, or empty for all.
    only: &'static str,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Show {
    frame: Frame,
    login: Login,
}

pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Response {
    let only = match visitor.asked("only") {
        "refused" => "refused",
        "issued" => "issued",
        _ => "",
    };
    let mut entries = app.journal().entries();
    entries.retain(|(_, entry)| match only {
        "refused" => entry.refusal.is_some(),
        "issued" => entry.refusal.is_none(),
        _ => true,
    });
    let offset = pager::offset(visitor.asked("from"), PAGE, entries.len());
    let shown = entries.iter().skip(offset).take(PAGE);
    frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Logins, "Login history"),
        logins: shown
            .map(|(number, entry)| login(&app, *number, entry))
            .collect(),
        only,
        pager: Pager::new((offset, PAGE), entries.len(), |from| {
            let from = from.to_string();
            pager::address("/setup/logins", &[("only", only), ("from", &from)])
        }),
    })
}

pub(super) async fn show(
    State(app): State<App>,
    Path(number): Path<String>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let entries = app.journal().entries();
    let found = entries.iter().find(|entry| entry.0.to_string() == number);
    let (number, entry) = found.ok_or_else(|| Failed::missing("sign-in"))?;
    let title = format!("Sign-in {number}");
    Ok(frame::show(&Show {
        frame: Frame::new(&app, &visitor, Section::Logins, title),
        login: login(&app, *number, entry),
    }))
}

/// The newest sign-ins.
pub(super) fn newest(app: &App, count: usize) -> Vec<Login> {
    let entries = app.journal().entries();
    let shown = entries.iter().take(count);
    shown
        .map(|(number, entry)| login(app, *number, entry))
        .collect()
}

fn login(app: &App, number: u64, entry: &SignIn) -> Login {
    let seen = entry.claims.as_ref().map(SeenClaims::read);
    let seen = seen.unwrap_or_default();
    let claim = |names: &[&str]| {
        let found = names.iter().find_map(|name| seen.get(*name)?.as_str());
        found.map(str::to_owned)
    };
    let (issuer, subject) = (claim(&["iss"]), claim(&["sub", "prn"]));
    let client = issuer.as_deref().and_then(|id| app.directory().client(id));
    let user = subject
        .as_deref()
        .and_then(|name| app.directory().user(name));
    Login {
        number,
        at: Moment::of(entry.at),
        host: entry.host.clone(),
        mode: match entry.mode {
            Mode::Salesforce => "Salesforce",
            Mode::Strict => "strict",
        },
        new_app: match (&client, &issuer) {
            (None, Some(id)) => pager::address("/setup/apps/new", &[("client_id", id)]),
            _ => String::new(),
        },
        new_user: match (&user, &subject) {
            (None, Some(name)) => pager::address("/setup/users/new", &[("username", name)]),
            _ => String::new(),
        },
        user_address: user.map_or_else(String::new, |user| users::address(user.username())),
        app_address: client
            .as_ref()
            .map_or_else(String::new, |client| apps::address(client.id.as_str())),
        app: client
            .map(|client| client.definition.name.clone())
            .or(issuer)
            .unwrap_or_else(|| "unknown app".to_owned()),
        username: subject.unwrap_or_else(|| "unknown user".to_owned()),
        claims: claims(&seen),
        ladder: rungs::climb(&entry.steps),
        leniencies: entry.leniencies.len(),
        refusal: entry.refusal.as_ref().map(|refusal| {
            let known = refusal.diagnosis();
            Refused {
                error: refusal.error(),
                description: refusal.description(),
                code: refusal.code(),
                cause: known.map_or_else(String::new, |known| capital(known.cause)),
                setting: known.map_or("", |known| known.setting),
                fix: known.map_or_else(String::new, |known| capital(known.fix)),
            }
        }),
    }
}

/// The claims as sent; moments with their date.
fn claims(seen: &Map<String, Value>) -> Vec<(String, String)> {
    let all = seen.iter();
    all.map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let is_moment = ["exp", "iat", "nbf"].contains(&name.as_str());
        let seconds = text.parse().ok().filter(|_| is_moment);
        let date = seconds.map(|seconds| {
            let at = accredit::clock::UnixTime::from_secs(seconds);
            format!("{text} ({} UTC)", Moment::of(at))
        });
        (name.clone(), date.unwrap_or(text))
    })
    .collect()
}
