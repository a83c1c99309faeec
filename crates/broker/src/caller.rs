//! Who is calling.
//!
//! Owns the callers and the ways in which a request shows that it is one of them. What a caller may
//! do is its policy: see `permission`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accredit::clock::UnixTime;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::caller_key::KeyHash;
use crate::config::{CallerConfig, Policy};
use crate::exposure::{Reach, Rules};
use crate::failure::Failure;
use crate::handle::{self, Grant};
use crate::peer::Peer;

/// A header for the caller's key, for programs that need `Authorization` for something else.
pub(crate) const KEY_HEADER: HeaderName = HeaderName::from_static("accredit-key");

/// The name of whoever is on this machine, where nobody is configured.
pub(crate) const LOCAL: &str = "local";

/// How many wrong keys one address may show in a minute before it is told to wait.
const WRONG_KEYS_MAX: u32 = 10;

/// The most addresses whose wrong keys are counted.
const ADDRESSES_MAX: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

/// Somebody who may ask.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) name: Arc<str>,
    pub(crate) policy: Policy,
}

/// A caller, and what showed that it is one.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) caller: Arc<Caller>,
    pub(crate) proof: Proof,
}

/// What tells a caller, as a hash: a key, a user, a name in a certificate. A handle remembers it,
/// and ends when the caller is no longer told by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof(String);

impl Proof {
    /// The hash of a text that says of what kind it is.
    pub(crate) fn of(text: &str) -> Self {
        Self(KeyHash::of(text).to_string())
    }

    fn of_key(hash: &KeyHash) -> Self {
        Self(hash.to_string())
    }

    fn of_user(uid: u32) -> Self {
        Self::of(&format!("user {uid}"))
    }

    fn of_subject(subject: &str) -> Self {
        Self::of(&format!("subject {subject}"))
    }

    fn of_name(name: &str) -> Self {
        Self::of(&format!("name {name}"))
    }

    fn of_app(app: &str) -> Self {
        Self::of(&format!("app {app}"))
    }
}

/// A caller as it is configured.
#[derive(Debug)]
struct Configured {
    config: CallerConfig,
    caller: Arc<Caller>,
}

impl Configured {
    /// Says whether a proof still tells this caller.
    fn is_told_by(&self, proof: &Proof) -> bool {
        let config = &self.config;
        let mut keys = config.keys.iter().map(Proof::of_key);
        let mut users = config.unix_users.iter().copied().map(Proof::of_user);
        let subjects = config.certificate_subjects.iter();
        let mut subjects = subjects.map(|one| Proof::of_subject(one));
        let mut names = config
            .certificate_names
            .iter()
            .map(|one| Proof::of_name(one));
        let mut apps = config.cf_apps.iter().map(|one| Proof::of_app(one));
        keys.any(|one| one == *proof)
            || users.any(|one| one == *proof)
            || subjects.any(|one| one == *proof)
            || names.any(|one| one == *proof)
            || apps.any(|one| one == *proof)
    }

    /// What a connection shows that tells this caller.
    fn told_by(&self, peer: &Peer) -> Option<Proof> {
        let config = &self.config;
        let user = peer.uid.filter(|uid| config.unix_users.contains(uid));
        if let Some(uid) = user {
            return Some(Proof::of_user(uid));
        }
        let shown = peer.certificate.as_deref()?;
        if config.certificate_subjects.contains(&shown.subject) {
            return Some(Proof::of_subject(&shown.subject));
        }
        let names = &config.certificate_names;
        if let Some(name) = shown.names.iter().find(|name| names.contains(name)) {
            return Some(Proof::of_name(name));
        }
        let app = shown.apps.iter().find(|app| config.cf_apps.contains(app))?;
        Some(Proof::of_app(app))
    }
}

/// Everybody who may ask.
#[derive(Debug)]
pub(crate) struct Callers {
    configured: Vec<Configured>,
    /// Whoever is on this machine, where nobody is configured.
    local: Known,
}

impl Callers {
    pub(crate) fn new(callers: &[CallerConfig]) -> Self {
        let configured = callers.iter().map(|config| Configured {
            config: config.clone(),
            caller: Arc::new(Caller {
                name: config.name.as_str().into(),
                policy: config.policy.clone(),
            }),
        });
        let local = Caller {
            name: LOCAL.into(),
            policy: Policy::of_this_machine(),
        };
        Self {
            configured: configured.collect(),
            local: Known {
                caller: Arc::new(local),
                proof: Proof::of("this machine"),
            },
        }
    }

