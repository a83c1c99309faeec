//! Letting go of tokens that are to be revoked.

use std::sync::{Arc, PoisonError};

use accredit::clock::UnixTime;
use accredit::source::Token;

use super::{Session, Sessions};

impl Session {
    /// Forgets the tokens that came until `until`; gives them.
    fn let_go(&self, until: UnixTime) -> Vec<Token> {
        let before = self.before().as_ref().map(Arc::clone);
        let all = [
            self.cached.held(),
            before.and_then(|before| before.cached.held()),
        ];
        let old = all.into_iter().flatten();
        let old: Vec<Token> = old.filter(|token| token.issued_at <= until).collect();
        for token in &old {
            self.invalidate(&token.access_token);
        }
        old
    }
}

impl Sessions {
    /// Forgets every token that came until `until`; gives each once.
    pub(crate) fn let_go(&self, until: UnixTime) -> Vec<Token> {
        let sessions: Vec<Arc<Session>> = {
            let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.values().map(Arc::clone).collect()
        };
        let mut tokens = Vec::<Token>::new();
        for token in sessions.iter().flat_map(|session| session.let_go(until)) {
            let is_known = |one: &Token| one.access_token.is_same(&token.access_token);
            if !tokens.iter().any(is_known) {
                tokens.push(token);
            }
        }
        tokens
    }
}
