//! Whether a session is of use now, as far as that is known without asking anybody.

use std::time::Duration;

use accredit::clock::UnixTime;

use super::Session;

/// How long a refusal counts: after that it is time to ask again, and so for requests that do.
const REFUSED_FOR: Duration = Duration::from_secs(60);

impl Session {
    /// Says whether a token is held, or may be had: Salesforce has not refused the key, the app or
    /// the user a moment ago.
    pub(crate) fn is_of_use(&self, now: UnixTime) -> bool {
        let standing = self.standing(now);
        let is_refused = standing.failure.is_some_and(|(at, error)| {
            let is_for_good = error
                .refusal()
                .is_some_and(|refusal| !refusal.is_transient());
            is_for_good && now.since(at) < REFUSED_FOR
        });
        standing.token.is_some() || !is_refused
    }
}
