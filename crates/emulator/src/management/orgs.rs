//! `/_emulator/orgs` and `/_emulator/env`: the orgs of this process, and how programs get here.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Refused, answer, done, ok, read};
use crate::front::{Entry, Front, OrgRefused};

pub(crate) async fn list(Extension(front): Extension<Front>) -> Response {
    let orgs: Vec<_> = front.all().iter().map(describe).collect();
    ok(&Value::Array(orgs))
}

/// Makes an org; the answer says where it is.
pub(crate) async fn add(
    Extension(front): Extension<Front>,
    body: Bytes,
) -> Result<Response, Refused> {
    let definition = read(&body)?;
    // Making an org plants its records: other requests need not wait for it.
    let made = tokio::task::spawn_blocking(move || front.add(definition)).await;
    let entry = made.map_err(|_| {
        let message = "the org could not be made; the log says more";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    })??;
    Ok(answer(StatusCode::CREATED, &describe(&entry)))
}

pub(crate) async fn remove(
    Extension(front): Extension<Front>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    if *name == *front.first().name {
        let message = "the first org ends with the emulator";
        return Err(Refused::new(StatusCode::BAD_REQUEST, message));
    }
    if front.remove(&name) {
        Ok(done())
    } else {
        Err(Refused::missing("org"))
    }
}

/// The environment variables that lead programs here, in the order in which they were set.
pub(crate) async fn variables(Extension(front): Extension<Front>) -> Response {
    let variables = front.variables();
    let members: Map<_, _> = variables
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    ok(&Value::Object(members))
}

fn describe(entry: &Entry) -> Value {
    let app = &entry.app;
    json!({
        "name": &*entry.name,
        "orgId": app.org().id().as_str(),
        "myDomain": app.my_domain(),
        "environment": app.settings().environment,
        "mode": app.settings().mode,
        "path": format!("/orgs/{}", entry.name),
    })
}

impl From<OrgRefused> for Refused {
    fn from(error: OrgRefused) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}
