//! Pauses between two questions: how long they are, and whose clock they take.
//!
//! Owns the one place that sleeps. Whoever asks again and again takes a [`Pause`], so that a test
//! waits for nothing.

use std::fmt::Debug;
use std::time::Duration;

/// Lets time pass.
pub(crate) trait Pause: Debug + Send + Sync {
    /// Comes back after `span`.
    fn pause(&self, span: Duration);
}

/// Sleeps.
#[derive(Debug)]
pub(crate) struct Sleep;

impl Pause for Sleep {
    fn pause(&self, span: Duration) {
        #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
        std::thread::sleep(span);
    }
}

/// Pauses that double from `next` to `longest`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(crate) const fn doubling(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
        }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let this = self.next;
        self.next = (this * 2).min(self.longest);
        Some(this)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Writes down how long it should have waited.
    #[derive(Debug, Default)]
    pub(crate) struct Noted(pub(crate) Mutex<Vec<Duration>>);

    impl Pause for Noted {
        fn pause(&self, span: Duration) {
            self.0.lock().unwrap().push(span);
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds = Duration::from_secs;
        let pauses = Pauses::doubling(seconds(1), seconds(5));
        let first: Vec<u64> = pauses.take(5).map(|span| span.as_secs()).collect();
        assert_eq!(first, [1, 2, 4, 5, 5]);
    }
}
