//! Another token in place of one that was refused.
//!
//! Owns who asks for it. Others keep the refused token until the next one lands: it may be good for
//! them.

use accredit::error::Error;
use accredit::secret::AccessToken;
use accredit::source::Token;

use super::Session;

impl Session {
    /// The token after `refused`, asked for if that is not held or under way.
    pub(crate) async fn renew(&self, refused: &AccessToken) -> Result<Token, Error> {
        let outcome = self.cached.renew(refused).await;
        match (outcome, self.outlived()) {
            (Err(error), Some(before)) => before.cached.renew(refused).await.map_err(|_| error),
            (outcome, _) => outcome,
        }
    }

    /// The token after `refused`, if it is held or under way.
    pub(crate) async fn successor(&self, refused: &AccessToken) -> Option<Token> {
        match (self.cached.successor(refused).await, self.outlived()) {
            (None, Some(before)) => before.cached.successor(refused).await,
            (token, _) => token,
        }
    }
}
