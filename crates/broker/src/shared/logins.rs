//! The logins of all replicas in the last hour, and how many more there may be.
//!
//! Owns the budget that replicas share: a burst, then one a minute, and never more than
//! [`LOGINS_MAX`] in any hour.

use std::time::Duration;

use accredit::clock::UnixTime;

use crate::record::LOGINS_MAX;
use crate::session::policy;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// The time between two logins in the long run.
const INTERVAL: Duration = Duration::from_secs(3600 / LOGINS_MAX as u64);

/// How far the clocks of replicas may differ.
const SKEW_MAX: Duration = Duration::from_secs(300);

/// The logins of the last hour, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Logins(pub(super) Vec<UnixTime>);

impl Logins {
    /// Those of the hour before `now`. One that is to come was counted by a clock that is ahead; or
    /// it is no time at all.
    fn of_hour(&self, now: UnixTime) -> impl Iterator<Item = UnixTime> {
        let is_of_hour = move |at: &UnixTime| now.since(*at) < HOUR && at.since(now) <= SKEW_MAX;
        self.0.iter().copied().filter(is_of_hour)
    }

    /// For how long the burst is not whole.
    fn owed(&self, now: UnixTime) -> Duration {
        let later = |whole_at: UnixTime, at| whole_at.max(at).saturating_add(INTERVAL);
        let whole_at = self.of_hour(now).fold(UnixTime::from_secs(0), later);
        whole_at.since(now)
    }

    /// How long to wait for the next, if there is one to wait for.
    pub(super) fn wait(&self, now: UnixTime) -> Option<Duration> {
        let of_burst = INTERVAL.saturating_mul(policy().burst.saturating_sub(1));
        let mut wait = self.owed(now).saturating_sub(of_burst);
        let count = self.of_hour(now).count();
        if let Some(first) = count
            .checked_sub(LOGINS_MAX as usize)
            .and_then(|over| self.of_hour(now).nth(over))
        {
            wait = wait.max(first.saturating_add(HOUR).since(now));
        }
        Some(wait.min(HOUR)).filter(|wait| !wait.is_zero())
    }

    /// How many there may be at once.
    pub(super) fn left(&self, now: UnixTime) -> u32 {
        let burst = policy().burst;
        let owed = self.owed(now).as_secs_f64() / INTERVAL.as_secs_f64();
        let of_burst = (0..=burst)
            .rev()
            .find(|left| owed + f64::from(*left) <= f64::from(burst))
            .unwrap_or(0);
        let count = u32::try_from(self.of_hour(now).count()).unwrap_or(u32::MAX);
        of_burst.min(LOGINS_MAX.saturating_sub(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_a_minute_and_sixty_in_any_hour() {
        let (mut logins, mut asked) = (Logins::default(), Vec::new());
        for second in 10_000..30_000 {
            let now = UnixTime::from_secs(second);
            let wait = logins.wait(now);
            assert_eq!(wait.is_none(), logins.left(now) > 0, "{second} {wait:?}");
            if wait.is_none() {
                logins.0.push(now);
                logins.0 = logins.0.split_off(logins.0.len().saturating_sub(60));
                asked.push(second);
            }
        }
        assert_eq!(asked[..6], [10_000, 10_001, 10_002, 10_003, 10_004, 10_060]);
        let busiest = asked.windows(61).all(|many| many[60] - many[0] >= 3600);
        assert!(busiest && asked.len() > 300, "{asked:?}");
    }

    #[test]
    fn times_that_nobody_can_have_counted_hold_back_nobody() {
        let now = UnixTime::from_secs(1_795_219_200);
        let odd = [0, 1, 1_795_219_200 - 3600, 1_795_300_000, u64::MAX];
        for at in odd.map(UnixTime::from_secs) {
            let logins = Logins(vec![at; 100]);
            assert_eq!((logins.wait(now), logins.left(now)), (None, 5), "{at:?}");
        }
        let ahead = Logins(vec![now.saturating_add(SKEW_MAX); 60]);
        assert!(ahead.wait(now).is_some_and(|wait| wait <= HOUR));
    }
}