    /// Finds who sends a request. A key that is shown decides, whatever else would tell. Where no
    /// caller is configured, whoever is on this machine and sends the required header is one.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        reach: Reach,
    ) -> Result<Known, Failure> {
        if self.configured.is_empty() {
            return match reach {
                Reach::Loopback => Rules::check_required(headers).map(|()| self.local.clone()),
                Reach::Callers | Reach::Nobody => Err(Failure::unauthorized()),
            };
        }
        match Credential::of(headers) {
            Credential::None => self.of_peer(peer).ok_or_else(Failure::unauthorized),
            Credential::Key(key) if !handle::is_handle(key) => {
                self.of_key(key).ok_or_else(Failure::wrong_key)
            }
            Credential::Key(_) | Credential::Unclear => Err(Failure::unauthorized()),
        }
    }

    /// The caller with this key. Every key is compared, whichever fits.
    pub(crate) fn of_key(&self, key: &str) -> Option<Known> {
        let hash = KeyHash::of(key);
        let mut found = None;
        for one in &self.configured {
            for key in &one.config.keys {
                if key.is_same(&hash) {
                    found = Some(&one.caller);
                }
            }
        }
        found.map(|caller| Known {
            caller: Arc::clone(caller),
            proof: Proof::of_key(&hash),
        })
    }

    /// The caller that the connection itself tells: by user, or by certificate.
    fn of_peer(&self, peer: &Peer) -> Option<Known> {
        self.configured.iter().find_map(|one| {
            let proof = one.told_by(peer)?;
            let caller = Arc::clone(&one.caller);
            Some(Known { caller, proof })
        })
    }

    /// The caller that something was granted to before, if what it showed then tells it still.
    pub(crate) fn vouched(&self, grant: &Grant, reach: Reach) -> Option<Arc<Caller>> {
        if self.configured.is_empty() {
            let local = &self.local;
            let is_local = grant.caller == *local.caller.name && grant.proof == local.proof;
            return (is_local && reach == Reach::Loopback).then(|| Arc::clone(&local.caller));
        }
        let mut all = self.configured.iter();
        let found = all.find(|one| *one.caller.name == *grant.caller)?;
        found
            .is_told_by(&grant.proof)
            .then(|| Arc::clone(&found.caller))
    }

    /// Says whether a user of this machine may connect at all.
    pub(crate) fn may_connect(&self, uid: u32, own: u32) -> bool {
        let is_known = |one: &Configured| one.config.unix_users.contains(&uid);
        uid == own || uid == 0 || self.configured.iter().any(is_known)
    }

    /// Says whether nobody is configured.
    pub(crate) const fn is_empty(&self) -> bool {
        self.configured.is_empty()
    }
}

/// What the headers of a request show of its sender.
enum Credential<'a> {
    /// Nothing that could be a key.
    None,
    /// A key, or a handle.
    Key(&'a str),
    /// Several of a kind, or no text.
    Unclear,
}

impl<'a> Credential<'a> {
    /// In a header of its own, or else as `Authorization: Bearer`, or `OAuth`, as older clients of
    /// Salesforce say.
    fn of(headers: &'a HeaderMap) -> Self {
        if headers.contains_key(KEY_HEADER) {
            return only(headers, &KEY_HEADER).map_or(Self::Unclear, Self::Key);
        }
        if !headers.contains_key(AUTHORIZATION) {
            return Self::None;
        }
        let Some(text) = only(headers, &AUTHORIZATION) else {
            return Self::Unclear;
        };
        let (scheme, text) = text.split_once(' ').unwrap_or((text, ""));
        let mut schemes = ["bearer", "oauth"].iter();
        match schemes.any(|one| scheme.eq_ignore_ascii_case(one)) {
            // Some clients send the word alone while they have nothing to show.
            true if !text.trim().is_empty() => Self::Key(text.trim()),
            _ => Self::None,
        }
    }
}

/// The key in a request, or the handle. Two of a kind are none.
pub(crate) fn shown_key(headers: &HeaderMap) -> Option<&str> {
    match Credential::of(headers) {
        Credential::Key(key) => Some(key),
        Credential::None | Credential::Unclear => None,
    }
}

/// The text of a header that stands once.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Counts wrong keys, so that who guesses is slowed down. Right keys are never refused.
#[derive(Debug, Default)]
pub(crate) struct WrongKeys(Mutex<HashMap<IpAddr, (UnixTime, u32)>>);

impl WrongKeys {
    /// Takes in a failure; one too many becomes "wait".
    pub(crate) fn judge(&self, failure: Failure, peer: Option<IpAddr>, now: UnixTime) -> Failure {
        let Some(peer) = peer.filter(|_| failure.may_be_guess()) else {
            return failure;
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ADDRESSES_MAX && !counts.contains_key(&peer) {
            counts.retain(|_, (since, _)| now.since(*since) < MINUTE);
            if counts.len() >= ADDRESSES_MAX {
                counts.clear();
            }
        }
        let (since, count) = counts.entry(peer).or_insert((now, 0));
        if now.since(*since) >= MINUTE || now < *since {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        if *count <= WRONG_KEYS_MAX {
            return failure;
        }
        let wait = MINUTE.saturating_sub(now.since(*since));
        Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_wrong_keys",
            "too many wrong keys came from this address",
        )
        .with_retry_after(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_of_whoever_is_on_this_machine_opens_nothing_elsewhere() {
        let callers = Callers::new(&[]);
        let grant = |proof: &Proof| Grant {
            caller: LOCAL.to_owned(),
            proof: proof.clone(),
            connection: "default".to_owned(),
            subject: None,
        };
        let own = grant(&callers.local.proof);
        assert!(callers.vouched(&own, Reach::Loopback).is_some());
        assert!(callers.vouched(&own, Reach::Nobody).is_none());
        let other = grant(&Proof::of("x"));
        assert!(callers.vouched(&other, Reach::Loopback).is_none());
    }
}
