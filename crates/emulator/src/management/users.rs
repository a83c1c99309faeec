//! `/_emulator/users`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Refused, answer, blocking, changed, done, ok, read, unnamed};
use crate::app::App;
use crate::directory::{NewUser, User};
use crate::grant::Lookup as _;

pub(crate) async fn list(State(app): State<App>) -> Response {
    let users: Vec<_> = app
        .directory()
        .users()
        .iter()
        .map(|user| describe(user))
        .collect();
    ok(&Value::Array(users))
}

/// Makes a user; the answer names the id.
pub(crate) async fn add(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    let definition: NewUser = read(&body)?;
    let record = blocking(move || app.add_user(definition)).await?;
    Ok(answer(
        StatusCode::CREATED,
        &json!({"id": record.id.as_str(), "username": record.username}),
    ))
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(username): Path<String>,
) -> Result<Response, Refused> {
    let user = app
        .directory()
        .user(&username)
        .ok_or_else(|| Refused::missing("user"))?;
    Ok(ok(&describe(&user)))
}

pub(crate) async fn change(
    State(app): State<App>,
    Path(username): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let user = app
        .directory()
        .user(&username)
        .ok_or_else(|| Refused::missing("user"))?;
    let to = changed(&user.definition, &body)?;
    unnamed("username", Some(&to.username), user.username())?;
    let (shown, changed) = (app.clone(), username.clone());
    if !blocking(move || app.change_user(&changed, to)).await? {
        return Err(Refused::missing("user"));
    }
    show(State(shown), Path(username)).await
}

pub(crate) async fn remove(
    State(app): State<App>,
    Path(username): Path<String>,
) -> Result<Response, Refused> {
    if blocking(move || app.remove_user(&username)).await? {
        Ok(done())
    } else {
        Err(Refused::missing("user"))
    }
}

fn describe(user: &User) -> Value {
    let mut value = json!({"id": user.id.as_str()});
    if let (Some(members), Value::Object(rest)) = (value.as_object_mut(), json!(user.definition)) {
        members.extend(rest);
    }
    value
}
