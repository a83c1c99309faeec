#![forbid(unsafe_code)]
//! Holds the keys of many connections to Salesforce, and hands out tokens or, better, forwards
//! requests with them.
//!
//! A program that embeds the broker reads a [`config::Config`], makes an [`App`] of it with a
//! [`KeySource`] and a [`World`], and gives a bound listener to [`run`]. Nothing here opens a file
//! or reads the environment.
//!
//! What a caller can rely on:
//!
//! - one token request for all who wait, a login budget below every other rule, and no token that
//!   is known to have ended;
//! - a request is forwarded only if its path is allowed under every reading, and arrives as it was
//!   sent;
//! - no key, token or assertion in a log, a metric or an error.

pub mod audit;
pub mod caller_key;
pub mod config;
pub mod exposure;
pub mod key_source;
pub mod pattern;
pub mod proxy;
pub mod report_document;
pub mod shared;

mod answer;
mod app;
mod caller;
mod dashboard;
mod failure;
mod form;
mod handle;
mod metrics;
mod observation;
mod peer;
mod permission;
mod record;
mod report;
mod revocation;
mod route;
mod server;
mod session;
mod sessions;
mod setup;
mod stand_in;
mod subject;
mod tls;
mod token;
mod trace_context;
mod traffic;
mod vault;

pub use app::{App, Parts};
pub use key_source::{HeldKey, KeySource};
pub use revocation::{Revoked, revoke_all};
pub use server::{Door, run};
pub use session::World;
pub use setup::{Listening, Reveal};
