//! The passphrase of an encrypted key.
//!
//! Owns the question for it ([`Passphrases`]). Who answers, a terminal, a file or a variable, is
//! the caller's business; a passphrase is asked for only once it is known to be needed.

use std::fmt;

use accredit::error::Error;
use accredit::secret::Secret;

/// Somebody who may know the passphrase of a key.
pub trait Passphrases: Send + Sync + fmt::Debug {
    /// The passphrase of the key at `origin`; `None` if there is none to be had.
    ///
    /// # Errors
    /// What went wrong on the way to it: a file that cannot be read, a prompt that was interrupted.
    fn passphrase(&self, origin: &str) -> Result<Option<Secret<String>>, Error>;
}

/// Knows no passphrase: encrypted keys are refused by name.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPassphrase;

impl Passphrases for NoPassphrase {
    fn passphrase(&self, _origin: &str) -> Result<Option<Secret<String>>, Error> {
        Ok(None)
    }
}

/// One passphrase for every key.
impl Passphrases for Secret<String> {
    fn passphrase(&self, _origin: &str) -> Result<Option<Secret<String>>, Error> {
        Ok(Some(Self::new(self.expose().clone())))
    }
}
