//! Whether an address may be listened on, and what a request must look like there.
//!
//! Owns the rules of the listener: the names in `Host`, requests of browsers, requests that were
//! forwarded, the required header. It does not know who calls.

use std::net::SocketAddr;

use accredit::error::Error;
use http::header::{FORWARDED, HOST, HeaderName, ORIGIN, VIA};
use http::{HeaderMap, StatusCode};

use crate::config::{Config, Forwarded};
use crate::failure::Failure;

/// The header that a page in a browser and a server that is tricked into a request cannot set.
pub(crate) const REQUIRED: HeaderName = HeaderName::from_static("accredit-request");

const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who chose the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    /// A person: file, flag, variable.
    Person,
    /// The platform, with `PORT`.
    Platform,
}

/// The rules of one listener.
#[derive(Clone, Debug)]
pub struct Rules {
    reach: Reach,
    hosts: Vec<String>,
    forwarded: Forwarded,
}

/// From where a listener can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// From this machine.
    Loopback,
    /// From other machines, by known callers.
    Callers,
    /// From other machines, and no caller is known: reports only, no token leaves.
    Nobody,
}

/// What tells a page in a browser from a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// Whatever only browsers are meant to send.
    ByAnySign,
    /// The same, but for a lone `Sec-Fetch-Mode`: Node's `fetch` sends it, and no more. A browser
    /// says with it from which site the request comes.
    ByMoreThanMode,
}

impl Pages {
    fn is_one(self, headers: &HeaderMap) -> bool {
        let is_sign = |name: &str| name == ORIGIN.as_str() || name.starts_with("sec-fetch-");
        let mut signs = headers.iter().filter(|(name, _)| is_sign(name.as_str()));
        match (signs.next(), signs.next()) {
            (None, _) => false,
            (Some((name, _)), None) => self == Self::ByAnySign || name != FETCH_MODE,
            (Some(_), Some(_)) => true,
        }
    }
}

impl Rules {
    /// Decides what holds for a listener on `address`.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if other machines could reach it
    /// and no caller is configured. Where the platform chose the address, it may be listened on
    /// all the same, and no token leaves.
    pub fn new(config: &Config, address: SocketAddr, chosen_by: ChosenBy) -> Result<Self, Error> {
        let reach = match (address.ip().is_loopback(), config.callers.is_empty()) {
            (true, _) => Reach::Loopback,
            (false, false) => Reach::Callers,
            (false, true) if chosen_by == ChosenBy::Platform => Reach::Nobody,
            (false, true) => {
                return Err(Error::setting(format!(
                    "{address} can be reached from other machines, and no caller is configured: \
                     anybody could use the tokens; add one under [callers.NAME] with a key of \
                     `accredit serve key new`, or listen on 127.0.0.1"
                )));
            }
        };
        let port = address.port();
        let mut hosts = config.listener.hosts.clone();
        if reach == Reach::Loopback {
            let own = ["127.0.0.1", "localhost", "[::1]"];
            hosts.extend(own.iter().map(|host| format!("{host}:{port}")));
            hosts.push(address.to_string());
        }
        let default = match reach {
            Reach::Loopback => Forwarded::Refuse,
            Reach::Callers | Reach::Nobody => Forwarded::Accept,
        };
        Ok(Self {
            reach,
            hosts,
            forwarded: config.listener.forwarded.unwrap_or(default),
        })
    }

    pub(crate) const fn reach(&self) -> Reach {
        self.reach
    }

    /// What becomes of requests that came through somebody else.
    pub(crate) const fn forwarded(&self) -> Forwarded {
        self.forwarded
    }

    /// Checks `Host`: one, and one of those that are allowed, letter by letter. A page whose name
    /// was made to resolve to this machine sends its own name.
    pub(crate) fn check_host(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            (None, _) => return Err(Failure::bad_request("the request has no Host")),
            (Some(_), Some(_)) => {
                return Err(Failure::bad_request("the request has more than one Host"));
            }
        };
        let is_allowed = match self.hosts.is_empty() {
            true => is_specific(host),
            false => self.hosts.iter().any(|allowed| allowed == host),
        };
        match is_allowed {
            true => Ok(()),
            false => Err(Failure::new(
                StatusCode::MISDIRECTED_REQUEST,
                "wrong_host",
                "this listener does not answer to that Host; the setting listener.hosts names \
                 more",
            )),
        }
    }

    /// Checks that the request comes neither from a page nor through somebody else.
    pub(crate) fn check_way(&self, headers: &HeaderMap, pages: Pages) -> Result<(), Failure> {
        if pages.is_one(headers) {
            return Err(Failure::forbidden(
                "requests of pages in a browser (Origin, Sec-Fetch-*) are not answered here",
            ));
        }
        let is_forwarded = [FORWARDED_FOR, FORWARDED, VIA]
            .iter()
            .any(|name| headers.contains_key(name));
        if is_forwarded && self.forwarded == Forwarded::Refuse {
            return Err(Failure::forbidden(
                "requests that came through a proxy (X-Forwarded-For, Forwarded, Via) are not \
                 answered here; listener.forwarded = \"accept\" lets them in",
            ));
        }
        Ok(())
    }

    /// Checks the header that only a program sends that means this broker.
    pub(crate) fn check_required(headers: &HeaderMap) -> Result<(), Failure> {
        match has_required(headers) {
            true => Ok(()),
            false => Err(Failure::forbidden(
                "the header Accredit-Request: true is required here, once",
            )),
        }
    }
}

/// Says whether the required header is there, once, and says `true`.
pub(crate) fn has_required(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(REQUIRED).iter();
    matches!((values.next(), values.next()), (Some(value), None) if value == "true")
}

/// Says whether a host names something: the unspecified address never does.
fn is_specific(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        match port.bytes().all(|byte| byte.is_ascii_digit()) {
            true => name,
            false => host,
        }
    });
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain) && !matches!(name, "0.0.0.0" | "[::]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_get_in_only_if_callers_are_known_or_nothing_leaves() {
        let address: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let error = Rules::new(&Config::default(), address, ChosenBy::Person).unwrap_err();
        assert!(
            error.to_string().contains("no caller is configured"),
            "{error}"
        );
        let rules = Rules::new(&Config::default(), address, ChosenBy::Platform).unwrap();
        assert_eq!(rules.reach(), Reach::Nobody);
        for (host, expected) in [
            ("app.example.com", true),
            ("10.0.0.1:8080", true),
            ("[2001:db8::1]:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_specific(host), expected, "{host}");
        }
    }
}
