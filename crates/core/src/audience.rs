//! Which host to ask and what to call it in `aud`.
//!
//! Owns the rule table of 2026 (fact sheet §1.4): the kind of a host decides the audience. There is
//! one answer per host, and no second one is ever tried: an assertion for production is not shown
//! to another host.

use std::fmt;

use crate::base_url::{BaseUrl, is_loopback};
use crate::error::Error;

/// Where to sign in: an origin, and a path for Experience Cloud sites. No slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginUrl {
    text: String,
    origin_length: usize,
    class: HostClass,
}

/// What kind of host a login URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostClass {
    /// `login.salesforce.com`: any production org.
    Login,
    /// `test.salesforce.com`: any sandbox.
    Test,
    /// `X.my.salesforce.com`: a production org. GovCloud orgs look the same.
    MyDomain,
    /// `X--S.sandbox.my.salesforce.com`.
    Sandbox,
    /// `X.scratch.my.salesforce.com`.
    Scratch,
    /// `X-dev-ed.develop.my.salesforce.com`, playgrounds and other trial orgs.
    Developer,
    /// `X.my.site.com/path` and the older `X.force.com/path`: an Experience Cloud site.
    ExperienceCloud,
    /// `….salesforce.mil`: government hosts.
    Government,
    /// `X.my.sfcrmproducts.cn`: an org in China.
    China,
    /// `na91.salesforce.com` and the like: an instance, from before My Domain.
    Instance,
    /// This machine: an emulator.
    Loopback,
    /// Any other host; the audience must be given.
    Custom,
}

/// Production or not, as far as the host tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Environment {
    Production,
    Test,
    Unknown,
}

/// Name, or end of the name, of a host and what it is. The first that fits counts.
const HOSTS: [(&str, HostClass); 15] = [
    ("login.salesforce.com", HostClass::Login),
    ("test.salesforce.com", HostClass::Test),
    (".sandbox.my.salesforce.com", HostClass::Sandbox),
    (".scratch.my.salesforce.com", HostClass::Scratch),
    (".develop.my.salesforce.com", HostClass::Developer),
    (".trailblaze.my.salesforce.com", HostClass::Developer),
    (".demo.my.salesforce.com", HostClass::Developer),
    (".my.salesforce.com", HostClass::MyDomain),
    (".salesforce.com", HostClass::Instance),
    (".cloudforce.com", HostClass::Instance),
    (".my.site.com", HostClass::ExperienceCloud),
    (".my.salesforce-sites.com", HostClass::ExperienceCloud),
    (".force.com", HostClass::ExperienceCloud),
    (".salesforce.mil", HostClass::Government),
    (".my.sfcrmproducts.cn", HostClass::China),
];

/// Hosts of the user interface, which have no token endpoint.
const LIGHTNING: [&str; 3] = [
    ".lightning.force.com",
    ".lightning.crmforce.mil",
    ".lightning.sfcrmapps.cn",
];

impl HostClass {
    fn of(host: &str) -> Self {
        if is_loopback(host) {
            return Self::Loopback;
        }
        let is_named = |name: &str| {
            if name.starts_with('.') {
                host.ends_with(name)
            } else {
                host == name
            }
        };
        let found = HOSTS.iter().find(|(name, _)| is_named(name));
        match found.map_or(Self::Custom, |(_, class)| *class) {
            // Sandboxes from before enhanced domains: ORG--NAME.my.salesforce.com.
            Self::MyDomain if host.contains("--") => Self::Sandbox,
            class => class,
        }
    }

    /// The kind in words, for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "the login host of production",
            Self::Test => "the login host of sandboxes",
            Self::MyDomain => "a My Domain of production",
            Self::Sandbox => "a sandbox's My Domain",
            Self::Scratch => "a scratch org's My Domain",
            Self::Developer => "a developer org's My Domain",
            Self::ExperienceCloud => "an Experience Cloud site",
            Self::Government => "a government host",
            Self::China => "a My Domain in China",
            Self::Instance => "an instance host",
            Self::Loopback => "this machine",
            Self::Custom => "no host of Salesforce",
        }
    }

    /// Says whether the host belongs to Salesforce, as far as its name tells.
    const fn is_salesforce(self) -> bool {
        !matches!(self, Self::Loopback | Self::Custom)
    }

    /// Says whether a path is part of where one signs in.
    const fn may_have_path(self) -> bool {
        matches!(self, Self::ExperienceCloud | Self::Loopback | Self::Custom)
    }

    const fn environment(self) -> Environment {
        match self {
            Self::Login | Self::MyDomain => Environment::Production,
            Self::Test | Self::Sandbox | Self::Scratch => Environment::Test,
            _ => Environment::Unknown,
        }
    }
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
        if LIGHTNING.iter().any(|suffix| url.host.ends_with(suffix)) {
            return Err(Error::setting(format!(
                "the login URL names the Lightning host {}, which has no token endpoint; expected \
                 the My Domain, such as https://acme.my.salesforce.com",
                url.host
            )));
        }
        let class = HostClass::of(&url.host);
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
            )));
        }
        Ok(Self {
            text: url.text,
            origin_length: url.origin_length,
            class,
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
pub struct Audience(String);

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
        let Some(given) = given else {
            return match login_url.class {
                HostClass::Custom => Err(Error::setting(format!(
                    "the login URL names {}, which is no host of Salesforce that is known, so the \
                     audience cannot be derived; expected --audience",
                    login_url.authority()
                ))),
                HostClass::Government => Err(Error::setting(format!(
                    "the login URL names the government host {}, whose audience is login or test \
                     as the org is; expected --audience https://login.salesforce.com or \
                     https://test.salesforce.com",
                    login_url.authority()
                ))),
                _ => Ok(Self(login_url.text.clone())),
            };
        };
        let url = BaseUrl::parse(given, "the audience")?;
        let class = HostClass::of(&url.host);
        if !url.is_https && class != HostClass::Loopback {
            return Err(Error::setting(
                "the audience is an http URL, expected https",
            ));
        }
        if login_url.class == HostClass::Custom && class.is_salesforce() {
            return Err(Error::setting(format!(
                "the login URL names {}, which is no host of Salesforce that is known, and the \
                 audience {} is Salesforce's: the host would get an assertion that is good \
                 elsewhere",
                login_url.authority(),
                url.text
            )));
        }
        match (login_url.class.environment(), class.environment()) {
            (Environment::Production, Environment::Test)
            | (Environment::Test, Environment::Production) => Err(Error::setting(format!(
                "the login URL is {} and the audience {} is {}; expected both of one environment",
                login_url.class.as_str(),
                url.text,
                class.as_str()
            ))),
            _ => Ok(Self(url.text)),
        }
    }

    /// The text as it stands in `aud`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
            )))
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
            )))
        }
    }

    /// The URL without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
