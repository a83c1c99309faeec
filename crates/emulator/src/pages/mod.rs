//! Setup in the browser, under `/setup`.
//!
//! Owns the pages: what a person sees of the org and may change. They are made here, on the server,
//! and need no script. Who may see them is decided by [`gate`] before any page is asked; a form
//! reaches its handler only as [`Posted`](input::Posted), which the gate alone makes.

mod app_form;
mod apps;
mod below;
mod choice;
mod clock;
mod connect;
mod console;
mod door;
mod fault_form;
mod faults;
mod frame;
mod gate;
mod grid;
mod home;
mod input;
mod logins;
mod moment;
mod multipart;
mod objects;
mod pager;
mod records;
mod rungs;
mod sessions;
mod settings;
mod snapshots;
mod users;

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use http::{Method, header};

use self::frame::Failed;
use self::gate::Gate;
use crate::app::App;
use crate::error::ApiError;
use crate::origin::Prefix;

/// The pages, and the way to them from `/`.
pub(crate) fn routes(app: &App) -> Router<App> {
    let gate = Arc::new(Gate::new(app.clone()));
    pages()
        .layer(Extension(Arc::clone(&gate)))
        .layer(from_fn_with_state(gate, gate::guard))
        .route("/", any(root))
}

fn pages() -> Router<App> {
    Router::new()
        .route("/setup", get(home::show))
        .route("/setup/style.css", get(frame::style))
        .route("/setup/icon.svg", get(frame::icon))
        .route("/setup/enter", get(door::show).post(door::enter))
        .route("/setup/leave", post(door::leave))
        .route("/setup/apps", get(apps::list).post(apps::add))
        .route("/setup/apps/new", get(apps::new))
        .route("/setup/apps/{id}", get(apps::show).post(apps::change))
        .route("/setup/apps/{id}/certificates", post(apps::add_certificate))
        .route(
            "/setup/apps/{id}/certificates/remove",
            post(apps::remove_certificate),
        )
        .route(
            "/setup/apps/{id}/delete",
            get(apps::ask_to_remove).post(apps::remove),
        )
        .route("/setup/users", get(users::list).post(users::add))
        .route("/setup/users/new", get(users::new))
        .route(
            "/setup/users/{username}",
            get(users::show).post(users::change),
        )
        .route("/setup/logins", get(logins::list))
        .route("/setup/logins/{number}", get(logins::show))
        .route("/setup/sessions", get(sessions::list).post(sessions::end))
        .route("/setup/objects", get(objects::list))
        .route("/setup/objects/{object}", get(records::list))
        .route("/setup/objects/{object}/{id}", get(records::show))
        .route("/setup/soql", get(console::show))
        .route("/setup/clock", get(clock::show).post(clock::set))
        .route("/setup/faults", get(faults::show).post(faults::change))
        .route(
            "/setup/snapshots",
            get(snapshots::show).post(snapshots::change),
        )
        .route(
            "/setup/settings",
            get(settings::show).post(settings::change),
        )
        .route("/setup/settings/orgs", post(settings::change_orgs))
        .route("/setup/connect", get(connect::show))
        .route("/setup/{*rest}", any(|| async { Failed::missing("page") }))
}

/// Sends a browser to the pages; a client of the API learns that there is nothing.
async fn root(request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let is_browser = accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    if is_browser && matches!(*request.method(), Method::GET | Method::HEAD) {
        let prefix = request.extensions().get::<Prefix>();
        let prefix = prefix.map_or("", |prefix| &prefix.0);
        return Redirect::to(&format!("{prefix}/setup")).into_response();
    }
    ApiError::not_found().into_response()
}
