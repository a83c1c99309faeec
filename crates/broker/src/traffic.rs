//! How often an identity is used.
//!
//! Owns the uses of each of the last minutes, for the page and for who makes room for others.

use accredit::clock::UnixTime;

/// How many minutes of uses are remembered.
pub(crate) const MINUTES: usize = 60;

/// Uses in each of the last minutes, the present one last.
#[derive(Debug)]
pub(crate) struct Traffic {
    minute: u64,
    counts: [u32; MINUTES],
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            minute: 0,
            counts: [0; MINUTES],
        }
    }
}

impl Traffic {
    /// Moves on to the minute of `now`. A clock that was set back counts in the same minute.
    fn turn(&mut self, now: UnixTime) {
        let minute = now.as_secs() / 60;
        let passed = usize::try_from(minute.saturating_sub(self.minute)).unwrap_or(MINUTES);
        if passed > 0 {
            self.minute = minute;
            self.counts.rotate_left(passed.min(MINUTES));
            let kept = MINUTES.saturating_sub(passed);
            self.counts
                .iter_mut()
                .skip(kept)
                .for_each(|count| *count = 0);
        }
    }

    /// Counts a use.
    pub(crate) fn count(&mut self, now: UnixTime) {
        self.turn(now);
        if let Some(last) = self.counts.last_mut() {
            *last = last.saturating_add(1);
        }
    }

    /// The uses of each minute up to `now`.
    pub(crate) fn at(&mut self, now: UnixTime) -> [u32; MINUTES] {
        self.turn(now);
        self.counts
    }

    /// The minute of the last use or look, counted from the epoch.
    pub(crate) const fn minute(&self) -> u64 {
        self.minute
    }
}
