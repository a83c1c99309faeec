//! `/_emulator/apps`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Refused, answer, blocking, changed, done, ok, read, unnamed};
use crate::app::App;
use crate::directory::{Client, NewApp};
use crate::grant::Lookup as _;

pub(crate) async fn list(State(app): State<App>) -> Response {
    let apps: Vec<_> = app
        .directory()
        .apps()
        .iter()
        .map(|client| describe(client))
        .collect();
    ok(&Value::Array(apps))
}

/// Registers an app; the answer names its client id.
pub(crate) async fn add(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    let definition: NewApp = read(&body)?;
    let id = blocking(move || app.add_app(definition)).await?;
    Ok(answer(
        StatusCode::CREATED,
        &json!({"clientId": id.as_str()}),
    ))
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let client = app
        .directory()
        .client(&id)
        .ok_or_else(|| Refused::missing("app"))?;
    Ok(ok(&describe(&client)))
}

pub(crate) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let client = app
        .directory()
        .client(&id)
        .ok_or_else(|| Refused::missing("app"))?;
    let to = changed(&client.definition, &body)?;
    unnamed("clientId", to.client_id.as_deref(), &id)?;
    let (shown, changed) = (app.clone(), id.clone());
    if !blocking(move || app.directory().change_app(&changed, to)).await? {
        return Err(Refused::missing("app"));
    }
    show(State(shown), Path(id)).await
}

pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if blocking(move || app.directory().remove_app(&id)).await? {
        Ok(done())
    } else {
        Err(Refused::missing("app"))
    }
}

/// The definition without the secret's hash, and what the certificates are.
fn describe(client: &Client) -> Value {
    let mut value = json!(client.definition);
    let certificates: Vec<_> = client
        .certificates
        .iter()
        .map(|certificate| {
            let (from, until) = certificate.validity();
            json!({
                "fingerprint": certificate.fingerprint,
                "bits": certificate.key.public().bits(),
                "kid": certificate.key.id(),
                "notBefore": from.as_secs(),
                "notAfter": until.as_secs(),
            })
        })
        .collect();
    if let Some(members) = value.as_object_mut() {
        let has_secret = members.shift_remove("clientSecretSha256").is_some();
        members.insert("hasClientSecret".to_owned(), has_secret.into());
        members.insert("certificates".to_owned(), certificates.into());
    }
    value
}
