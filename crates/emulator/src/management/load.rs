//! `/_emulator/load`: metadata, records and apps from files, whose contents the caller sends.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Refused, ok, read};
use crate::app::App;
use crate::org::load::LoadFile;

/// The most bytes of a load.
const LENGTH_MAX: usize = 256 << 20;

/// The files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    files: Vec<LoadFile>,
}

pub(super) fn route() -> MethodRouter<App> {
    post(load).layer(DefaultBodyLimit::max(LENGTH_MAX))
}

/// Loads the files, all of them or nothing; the answer says what was made.
async fn load(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    let work = tokio::task::spawn_blocking(move || {
        let load: Load = read(&body)?;
        drop(body);
        app.load(&load.files)
            .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))
    });
    let ended = work.await.map_err(|error| {
        let message = format!("the load broke off: {error}");
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    })?;
    Ok(ok(&json!(ended?)))
}
