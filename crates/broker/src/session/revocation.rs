//! Letting go of tokens that are to be revoked.

use accredit::clock::UnixTime;
use accredit::source::Token;

use super::Session;

/// Which tokens are to be let go of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// All that are held.
    All,
    /// Those that were got here until a time of the clock here: what another replica got since, by
    /// its own clock, stays.
    GotHere(UnixTime),
}

impl Session {
    /// Forgets these tokens; gives them.
    pub(crate) fn let_go(&self, which: Which) -> Vec<Token> {
        let mut gone = Vec::new();
        if let Some(token) = self.cached.held().filter(|token| self.is_of(which, token)) {
            self.invalidate(&token.access_token);
            gone.push(token);
        }
        if let Some(before) = self.before() {
            gone.extend(before.let_go(which));
        }
        gone
    }

    fn is_of(&self, which: Which, token: &Token) -> bool {
        match which {
            Which::All => true,
            Which::GotHere(until) => {
                let is_own = self.record.exchange_of(&Ok(token.clone())).is_some();
                is_own && token.issued_at <= until
            }
        }
    }
}
