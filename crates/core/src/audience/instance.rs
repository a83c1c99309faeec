//! Where a token may be sent.
//!
//! Owns the rule that a token leaves for a host of Salesforce, for the login host itself, or stays
//! on this machine.

use super::{HostClass, LoginUrl};
use crate::base_url::{BaseUrl, is_loopback};
use crate::diagnosis::LocalCause;
use crate::error::Error;

/// Where the REST API is: https, or http on this machine. No slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceUrl(String);

impl InstanceUrl {
    /// Accepts the instance that a reply names, if a token may be sent there: a host of Salesforce,
    /// the login host itself, or this machine when the login host is on it too.
    ///
    /// # Errors
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) otherwise.
    pub fn accept(text: &str, login_url: &LoginUrl) -> Result<Self, Error> {
        let url = BaseUrl::parse(text, "the instance URL in the reply")
            .map_err(|error| Error::response(error.to_string()))?;
        let class = HostClass::of(&url.host);
        let is_own = url.text.get(..url.origin_length) == Some(login_url.origin());
        let is_trusted = match class {
            HostClass::Loopback => login_url.class == HostClass::Loopback,
            HostClass::Custom => is_own,
            _ => url.is_https,
        };
        if is_trusted {
            Ok(Self(url.text))
        } else {
            Err(Error::response(format!(
                "the reply sends the token to {}, expected a host of Salesforce or the login host",
                url.host
            ))
            .with_cause(LocalCause::StrangeInstance))
        }
    }

    /// Accepts the instance that a person names.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is no URL, or http to another
    /// machine.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = BaseUrl::parse(text, "the instance URL")?;
        if url.is_https || is_loopback(&url.host) {
            Ok(Self(url.text))
        } else {
            Err(Error::setting(format!(
                "the instance URL sends the token to {} over http, expected https",
                url.host
            ))
            .with_cause(LocalCause::PlainHttp))
        }
    }

    /// The URL without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
