//! The session behind a REST request.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use crate::app::App;
use crate::error::ApiError;
use crate::ids::RecordId;

/// Who asks, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) user_id: RecordId,
    pub(crate) username: String,
    pub(crate) org_id: RecordId,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
}

impl FromRequestParts<App> for Session {
    type Rejection = ApiError;

    /// The token of a user is `test:` and the username.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let value = parts.headers.get(header::AUTHORIZATION);
        let username = value
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer test:"))
            .ok_or_else(ApiError::invalid_session)?;
        let user = app.org().user_named(username).ok().flatten();
        Ok(Self {
            user_id: user.ok_or_else(ApiError::invalid_session)?,
            username: username.to_owned(),
            org_id: app.org().id().clone(),
            client_id: "test".to_owned(),
            scopes: vec!["api".to_owned()],
        })
    }
}
