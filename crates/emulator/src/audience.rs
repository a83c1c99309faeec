//! Which `aud` values name this org (RFC 7523 §3 item 3).
//!
//! Owns the comparison and its leniencies (fact sheet §1.4). An org answers to its own origins, and
//! to `login.salesforce.com` or, if it is a sandbox, `test.salesforce.com`.

use serde::{Deserialize, Serialize};

use crate::mode::{Leniency, Mode};

/// Where the token endpoint is. An assertion may name it instead of the issuer (RFC 7523 §3 item
/// 3).
pub(crate) const TOKEN_PATH: &str = "/services/oauth2/token";

/// The shared login hosts.
pub(crate) const LOGIN_HOSTS: [&str; 2] = ["login.salesforce.com", "test.salesforce.com"];

/// What kind of org this is. It decides which shared login host knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Production and Developer Edition: `login.salesforce.com`.
    #[default]
    Production,
    /// Sandboxes and scratch orgs: `test.salesforce.com`.
    Sandbox,
}

impl Environment {
    /// The origin of the shared login host.
    #[must_use]
    pub const fn login_origin(self) -> &'static str {
        match self {
            Self::Production => "https://login.salesforce.com",
            Self::Sandbox => "https://test.salesforce.com",
        }
    }
}

/// The audiences that an org answers to at one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Audiences {
    /// Decides the shared login host.
    pub(crate) environment: Environment,
    /// The org's own origins, such as its My Domain and the address that was asked, without a slash
    /// at the end.
    pub(crate) own: Vec<String>,
}

/// Which audience an `aud` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// It is the shared login host.
    pub(crate) is_shared: bool,
    /// What had to be overlooked.
    pub(crate) leniencies: Vec<Leniency>,
}

impl Audiences {
    /// Finds what `audience` names; `None` if it names somebody else.
    ///
    /// Strict is simple string comparison (RFC 3986 §6.2.1). Otherwise the scheme may be missing,
    /// and for the org's own origins a slash at the end and capitals in the host are overlooked;
    /// the shared login hosts are compared to the letter. `http` never stands for `https`.
    pub(crate) fn find(&self, audience: &str, mode: Mode) -> Option<Named> {
        let shared = self.environment.login_origin();
        let exact = audience.strip_suffix(TOKEN_PATH).unwrap_or(audience);
        if exact == shared || self.own.iter().any(|own| own == exact) {
            return Some(Named {
                is_shared: exact == shared,
                leniencies: Vec::new(),
            });
        }
        if mode == Mode::Strict {
            return None;
        }
        if without_scheme(shared) == exact {
            return Some(Named {
                is_shared: true,
                leniencies: vec![Leniency::AudienceWithoutScheme],
            });
        }
        self.own
            .iter()
            .find_map(|own| overlooked(audience, own))
            .map(|leniencies| Named {
                is_shared: false,
                leniencies,
            })
    }

    /// The audiences in words, for messages.
    pub(crate) fn describe(&self) -> String {
        let mut all: Vec<_> = self.own.iter().map(String::as_str).collect();
        all.push(self.environment.login_origin());
        all.join(" or ")
    }
}

/// What must be overlooked so that `audience` names the origin `own`.
fn overlooked(audience: &str, own: &str) -> Option<Vec<Leniency>> {
    let mut leniencies = Vec::new();
    let mut text = audience;
    if let Some(rest) = text.strip_suffix('/') {
        leniencies.push(Leniency::AudienceWithSlash);
        text = rest;
    }
    text = text.strip_suffix(TOKEN_PATH).unwrap_or(text);
    let wanted = if text.contains("://") {
        own
    } else {
        leniencies.push(Leniency::AudienceWithoutScheme);
        without_scheme(own)
    };
    if text != wanted {
        leniencies.push(Leniency::AudienceInCapitals);
    }
    text.eq_ignore_ascii_case(wanted).then_some(leniencies)
}

fn without_scheme(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(audience: &str, mode: Mode) -> Option<Vec<Leniency>> {
        let audiences = Audiences {
            environment: Environment::Production,
            own: vec![
                "http://localhost:8080".to_owned(),
                "https://acme.my.salesforce.com".to_owned(),
            ],
        };
        audiences.find(audience, mode).map(|named| named.leniencies)
    }

    #[test]
    fn the_exact_origins_and_their_token_endpoints_pass_in_both_modes() {
        for origin in [
            "http://localhost:8080",
            "https://acme.my.salesforce.com",
            "https://login.salesforce.com",
        ] {
            for audience in [origin.to_owned(), format!("{origin}{TOKEN_PATH}")] {
                assert_eq!(names(&audience, Mode::Strict), Some(vec![]), "{audience}");
                assert_eq!(
                    names(&audience, Mode::Salesforce),
                    Some(vec![]),
                    "{audience}"
                );
            }
        }
    }

    #[test]
    fn leniencies_are_named_and_not_strict() {
        use Leniency::*;
        for (audience, leniencies) in [
            ("login.salesforce.com", vec![AudienceWithoutScheme]),
            ("localhost:8080", vec![AudienceWithoutScheme]),
            ("http://localhost:8080/", vec![AudienceWithSlash]),
            ("http://LocalHost:8080", vec![AudienceInCapitals]),
            (
                "acme.my.salesforce.com/",
                vec![AudienceWithSlash, AudienceWithoutScheme],
            ),
        ] {
            assert_eq!(
                names(audience, Mode::Salesforce),
                Some(leniencies),
                "{audience}"
            );
            assert_eq!(names(audience, Mode::Strict), None, "{audience}");
        }
    }

    #[test]
    fn other_audiences_are_refused() {
        for audience in [
            "",
            "/",
            "https://test.salesforce.com",
            "https://login.salesforce.com/",
            "https://LOGIN.salesforce.com",
            "http://login.salesforce.com",
            "https://localhost:8080",
            "http://localhost",
            "http://localhost:80800",
            "https://login.salesforce.com.attacker.example",
            "https://login.salesforce.com@attacker.example",
            "https://acme.my.salesforce.com//",
            "https://acme.my.salesforce.com/services/oauth2/introspect",
            "xhttp://localhost:8080",
        ] {
            assert_eq!(names(audience, Mode::Salesforce), None, "{audience}");
        }
    }
}
