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
    /// Says whether a refusal by `resource` may cost a new session; if so, it counts as one.
    pub(super) fn allow(&self, resource: &str, now: UnixTime) -> bool {
        let mut renewals = self.lock();
        renewals.retain(|one| one.is_remembered(now));
        let waiting = renewals.iter().filter(|one| one.is_waiting(now)).count();
        if let Some(known) = renewals.iter_mut().find(|one| one.resource == resource) {
            let is_allowed = !known.is_waiting(now) && waiting < WAITING_MAX;
            if is_allowed {
                known.at = now;
                known.pause = known.pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            return is_allowed;
        }
        if waiting < WAITING_MAX {
            renewals.push(Renewal {
                resource: resource.to_owned(),
                at: now,
                pause: FIRST_PAUSE,
            });
        }
        waiting < WAITING_MAX
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
        let mut now = UnixTime::from_secs(1_795_219_200);
        for pause in [60, 120, 240, 300, 300] {
            assert!(renewals.allow("a", now), "{pause}");
            now = now.saturating_add(Duration::from_secs(pause - 1));
            assert!(!renewals.allow("a", now), "{pause}");
            now = now.saturating_add(Duration::from_secs(1));
        }
        assert!(renewals.allow("a", now));
        renewals.helped("a");
        assert!(renewals.allow("a", now));
        assert!(renewals.allow("b", now) && renewals.allow("c", now));
        assert!(!renewals.allow("d", now));
        assert!(renewals.lock().len() <= 2 * WAITING_MAX);
    }
}
