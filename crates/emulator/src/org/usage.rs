//! How often the API was called, and how often it may be.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a Developer Edition org may call in a day.
const CALLS_MAX: u64 = 15_000;

/// Counts the calls of the API. The count starts anew with the emulator.
#[derive(Debug)]
pub(crate) struct Usage {
    calls: AtomicU64,
    max: AtomicU64,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            calls: AtomicU64::new(0),
            max: AtomicU64::new(CALLS_MAX),
        }
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

impl Usage {
    /// Counts one call.
    pub(crate) fn count(&self) -> Count {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        Count {
            calls,
            max: self.max.load(Ordering::Relaxed),
        }
    }

    /// The count as it stands.
    pub(crate) fn read(&self) -> Count {
        Count {
            calls: self.calls.load(Ordering::Relaxed),
            max: self.max.load(Ordering::Relaxed),
        }
    }

    /// Starts the count anew.
    pub(crate) fn clear(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    /// Sets how many calls there may be in all.
    pub(crate) fn set_max(&self, max: u64) {
        self.max.store(max, Ordering::Relaxed);
    }
}
