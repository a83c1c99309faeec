//! The route table of one org, on one screen.

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use http::header;

use crate::app::App;
use crate::error::ApiError;
use crate::{discovery, identity, introspect, management, pages, rest, revoke, token};

/// Everything that one org answers.
pub(crate) fn org_routes(app: App) -> Router {
    let management = management::routes().layer(from_fn_with_state(app.clone(), management::guard));
    Router::new()
        .route("/services/oauth2/token", any(token::exchange))
        .route(
            "/services/oauth2/introspect",
            get(introspect::introspect).post(introspect::introspect),
        )
        .route(
            "/services/oauth2/revoke",
            get(revoke::revoke).post(revoke::revoke),
        )
        .route(
            "/services/oauth2/userinfo",
            get(identity::userinfo).post(identity::userinfo),
        )
        .route(
            "/id/{org}/{user}",
            get(identity::identity).post(identity::identity),
        )
        .route("/id/keys", get(discovery::keys))
        .route("/.well-known/openid-configuration", get(discovery::openid))
        .route("/.well-known/auth-configuration", get(discovery::auth))
        .route("/services/oauth2/authorize", any(discovery::not_built))
        .route("/services/oauth2/register", any(discovery::not_built))
        .route("/services/oauth2/singleaccess", any(discovery::not_built))
        .route("/services/apexrest/{*path}", any(discovery::not_built))
        .nest("/_emulator", management)
        .merge(rest::routes())
        .merge(pages::routes(&app))
        .fallback(|| async { ApiError::not_found() })
        .layer(map_response_with_state(app.clone(), with_date))
        .with_state(app)
}

/// The org's time, not the machine's: clients measure their clocks by it.
pub(crate) async fn with_date(State(app): State<App>, mut response: Response) -> Response {
    response.headers_mut().insert(header::DATE, app.date());
    response
}
