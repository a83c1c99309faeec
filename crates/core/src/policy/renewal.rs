//! What happens for a caller whose token a server refused.
//!
//! Owns the rule that a renewal takes nothing from others: the refused token is held until the next
//! one lands.

use super::{RefreshPolicy, Slot, Step};
use crate::clock::UnixTime;
use crate::secret::AccessToken;

impl Slot {
    /// Decides what happens at `now` for a caller whose token a server refused. That token is kept
    /// until the next one lands, for others may do well with it; this caller does not get it back.
    pub fn renew(&mut self, refused: &AccessToken, policy: &RefreshPolicy, now: UnixTime) -> Step {
        if let Some(step) = self.successor(refused, now) {
            return step;
        }
        match self.obstacle(policy, now) {
            None => {
                self.ask(policy, now);
                Step::Ask
            }
            Some(obstacle) => Step::Withhold(self.withheld(&obstacle)),
        }
    }

    /// What comes after a refused token without a request of its own: a newer token that is held,
    /// or the request that is under way.
    #[must_use]
    pub fn successor(&self, refused: &AccessToken, now: UnixTime) -> Option<Step> {
        let newer = self.valid_token(now);
        let newer = newer.filter(|token| !token.access_token.is_same(refused));
        match newer {
            Some(token) => Some(Step::Use(token)),
            None => self.is_asking.then_some(Step::Join),
        }
    }
}
