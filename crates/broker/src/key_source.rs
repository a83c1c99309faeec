//! Where keys come from: the joint to the outside.
//!
//! Owns what a broker asks of it, and what it holds of a key. How a reference is written and read
//! is the business of whoever starts the broker.

use std::fmt;
use std::sync::Arc;

use accredit::BoxFuture;
use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::key::Signer;
use accredit::secret::Secret;

/// Reads keys by reference.
pub trait KeySource: Send + Sync + fmt::Debug {
    /// Reads the key that `reference` names, as it is now.
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>>;

    /// Reads a secret of the broker: a URL that was given as it is, or what `env:NAME` or a file
    /// holds.
    fn secret(&self, reference: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>>;

    /// Reads a file of the listener, as it is now.
    fn file(&self, path: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>>;
}

/// A key that can sign, and what is known of its certificate.
#[derive(Clone, Debug)]
pub struct HeldKey {
    /// Signs.
    pub signer: Arc<dyn Signer>,
    /// The end of the certificate that came with the key, if one did.
    pub certificate_ends: Option<UnixTime>,
}
