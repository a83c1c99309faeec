#![forbid(unsafe_code)]
//! Signs servers in to Salesforce with the OAuth 2.0 JWT bearer flow (RFC 7523): no login page, no
//! refresh token, no password.
//!
//! # In twelve lines
//!
//! ```no_run
//! use std::sync::Arc;
//! use accredit::{audience::LoginUrl, assertion::Subject, clock::SystemClock};
//! use accredit::{exchange::TokenEndpoint, http::UreqClient, key::PrivateKey, oauth::ClientId};
//! use accredit::{random::SystemRandom, source::{Identity, JwtBearer, Outside, TokenSource}};
//!
//! # async fn sign_in(key: PrivateKey) -> Result<(), accredit::error::Error> {
//! let login_url = LoginUrl::parse("https://acme.my.salesforce.com")?;
//! let identity = Identity {
//!     issuer: ClientId::new("3MVG9...")?,
//!     subject: Subject::new("integration@acme.example")?,
//! };
//! let outside = Outside {
//!     http: Arc::new(UreqClient::new(Default::default())),
//!     clock: Arc::new(SystemClock),
//!     random: Arc::new(SystemRandom),
//! };
//! let endpoint = TokenEndpoint::new(login_url, None)?;
//! let token = JwtBearer::new(identity, Arc::new(key), endpoint, outside).token().await?;
//! println!("{} {}", token.instance_url.as_str(), token.access_token.fingerprint());
//! # Ok(())
//! # }
//! ```
//!
//! # Which type for what
//!
//! - A program that signs in once takes [`source::JwtBearer`].
//! - A program that stays wraps it in [`cache::Cached`]: one request for all callers, a new token
//!   before the old one ends, a budget that keeps the user from being locked out. Tell it of a 401
//!   with [`cache::Cached::invalidate`].
//! - A key that must not enter this process implements [`key::Signer`].
//! - Another HTTP library implements [`http::HttpClient`]: no redirects, bounded time and size.
//!
//! # What to know of Salesforce
//!
//! - A token reply does not say when the token ends; [`source::Expiry`] tells what is known and
//!   what is assumed. The lifetime is the org's session time-out: set it with
//!   [`source::JwtBearer::with_token_lifetime`].
//! - The audience follows from the login URL by a table ([`audience`]), and no second one is tried.
//! - Every refusal has an entry in [`diagnosis`] that names the setting to change.
//!
//! Nothing here reads the environment, a file or a terminal, but for the system's trust store,
//! which [`http::UreqClient`] needs for https. Time, randomness and the network are arguments. Keys
//! are parsed once; secrets are types that do not print.

use std::pin::Pin;

pub mod source;

pub mod assertion;
pub mod audience;
mod base_url;
pub mod exchange;
pub mod key;
pub mod oauth;

pub mod cache;
pub mod policy;

pub mod diagnosis;
pub mod error;
pub mod secret;

pub mod clock;
pub mod http;
pub mod random;

/// A future on the heap that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
