#![forbid(unsafe_code)]
//! A local Salesforce org: an RFC 7523 authorization server and a REST API over SQLite.

mod app;
mod error;
pub mod ids;
pub mod org;
mod rest;
mod session;
pub mod store;
