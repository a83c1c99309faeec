//! `/_emulator/snapshots` and `/_emulator/reset`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Refused, blocking, done, ok, read};
use crate::app::App;
use crate::store::ImageError;

/// What a reset goes back to: `{"unload": true}` forgets what was loaded, too.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    unload: bool,
}

impl From<ImageError> for Refused {
    fn from(error: ImageError) -> Self {
        let status = match &error {
            ImageError::Unknown(_) => StatusCode::NOT_FOUND,
            ImageError::Name(_) | ImageError::Full => StatusCode::BAD_REQUEST,
            ImageError::Folder(_) | ImageError::Sqlite(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

pub(super) async fn reset(State(app): State<App>, body: Bytes) -> Result<Response, Refused> {
    let wanted: Option<Reset> = match body.is_empty() {
        true => None,
        false => read(&body)?,
    };
    blocking(move || match wanted.unwrap_or_default().unload {
        true => app.unload(),
        false => app.reset(),
    })
    .await?;
    Ok(done())
}

pub(super) async fn list(State(app): State<App>) -> Result<Response, Refused> {
    Ok(ok(&json!(app.org().snapshots()?)))
}

/// Keeps the org as it is under the name.
pub(super) async fn save(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    app.directory().flush();
    app.org().save_snapshot(&name)?;
    Ok(done())
}

pub(super) async fn restore(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    if !app.org().snapshots()?.contains(&name) {
        return Err(ImageError::Unknown(name).into());
    }
    app.restore(&name)?;
    Ok(done())
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    if app.org().remove_snapshot(&name)? {
        Ok(done())
    } else {
        Err(Refused::missing("snapshot"))
    }
}
