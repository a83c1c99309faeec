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

/// A host besides Salesforce's own that a person trusts with tokens, over https: its name in lower
/// case, and a port if it is not 443.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceHost(String);

impl InstanceHost {
    /// Reads a name such as `api.example.com` or `api.example.com:8443`. It means this one host,
    /// and none below it.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::setting(format!(
                "{text:?} is no host, expected one like api.example.com or api.example.com:8443"
            ))
        };
        if text.contains('/') {
            return Err(wrong());
        }
        let url = BaseUrl::parse(text, "the host").map_err(|_| wrong())?;
        Ok(Self(url.text))
    }

    fn is_of(&self, url: &BaseUrl) -> bool {
        url.text.get(..url.origin_length) == Some(self.0.as_str())
    }
}

impl InstanceUrl {
    /// Accepts the instance that a reply names, if a token may be sent there: a host of Salesforce,
    /// the login host itself, one of `trusted`, or this machine when the login host is on it too.
    ///
    /// # Errors
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) otherwise.
    pub fn accept(
        text: &str,
        login_url: &LoginUrl,
        trusted: &[InstanceHost],
    ) -> Result<Self, Error> {
        let url = BaseUrl::parse(text, "the instance URL in the reply")
            .map_err(|error| Error::response(error.to_string()))?;
        let class = HostClass::of(&url.host);
        let is_own = url.text.get(..url.origin_length) == Some(login_url.origin());
        let is_trusted = match class {
            HostClass::Loopback => login_url.class == HostClass::Loopback,
            HostClass::Custom => is_own,
            _ => url.is_https,
        };
        if is_trusted || trusted.iter().any(|host| host.is_of(&url)) {
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
