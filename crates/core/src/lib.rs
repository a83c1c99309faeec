#![forbid(unsafe_code)]
//! Signs servers in to Salesforce with the OAuth 2.0 JWT bearer flow (RFC 7523).

use std::pin::Pin;

pub mod assertion;
pub mod audience;
pub mod cache;
pub mod clock;
pub mod diagnosis;
pub mod error;
pub mod exchange;
pub mod http;
pub mod key;
pub mod oauth;
pub mod policy;
pub mod random;
pub mod secret;
pub mod source;

/// A future on the heap that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
