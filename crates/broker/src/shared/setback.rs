//! A failure of one replica, as the others learn of it.
//!
//! Owns how long nobody asks after it and what those who wait are told. It lies sealed in the
//! store, so that nobody else can make replicas wait; and none waits for longer than an hour.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::error::{Error, ErrorKind};
use accredit::oauth::{ErrorCode, ErrorResponse};
use serde::{Deserialize, Serialize};

use super::logins::HOUR;
use crate::session::policy;

/// The longest text that is handed on, in characters.
const TEXT_MAX: usize = 600;

/// A failure, and the time until when nobody asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Setback {
    /// In milliseconds since the epoch.
    until: u64,
    /// How many there have been in a row.
    count: u32,
    what: String,
    refusal: Option<Refusal>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Refusal {
    status: u16,
    error: String,
    description: Option<String>,
}

/// Says whether a failure is of the identity, not of the replica: Salesforce refused, or is down.
/// What is wrong with a key, its place or the network here concerns no other replica.
pub(super) fn is_of_all(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused => true,
        ErrorKind::Response => error.status().is_some_and(|status| status >= 500),
        _ => false,
    }
}

impl Setback {
    /// After a failure nobody asks for a while: all replicas together are as patient as one.
    pub(super) fn after(last: Option<&Self>, error: &Error, now: UnixTime) -> Self {
        let policy = policy();
        let count = last.map_or(0, |last| last.count).saturating_add(1);
        let is_rate_limit = error.refusal().is_some_and(ErrorResponse::is_rate_limit);
        let own = if is_rate_limit || !error.is_transient() {
            policy.permanent_pause.after(count)
        } else if count >= policy.breaker_threshold {
            policy.transient_pause.longest
        } else {
            policy.transient_pause.after(count)
        };
        let pause = own.max(error.retry_after().unwrap_or_default()).min(HOUR);
        Self {
            until: now.saturating_add(pause).as_millis(),
            count,
            what: error.to_string().chars().take(TEXT_MAX).collect(),
            refusal: error.refusal().map(|refusal| Refusal {
                status: error.status().unwrap_or_default(),
                error: refusal.error.to_string(),
                description: refusal.error_description.clone(),
            }),
        }
    }

    /// How long it is to be remembered: as long as it may matter for the next one.
    pub(super) fn span(&self, now: UnixTime) -> Duration {
        UnixTime::from_millis(self.until).since(now) + HOUR
    }

    /// What those are told who may not ask now.
    pub(super) fn told(&self, now: UnixTime) -> Option<Error> {
        let wait = UnixTime::from_millis(self.until).since(now).min(HOUR);
        if wait.is_zero() {
            return None;
        }
        let what = format!(
            "no token was asked for: another try failed a moment ago ({})",
            self.what
        );
        let told = Error::withheld(what, wait);
        Some(match &self.refusal {
            None => told,
            Some(refusal) => {
                let response = ErrorResponse {
                    error: ErrorCode::parse(&refusal.error),
                    error_description: refusal.description.clone(),
                };
                told.caused_by(Error::refused(refusal.status, response))
            }
        })
    }
}
