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

use crate::caller_key::KeyHash;
use crate::config::{CallerConfig, Policy};
use crate::exposure::{self, Reach};
use crate::failure::Failure;
use crate::peer::{Peer, Shown};

/// A header for the caller's key, for programs that need `Authorization` for something else.
pub(crate) const KEY_HEADER: HeaderName = HeaderName::from_static("accredit-key");

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

/// A caller, and what tells it.
#[derive(Debug)]
struct Known {
    config: CallerConfig,
    caller: Arc<Caller>,
}

/// Everybody who may ask.
#[derive(Debug)]
pub(crate) struct Callers {
    known: Vec<Arc<Known>>,
    local: Arc<Caller>,
}

impl Callers {
    pub(crate) fn new(callers: &[CallerConfig]) -> Self {
        let mut known = Vec::new();
        for config in callers {
            let caller = Arc::new(Caller {
                name: config.name.as_str().into(),
                policy: config.policy.clone(),
            });
            known.push(Arc::new(Known {
                config: config.clone(),
                caller,
            }));
        }
        let local = Caller {
            name: "local".into(),
            policy: Policy::of_this_machine(),
        };
        Self {
            known,
            local: Arc::new(local),
        }
    }

    /// Finds who sends a request. Where no caller is configured, whoever is on this machine and
    /// sends the required header is one.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        reach: Reach,
    ) -> Result<Arc<Caller>, Failure> {
        if self.known.is_empty() {
            return match reach {
                Reach::Loopback if exposure::has_required(headers) => Ok(Arc::clone(&self.local)),
                Reach::Loopback => Err(Failure::forbidden(
                    "the header Accredit-Request: true is required here, once",
                )),
                Reach::Callers | Reach::Nobody => Err(Failure::unauthorized()),
            };
        }
        let shown = shown_key(headers).and_then(|key| self.of_key(key));
        shown
            .or_else(|| self.of_peer(peer))
            .ok_or_else(Failure::unauthorized)
    }

    /// The caller with this key. Every key is compared, whichever fits.
    pub(crate) fn of_key(&self, key: &str) -> Option<Arc<Caller>> {
        let hash = KeyHash::of(key);
        let mut found = None;
        for known in &self.known {
            for key in &known.config.keys {
                if key.is_same(&hash) {
                    found = Some(Arc::clone(&known.caller));
                }
            }
        }
        found
    }

    /// The caller that the connection itself tells: by user, or by certificate.
    fn of_peer(&self, peer: &Peer) -> Option<Arc<Caller>> {
        let certificate = peer.certificate.as_deref();
        let is_told = |config: &CallerConfig| {
            let by_user = peer.uid.is_some_and(|uid| config.unix_users.contains(&uid));
            by_user || certificate.is_some_and(|shown| is_named(config, shown))
        };
        let known = self.known.iter().find(|known| is_told(&known.config));
        known.map(|known| Arc::clone(&known.caller))
    }

    /// Says whether a user of this machine may connect at all.
    pub(crate) fn may_connect(&self, uid: u32, own: u32) -> bool {
        let is_known = |known: &Arc<Known>| known.config.unix_users.contains(&uid);
        uid == own || uid == 0 || self.known.iter().any(is_known)
    }

    /// Finds a caller by name, for what was granted to it before.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Caller>> {
        let all = self.known.iter().map(|known| &known.caller);
        let found = all.into_iter().find(|caller| &*caller.name == name);
        match found {
            Some(caller) => Some(Arc::clone(caller)),
            None if self.known.is_empty() => {
                Some(Arc::clone(&self.local)).filter(|local| &*local.name == name)
            }
            None => None,
        }
    }

    /// Says whether nobody is configured.
    pub(crate) const fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// Says whether a certificate is one of a caller's.
fn is_named(config: &CallerConfig, shown: &Shown) -> bool {
    config.certificate_subjects.contains(&shown.subject)
        || shown
            .names
            .iter()
            .any(|name| config.certificate_names.contains(name))
        || shown.apps.iter().any(|app| config.cf_apps.contains(app))
}

/// The key in a request: in a header of its own, or else as a bearer token. Two of a kind are none.
pub(crate) fn shown_key(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key(KEY_HEADER) {
        return only(headers, &KEY_HEADER);
    }
    bearer(headers)
}

/// The text of the one `Authorization: Bearer`, or `OAuth`, as older clients of Salesforce say.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, text) = only(headers, &AUTHORIZATION)?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    Some(text.trim()).filter(|text| is_bearer && !text.is_empty())
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
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
        let Some(peer) = peer.filter(|_| failure.status == StatusCode::UNAUTHORIZED) else {
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
