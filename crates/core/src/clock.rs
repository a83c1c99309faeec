//! Time as an argument.
//!
//! Owns the moment ([`UnixTime`]) and the trait through which everything below the command line
//! learns what time it is. Wall-clock time is used on purpose: a session at Salesforce goes on
//! ageing while a laptop sleeps, and a monotonic clock does not.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::BoxFuture;

/// A moment: the time since 1970-01-01T00:00:00Z, leap seconds left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(Duration);

impl UnixTime {
    /// The moment `seconds` after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The moment `milliseconds` after the epoch.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// Whole seconds since the epoch, as in `exp` (RFC 7519 §2, NumericDate).
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment `span` later, or the last one that can be told.
    #[must_use]
    pub const fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// The moment `span` earlier, or the epoch.
    #[must_use]
    pub const fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is in truth later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UnixTime({}.{:03})",
            self.0.as_secs(),
            self.0.subsec_millis()
        )
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> UnixTime;

    /// Completes once `span` has passed on this clock.
    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the operating system. Sleeping needs a Tokio runtime with time enabled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the clock"
        )]
        let now = std::time::SystemTime::now();
        UnixTime(
            now.duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A clock that stands still until it is moved: for tests and for the emulator's frozen time.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<UnixTime>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Moves the clock forward and wakes those whose sleep is over.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.saturating_add(span));
    }

    /// Sets the clock, backwards if need be.
    pub fn set(&self, now: UnixTime) {
        self.0.send_replace(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        *self.0.borrow()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let mut times = self.0.subscribe();
        let until = times.borrow_and_update().saturating_add(span);
        Box::pin(async move {
            if times.wait_for(|now| *now >= until).await.is_err() {
                // The clock is gone: no time will ever pass on it again.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn sleep_ends_when_the_manual_clock_has_moved_far_enough() {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(100)));
        let sleep = clock.sleep(Duration::from_secs(10));
        clock.advance(Duration::from_secs(9));
        clock.advance(Duration::from_secs(1));
        sleep.await;
        assert_eq!(clock.now(), UnixTime::from_secs(110));
    }
}
