//! `/_emulator/users`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Refused, answer, changed, done, ok, read};
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
    let record = app.add_user(definition)?;
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
    app.change_user(&username, to)?
        .ok_or_else(|| Refused::missing("user"))?;
    show(State(app), Path(username)).await
}

pub(crate) async fn remove(
    State(app): State<App>,
    Path(username): Path<String>,
) -> Result<Response, Refused> {
    if app.remove_user(&username)? {
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
