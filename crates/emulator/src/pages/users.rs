//! Users: who may sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::choice::{self, Choice, Setting};
use super::frame::{self, Failed, Frame, Section, sentence};
use super::grid;
use super::input::{Posted, Visitor};
use super::pager::{self, Pager};
use crate::app::App;
use crate::directory::{DirectoryError, NewUser, User, UserState};
use crate::form;
use crate::grant::Lookup as _;

/// How many users a page has.
const PAGE: usize = 100;

const STATES: [Setting<UserState>; 5] = [
    Setting {
        value: UserState::Active,
        word: "active",
        label: "Active",
        hint: "May sign in.",
    },
    Setting {
        value: UserState::Inactive,
        word: "inactive",
        label: "Inactive",
        hint: "Deactivated: sign-ins are refused, sessions end.",
    },
    Setting {
        value: UserState::Frozen,
        word: "frozen",
        label: "Frozen",
        hint: "By an administrator: sign-ins are refused, sessions end.",
    },
    Setting {
        value: UserState::Locked,
        word: "locked",
        label: "Locked out",
        hint: "After wrong passwords: sign-ins are refused.",
    },
    Setting {
        value: UserState::IpRestricted,
        word: "ip-restricted",
        label: "Outside Login IP Ranges",
        hint: "Refused unless the app relaxes IP restrictions.",
    },
];

struct Row {
    username: String,
    address: String,
    name: String,
    profile: String,
    state: &'static str,
    is_active: bool,
}

#[derive(Template)]
#[template(path = "users.html")]
struct List {
    frame: Frame,
    users: Vec<Row>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "user.html")]
struct Form {
    frame: Frame,
    /// Empty for a user who is to be made.
    id: String,
    action: String,
    user: NewUser,
    profiles: Vec<String>,
    permission_sets: String,
    states: Vec<Choice>,
    problem: String,
}

pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Response {
    let all = app.directory().users();
    let offset = pager::offset(visitor.asked("from"), PAGE, all.len());
    let row = |user: &Arc<User>| Row {
        username: user.username().to_owned(),
        address: address(user.username()),
        name: user.record().name(),
        profile: user.definition.profile.clone(),
        state: choice::label(&STATES, &user.definition.state),
        is_active: user.definition.state == UserState::Active,
    };
    frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Users, "Users"),
        users: all.iter().skip(offset).take(PAGE).map(row).collect(),
        pager: Pager::new((offset, PAGE), all.len(), |from| {
            pager::address("/setup/users", &[("from", &from.to_string())])
        }),
    })
}

pub(super) async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, Failed> {
    let user = NewUser {
        last_name: String::new(),
        ..NewUser::named(visitor.asked("username"))
    };
    Ok(frame::show(&page(&app, &visitor, ("", user))?))
}

/// Makes a user.
pub(super) async fn add(
    State(app): State<App>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let mut user = NewUser::named(posted.value("username"));
    lay_over(&mut user, &posted);
    if user.last_name.is_empty() {
        let stem = user.username.split('@').next().unwrap_or_default();
        user.last_name = stem.to_owned();
    }
    match app.add_user(user.clone()) {
        Ok(made) => Ok(frame::done(&address(&made.username), "user-created")),
        Err(DirectoryError::Unfit(reason)) => {
            let mut page = page(&app, &visitor, ("", user))?;
            page.problem = sentence(&reason);
            Ok(frame::show_again(&page))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn show(
    State(app): State<App>,
    Path(username): Path<String>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let user = find(&app, &username)?;
    let page = page(&app, &visitor, (user.id.as_str(), user.definition.clone()))?;
    Ok(frame::show(&page))
}

/// Changes a user.
pub(super) async fn change(
    State(app): State<App>,
    Path(username): Path<String>,
    posted: Posted,
) -> Result<Response, Failed> {
    let user = find(&app, &username)?;
    let mut definition = user.definition.clone();
    lay_over(&mut definition, &posted);
    if definition.last_name.is_empty() {
        user.definition
            .last_name
            .clone_into(&mut definition.last_name);
    }
    app.change_user(&username, definition)?;
    Ok(frame::done(&address(&username), "user-saved"))
}

/// The page of a user.
pub(super) fn address(username: &str) -> String {
    format!("/setup/users/{}", form::segment(username))
}

/// The names of the org's profiles.
pub(super) fn profiles(app: &App) -> Result<Vec<String>, Failed> {
    let soql = "SELECT Name FROM Profile ORDER BY Name";
    let body = app
        .org()
        .soql(soql, app.now())
        .map_err(|error| Failed::by(&error))?;
    let answer: serde_json::Value =
        serde_json::from_slice(&body).map_err(|error| Failed::by(&error))?;
    let names = grid::records(&answer)
        .iter()
        .filter_map(|record| record.get("Name")?.as_str());
    Ok(names.map(str::to_owned).collect())
}

fn find(app: &App, username: &str) -> Result<Arc<User>, Failed> {
    let user = app.directory().user(username);
    user.ok_or_else(|| Failed::missing("user"))
}

fn lay_over(user: &mut NewUser, posted: &Posted) {
    posted.value("first_name").clone_into(&mut user.first_name);
    posted.value("last_name").clone_into(&mut user.last_name);
    posted.value("email").clone_into(&mut user.email);
    user.permission_sets = posted.lines("permission_sets");
    user.state = choice::read(&STATES, posted.value("state")).unwrap_or(user.state);
    let profile = posted.value("profile");
    if !profile.is_empty() {
        profile.clone_into(&mut user.profile);
    }
}

fn page(app: &App, visitor: &Visitor, (id, user): (&str, NewUser)) -> Result<Form, Failed> {
    let (title, action) = if id.is_empty() {
        ("New user".to_owned(), "/setup/users".to_owned())
    } else {
        (user.username.clone(), address(&user.username))
    };
    let mut profiles = profiles(app)?;
    if !profiles.contains(&user.profile) {
        profiles.push(user.profile.clone());
    }
    Ok(Form {
        frame: Frame::new(app, visitor, Section::Users, title),
        id: id.to_owned(),
        action,
        profiles,
        permission_sets: user.permission_sets.join("\n"),
        states: choice::all(&STATES, &user.state),
        user,
        problem: String::new(),
    })
}
