//! The key of a session, wherever it lies.
//!
//! Owns the change from one place of a key to another: the same key in a file, in a module or
//! behind a service. Which key it is never changes.

use std::sync::{Arc, Mutex, PoisonError};

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};

/// A signer that can be replaced by another one of the same key.
#[derive(Debug)]
pub(super) struct Signing {
    public: PublicKey,
    signer: Mutex<Arc<dyn Signer>>,
}

impl Signing {
    pub(super) fn new(signer: Arc<dyn Signer>) -> Self {
        Self {
            public: signer.public_key().clone(),
            signer: Mutex::new(signer),
        }
    }

    /// Takes another signer; one of another key is not taken.
    pub(super) fn replace(&self, signer: Arc<dyn Signer>) {
        if *signer.public_key() == self.public {
            *self.signer.lock().unwrap_or_else(PoisonError::into_inner) = signer;
        }
    }
}

impl Signer for Signing {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        let held = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        let signer = Arc::clone(&held);
        Box::pin(async move { signer.sign(message).await })
    }
}
