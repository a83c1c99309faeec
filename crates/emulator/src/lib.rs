#![forbid(unsafe_code)]
//! A local Salesforce org: an RFC 7523 authorization server and a REST API over SQLite.
//!
//! [`Emulator::builder`] starts one in this process; programs that know Salesforce's wire talk to
//! [`Emulator::url`]. It really verifies the assertion, and when it refuses it says why: in
//! Salesforce's words in the body, in ours in the header `Accredit-Diagnosis` and in the journal at
//! `/_emulator/journal`.
//!
//! ```
//! use accredit_emulator::{Emulator, NewApp, NewUser, Seed, Upload};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)?;
//! # let params = rcgen::CertificateParams::new(vec!["test.example".to_owned()])?;
//! # let certificate = params.self_signed(&key)?.pem();
//! let emulator = Emulator::builder().seed(Seed::Empty).start().await?;
//! let client_id = emulator.add_app(NewApp {
//!     certificates: vec![Upload::Text(certificate)],
//!     ..NewApp::default()
//! })?;
//! emulator.add_user(NewUser::named("integration@example.com"))?;
//!
//! // Login URL, audience and instance URL of the program under test.
//! assert!(emulator.url().starts_with("http://127.0.0.1:"));
//! assert!(client_id.as_str().starts_with("3MVG9"));
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod app;
mod archive;
mod audience;
mod builder;
mod claims;
mod clock;
mod connection;
mod deploy;
mod directory;
mod discovery;
mod error;
mod faults;
mod form;
mod front;
mod grant;
mod identity;
pub mod ids;
mod introspect;
mod journal;
mod json;
pub mod jws;
mod management;
mod mode;
mod multipart;
mod oauth_reply;
pub mod org;
mod origin;
mod pages;
mod pattern;
mod proxy;
mod refusal;
mod requests;
mod rest;
mod revoke;
mod running;
mod server;
mod session;
mod start_error;
pub mod store;
mod table;
#[cfg(test)]
mod testing;
mod tls;
mod token;
mod token_text;
mod upload;
mod visit;

pub use app::App;
pub use audience::Environment;
pub use builder::Builder;
pub use directory::{
    AppKind, DirectoryError, IpRestrictions, NewApp, NewUser, PermittedUsers, SessionPolicy,
    Switch, Upload, UserRecord, UserState,
};
pub use front::{NewOrg, OrgRefused, routes};
pub use mode::{Leniency, Mode};
pub use org::Seed;
pub use org::load::{LoadError, LoadFile, LoadReport, is_loadable, is_searched};
pub use running::Emulator;
pub use server::run;
pub use start_error::StartError;
pub use tls::{Authority, AuthorityError};
