//! Keys that stay elsewhere.
//!
//! Owns what all of them share: work that blocks runs on a thread of its own, and no signature
//! leaves here that the public key does not verify.

use accredit::error::Error;
use accredit::key::PublicKey;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use tokio::sync::oneshot;

/// Runs `work`, which blocks, and waits for it without blocking.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (done, waiting) = oneshot::channel();
    let thread = std::thread::Builder::new().name("accredit-key".to_owned());
    thread
        .spawn(move || {
            // The receiver is gone if nobody waits any more.
            drop(done.send(work()));
        })
        .map_err(|source| Error::key("no thread to sign on").with_source(source))?;
    waiting
        .await
        .unwrap_or_else(|_| Err(Error::key("the signing was abandoned")))
}

/// Gives `signature` back if it is that of `message` by `key`.
pub(crate) fn verified(
    key: &PublicKey,
    message: &[u8],
    signature: Vec<u8>,
    who: &str,
) -> Result<Vec<u8>, Error> {
    let components = RsaPublicKeyComponents {
        n: key.modulus(),
        e: key.exponent(),
    };
    components
        .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        .map_err(|_| {
            Error::key(format!(
                "{who} gave a signature that its public key does not verify, expected one of \
                 RSASSA-PKCS1-v1_5 with SHA-256"
            ))
        })?;
    Ok(signature)
}
