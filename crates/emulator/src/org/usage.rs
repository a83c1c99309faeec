//! How often the API was called in the day, and how often it may be.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::clock::UnixTime;

/// What a Developer Edition org may call in a day.
pub(crate) const CALLS_MAX: u64 = 15_000;

/// The span that is counted.
const SPAN: Duration = Duration::from_secs(24 * 3_600);

/// Counts the calls of the API. The count starts anew with the emulator, and a day of the org's
/// time after the first call that it counts.
#[derive(Debug)]
pub(crate) struct Usage(Mutex<State>);

#[derive(Debug)]
struct State {
    count: Count,
    /// When the first of the calls was.
    since: UnixTime,
}

impl Default for Usage {
    fn default() -> Self {
        Self(Mutex::new(State {
            count: Count {
                calls: 0,
                max: CALLS_MAX,
            },
            since: UnixTime::from_secs(0),
        }))
    }
}

/// The count after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) calls: u64,
    pub(crate) max: u64,
}

impl Count {
    /// Whether the call was one too many.
    pub(crate) fn is_exceeded(self) -> bool {
        self.calls > self.max
    }
}

impl State {
    /// Forgets the calls of another day. A clock that was moved back begins a day, too.
    fn begin_day(&mut self, now: UnixTime) {
        if now < self.since || now.since(self.since) >= SPAN {
            self.count.calls = 0;
        }
    }
}

impl Usage {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one call.
    pub(crate) fn count(&self, now: UnixTime) -> Count {
        let mut state = self.state();
        state.begin_day(now);
        if state.count.calls == 0 {
            state.since = now;
        }
        state.count.calls = state.count.calls.saturating_add(1);
        state.count
    }

    /// The count as it stands.
    pub(crate) fn read(&self, now: UnixTime) -> Count {
        let mut state = self.state();
        state.begin_day(now);
        state.count
    }

    /// Starts the count anew.
    pub(crate) fn clear(&self) {
        self.state().count.calls = 0;
    }

    /// Sets how many calls there may be in a day.
    pub(crate) fn set_max(&self, max: u64) {
        self.state().count.max = max;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_starts_anew_a_day_after_its_first_call() {
        let usage = Usage::default();
        usage.set_max(1);
        let at = UnixTime::from_secs;
        assert!(!usage.count(at(1_000)).is_exceeded());
        assert!(usage.count(at(1_000 + 86_399)).is_exceeded());
        assert_eq!(usage.count(at(1_000 + 86_400)).calls, 1);
        assert_eq!(usage.count(at(2_000 + 86_400)).calls, 2);
        assert_eq!(usage.read(at(1_000 + 2 * 86_400)).calls, 0);
    }

    #[test]
    fn a_clock_that_was_moved_back_begins_a_day() {
        let usage = Usage::default();
        let at = UnixTime::from_secs;
        usage.count(at(10 * 86_400));
        assert_eq!(usage.count(at(5)).calls, 1);
        assert_eq!(usage.count(at(6)).calls, 2);
    }
}
