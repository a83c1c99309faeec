//! How often refusals by a resource may cost a new session.
//!
//! Owns the memory of which resources made us sign in again, for one session. What is refused with
//! the new session as well was not the session's fault: it costs no other one for a minute, then
//! two, then four, then five. Other resources are not held up by it, unless there
//! are many of the kind.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::clock::UnixTime;

/// How long a resource waits for its second new session.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// The longest that it waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// From how many resources on that wait, nobody gets a new session: then it is the session.
const WAITING_MAX: usize = 3;

/// How many resources are remembered.
const REMEMBERED_MAX: usize = 16;

/// What was renewed for whom, and not seen to help.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<Vec<Renewal>>);

#[derive(Debug)]
struct Renewal {
    resource: String,
    at: UnixTime,
    pause: Duration,
}

impl Renewal {
    fn is_waiting(&self, now: UnixTime) -> bool {
        // A clock that was set back lets nobody wait for long.
        self.at <= now && now.since(self.at) < self.pause
    }

    /// Says whether it still counts when the same is asked for again.
    fn is_remembered(&self, now: UnixTime) -> bool {
        self.at <= now && now.since(self.at) < self.pause.saturating_mul(4)
    }
}

impl Renewals {
    /// Says whether a refusal by `resource` may cost a new session.
    pub(super) fn may_cost(&self, resource: &str, now: UnixTime) -> bool {
        let mut renewals = self.lock();
        renewals.retain(|one| one.is_remembered(now));
        let mut waiting = renewals.iter().filter(|one| one.is_waiting(now));
        let is_waiting = waiting.clone().any(|one| one.resource == resource);
        !is_waiting && waiting.nth(WAITING_MAX - 1).is_none()
    }

    /// Takes in that a refusal by `resource` cost a new session. Those who waited for the same one
    /// count once.
    pub(super) fn cost(&self, resource: &str, now: UnixTime) {
        let mut renewals = self.lock();
        match renewals.iter_mut().find(|one| one.resource == resource) {
            Some(known) if known.is_waiting(now) => {}
            Some(known) => {
                known.at = now;
                known.pause = known.pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            None => {
                if renewals.len() >= REMEMBERED_MAX {
                    renewals.remove(0);
                }
                renewals.push(Renewal {
                    resource: resource.to_owned(),
                    at: now,
                    pause: FIRST_PAUSE,
                });
            }
        }
    }

    /// Takes in that the new session was what `resource` needed.
    pub(super) fn helped(&self, resource: &str) {
        self.lock().retain(|one| one.resource != resource);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Renewal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_waits_longer_each_time_until_a_new_session_helps() {
        let renewals = Renewals::default();
        let allow = |resource: &str, now| {
            let may_cost = renewals.may_cost(resource, now);
            if may_cost {
                renewals.cost(resource, now);
            }
            may_cost
        };
        let mut now = UnixTime::from_secs(1_795_219_200);
        for pause in [60, 120, 240, 300, 300] {
            assert!(allow("a", now), "{pause}");
            now = now.saturating_add(Duration::from_secs(pause - 1));
            assert!(!allow("a", now), "{pause}");
            now = now.saturating_add(Duration::from_secs(1));
        }
        assert!(allow("a", now));
        renewals.helped("a");
        assert!(allow("a", now));
        assert!(allow("b", now) && allow("c", now));
        assert!(!allow("d", now));
        assert!(renewals.lock().len() <= REMEMBERED_MAX);
    }
}
