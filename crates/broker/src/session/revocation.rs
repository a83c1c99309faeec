//! Letting go of tokens that are to be revoked.

use accredit::clock::UnixTime;
use accredit::source::Token;

use super::Session;

impl Session {
    /// Forgets the tokens that came until `until`; gives them.
    pub(crate) fn let_go(&self, until: UnixTime) -> Vec<Token> {
        let before = self.before().and_then(|before| before.cached.held());
        let all = [self.cached.held(), before].into_iter().flatten();
        let old: Vec<Token> = all.filter(|token| token.issued_at <= until).collect();
        for token in &old {
            self.invalidate(&token.access_token);
        }
        old
    }
}
