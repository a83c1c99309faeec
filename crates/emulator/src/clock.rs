//! The org's time: it runs with a clock, stands still, or has been moved.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::clock::{Clock, UnixTime};

/// The last second that can be written as a date, in the year 9999.
pub(crate) const TIME_MAX: u64 = 253_402_207_200;

/// A clock that can be frozen and moved.
#[derive(Debug)]
pub(crate) struct OrgClock {
    base: Arc<dyn Clock>,
    motion: RwLock<Motion>,
}

/// How the org's time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// With the clock below, so much ahead of it.
    Running { ahead: Duration },
    /// Not at all.
    Frozen(UnixTime),
}

const IN_STEP: Motion = Motion::Running {
    ahead: Duration::ZERO,
};

impl OrgClock {
    /// A clock in step with `base`.
    pub(crate) const fn new(base: Arc<dyn Clock>) -> Self {
        Self {
            base,
            motion: RwLock::new(IN_STEP),
        }
    }

    /// The clock below.
    pub(crate) fn base(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.base)
    }

    pub(crate) fn motion(&self) -> Motion {
        *self.motion.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the clock at `now`.
    pub(crate) fn freeze(&self, now: UnixTime) {
        self.set(Motion::Frozen(now));
    }

    /// Puts the clock in step with the one below.
    pub(crate) fn run(&self) {
        self.set(IN_STEP);
    }

    /// Moves the clock forward; it stands still after that only if it did before.
    pub(crate) fn advance(&self, span: Duration) {
        let mut motion = self.motion.write().unwrap_or_else(PoisonError::into_inner);
        *motion = match *motion {
            Motion::Running { ahead } => Motion::Running {
                ahead: ahead.saturating_add(span),
            },
            Motion::Frozen(now) => Motion::Frozen(now.saturating_add(span)),
        };
    }

    fn set(&self, motion: Motion) {
        *self.motion.write().unwrap_or_else(PoisonError::into_inner) = motion;
    }
}

impl Clock for OrgClock {
    fn now(&self) -> UnixTime {
        match self.motion() {
            Motion::Running { ahead } => self.base.now().saturating_add(ahead),
            Motion::Frozen(now) => now,
        }
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        self.base.sleep(span)
    }
}
