#![forbid(unsafe_code)]
//! A local Salesforce org: an RFC 7523 authorization server and a REST API over SQLite.

mod app;
mod error;
pub mod ids;
pub mod org;
mod rest;
mod session;
pub mod store;

use std::sync::Arc;

use accredit::clock::Clock;
use axum::Router;

/// Serves the REST API of `org` at the time that `clock` shows.
pub fn router(org: Arc<org::Org>, clock: Arc<dyn Clock>) -> Router {
    rest::routes().with_state(app::App::new(org, clock))
}
