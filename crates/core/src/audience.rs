//! Which host to ask and what to call it in `aud`.
//!
//! Owns the rule table of 2026 (fact sheet §1.4): the kind of a host decides the audience. There is
//! one answer per host, and no second one is ever tried: an assertion for production is not shown
//! to another host.

use std::fmt;

use crate::base_url::BaseUrl;
use crate::diagnosis::LocalCause;
use crate::error::Error;

mod host;
mod instance;
mod rule;

pub use host::HostClass;
use host::{Environment, Place};
pub use instance::{InstanceHost, InstanceUrl};
pub use rule::AudienceRule;

/// Where to sign in: an origin, and a path for Experience Cloud sites. No slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginUrl {
    text: String,
    origin_length: usize,
    class: HostClass,
    environment: Environment,
}

impl LoginUrl {
    /// Reads a login URL. A bare host is taken as `https://HOST`; the path of the token endpoint
    /// and slashes at the end are dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is no URL, is not https (http
    /// is for this machine only), holds a user, a query or a fragment, or names a Lightning host.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = BaseUrl::parse(text, "the login URL")?;
        if let Some(what) = host::without_token_endpoint(&url.host) {
            return Err(Error::setting(format!(
                "the login URL names the {what} {}, which has no token endpoint; expected the My \
                 Domain, such as https://acme.my.salesforce.com",
                url.host
            ))
            .with_cause(LocalCause::NoTokenEndpoint));
        }
        let Place { class, environment } = Place::of(&url.host);
        if url.text.len() > url.origin_length && !class.may_have_path() {
            return Err(Error::setting(format!(
                "the login URL has the path {}, expected none: {} is {}",
                url.text.get(url.origin_length..).unwrap_or_default(),
                url.host,
                class.as_str()
            )));
        }
        if !url.is_https && class != HostClass::Loopback {
            return Err(Error::setting(format!(
                "the login URL sends the assertion to {} over http, expected https (http is for \
                 this machine only)",
                url.host
            ))
            .with_cause(LocalCause::PlainHttp));
        }
        Ok(Self {
            text: url.text,
            origin_length: url.origin_length,
            class,
            environment,
        })
    }

    /// The URL without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin_length).unwrap_or_default()
    }

    /// Host, and port if it is given.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.origin()
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// What kind of host it is.
    #[must_use]
    pub const fn class(&self) -> HostClass {
        self.class
    }
}

/// The authorization server as `aud` names it (RFC 7523 §3, item 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    text: String,
    rule: AudienceRule,
}

impl Audience {
    /// Chooses the audience for a host: the one that was given, else the one its kind has.
    ///
    /// login and test are their own names; a My Domain, a site with its path, an emulator likewise.
    /// GovCloud is posted to at My Domain but named by login or test, and mostly cannot be told
    /// from other hosts: there the audience must be given. A host that is not known to be
    /// Salesforce's is never shown an assertion for Salesforce.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if the given audience is no URL,
    /// belongs to another environment than the host, or to Salesforce when the host does not, or if
    /// none was given and none can be derived.
    pub fn resolve(login_url: &LoginUrl, given: Option<&str>) -> Result<Self, Error> {
        match given {
            Some(given) => Self::accept(login_url, given),
            None => Self::derive(login_url),
        }
    }

    fn derive(login_url: &LoginUrl) -> Result<Self, Error> {
        let rule = match login_url.class {
            HostClass::Custom => {
                return Err(Error::setting(format!(
                    "the login URL names {}, which is no host of Salesforce that is known, so the \
                     audience cannot be derived; expected --audience",
                    login_url.authority()
                ))
                .with_cause(LocalCause::NoAudience));
            }
            HostClass::Government => {
                return Err(Error::setting(format!(
                    "the login URL names the government host {}, whose audience is login or test \
                     as the org is; expected --audience https://login.salesforce.com or \
                     https://test.salesforce.com",
                    login_url.authority()
                ))
                .with_cause(LocalCause::NoAudience));
            }
            HostClass::Login | HostClass::Test => AudienceRule::SharedHost,
            HostClass::ExperienceCloud => AudienceRule::Site,
            HostClass::Instance => AudienceRule::Instance,
            HostClass::Loopback => AudienceRule::Emulator,
            HostClass::MyDomain
            | HostClass::Sandbox
            | HostClass::Scratch
            | HostClass::Developer
            | HostClass::China => AudienceRule::MyDomain,
        };
        Ok(Self {
            text: login_url.text.clone(),
            rule,
        })
    }

    fn accept(login_url: &LoginUrl, given: &str) -> Result<Self, Error> {
        let url = BaseUrl::parse(given, "the audience")?;
        let named = Place::of(&url.host);
        if !url.is_https && named.class != HostClass::Loopback {
            return Err(
                Error::setting("the audience is an http URL, expected https")
                    .with_cause(LocalCause::PlainHttp),
            );
        }
        if login_url.class == HostClass::Custom && named.class.is_salesforce() {
            return Err(Error::setting(format!(
                "the login URL names {}, which is no host of Salesforce that is known, and the \
                 audience {} is Salesforce's: the host would get an assertion that is good \
                 elsewhere",
                login_url.authority(),
                url.text
            ))
            .with_cause(LocalCause::StrangeHost));
        }
        let asked = Place {
            class: login_url.class,
            environment: login_url.environment,
        };
        if !asked.goes_with(named) {
            return Err(Error::setting(format!(
                "the login URL is {} and the audience {} is {}; expected both of one environment",
                asked.class.as_str(),
                url.text,
                named.class.as_str()
            ))
            .with_cause(LocalCause::MixedEnvironments));
        }
        let rule = match (login_url.class, named.class) {
            (HostClass::Custom, _) => AudienceRule::CustomDomain,
            (HostClass::Government, _) => AudienceRule::Government,
            (HostClass::MyDomain, HostClass::Login | HostClass::Test) => AudienceRule::Government,
            _ => AudienceRule::Given,
        };
        Ok(Self {
            text: url.text,
            rule,
        })
    }

    /// The rule that chose it.
    #[must_use]
    pub const fn rule(&self) -> AudienceRule {
        self.rule
    }

    /// The text as it stands in `aud`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
