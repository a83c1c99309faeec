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
    let work = move || match wanted.unwrap_or_default().unload {
        true => app.unload(),
        false => app.reset(),
    };
    blocking(work).await?;
    Ok(done())
}

pub(super) async fn list(State(app): State<App>) -> Result<Response, Refused> {
    let names = blocking(move || app.org().snapshots()).await?;
    Ok(ok(&json!(names)))
}

/// Keeps the org as it is under the name.
pub(super) async fn save(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let work = move || {
        app.directory().flush();
        app.org().save_snapshot(&name)
    };
    blocking(work).await?;
    Ok(done())
}

pub(super) async fn restore(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let work = move || {
        if !app.org().snapshots()?.contains(&name) {
            return Err(Refused::from(ImageError::Unknown(name)));
        }
        app.restore(&name).map_err(Refused::from)
    };
    blocking(work).await?;
    Ok(done())
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    if blocking(move || app.org().remove_snapshot(&name)).await? {
        Ok(done())
    } else {
        Err(Refused::missing("snapshot"))
    }
}
