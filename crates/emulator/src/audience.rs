//! Which `aud` values name this org (RFC 7523 §3 item 3).
//!
//! Owns the comparison and its leniencies (fact sheet §1.4). An org answers to its own origins, and
//! to `login.salesforce.com` or, if it is a sandbox, `test.salesforce.com`. RFC 7523 §3 item 3 lets
//! an org take the URL of its token endpoint for its own name; the names of a Salesforce org are
//! its origins, and ForceCLI sends that URL all the same.

use accredit::oauth::TOKEN_PATH;
use serde::{Deserialize, Serialize};

use crate::mode::{Leniency, Mode};

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
    /// Strict is simple string comparison (RFC 3986 §6.2.1) with the origins. Otherwise the path of
    /// the token endpoint may follow and the scheme may be missing, and for the org's own origins a
    /// slash at the end and capitals in the host are overlooked; the shared login hosts are
    /// compared to the letter. `http` never stands for `https`.
    pub(crate) fn find(&self, audience: &str, mode: Mode) -> Option<Named> {
        let shared = self.environment.login_origin();
        if audience == shared || self.own.iter().any(|own| own == audience) {
            return Some(Named {
                is_shared: audience == shared,
                leniencies: Vec::new(),
            });
        }
        if mode == Mode::Strict {
            return None;
        }
        if let Some(leniencies) = overlooked_shared(audience, shared) {
            return Some(Named {
                is_shared: true,
                leniencies,
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

/// What must be overlooked so that `audience` names the shared login host.
fn overlooked_shared(audience: &str, shared: &str) -> Option<Vec<Leniency>> {
    let mut leniencies = Vec::new();
    let text = without_token_path(audience, &mut leniencies);
    if text == without_scheme(shared) {
        leniencies.push(Leniency::AudienceWithoutScheme);
        return Some(leniencies);
    }
    (text == shared).then_some(leniencies)
}

/// What must be overlooked so that `audience` names the origin `own`.
fn overlooked(audience: &str, own: &str) -> Option<Vec<Leniency>> {
    let mut leniencies = Vec::new();
    let mut text = audience;
    if let Some(rest) = text.strip_suffix('/') {
        leniencies.push(Leniency::AudienceWithSlash);
        text = rest;
    }
    text = without_token_path(text, &mut leniencies);
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

fn without_token_path<'a>(audience: &'a str, leniencies: &mut Vec<Leniency>) -> &'a str {
    let Some(origin) = audience.strip_suffix(TOKEN_PATH) else {
        return audience;
    };
    leniencies.push(Leniency::AudienceIsTokenEndpoint);
    origin
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
    fn the_exact_origins_pass_in_both_modes_and_their_token_endpoints_in_one() {
        for origin in [
            "http://localhost:8080",
            "https://acme.my.salesforce.com",
            "https://login.salesforce.com",
        ] {
            for mode in [Mode::Strict, Mode::Salesforce] {
                assert_eq!(names(origin, mode), Some(vec![]), "{origin}");
            }
            let audience = format!("{origin}{TOKEN_PATH}");
            let leniencies = Some(vec![Leniency::AudienceIsTokenEndpoint]);
            assert_eq!(names(&audience, Mode::Salesforce), leniencies, "{origin}");
            assert_eq!(names(&audience, Mode::Strict), None, "{origin}");
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
                "login.salesforce.com/services/oauth2/token",
                vec![AudienceIsTokenEndpoint, AudienceWithoutScheme],
            ),
            (
                "http://localhost:8080/services/oauth2/token/",
                vec![AudienceWithSlash, AudienceIsTokenEndpoint],
            ),
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
