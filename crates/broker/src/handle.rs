//! Handles: what a client gets in place of a token, good at this broker alone and not for long.
//!
//! Owns their form. A handle is sealed (AES-256-GCM), not remembered: every replica with the same
//! key opens it, and nothing grows. It names a caller and a connection; what they may do is decided
//! anew at each use.

use std::fmt;
use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::random::Random;
use accredit::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::caller::Proof;

/// What a handle begins with.
const PREFIX: &str = "acch_";

/// What is sealed is a handle and nothing else.
const CONTEXT: &[u8] = b"accredit handle 2";

/// How long a handle is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// The longest handle that is opened, in bytes.
const LENGTH_MAX: usize = 4 * 1024;

/// What a handle stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// The name of the caller.
    pub(crate) caller: String,
    /// What the caller showed of itself.
    pub(crate) proof: Proof,
    /// The name of the connection.
    pub(crate) connection: String,
    /// The user, if it is not the connection's own.
    pub(crate) subject: Option<String>,
}

/// What is in a handle.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    grant: Grant,
    /// The end, in seconds since 1970.
    expires_at: u64,
}

/// Seals and opens handles.
pub(crate) struct Handles(LessSafeKey);

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handles(..)")
    }
}

impl Handles {
    /// With a key of its own: handles end with the process.
    pub(crate) fn draw(random: &dyn Random) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        let none = |source| Error::key("no random numbers for a key").with_source(source);
        random.fill(key.as_mut()).map_err(none)?;
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref())
            .map_err(|_| Error::key("a key for handles could not be made"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// With a key that replicas share, so that each opens what another sealed.
    pub(crate) fn shared(secret: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let mut text = Zeroizing::new(CONTEXT.to_vec());
        text.extend_from_slice(secret.expose().trim_ascii());
        let key = UnboundKey::new(&AES_256_GCM, digest(&SHA256, &text).as_ref())
            .map_err(|_| Error::key("a key for handles could not be made"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Makes a handle that is good from `now`; `None` if there are no random numbers.
    pub(crate) fn seal(&self, grant: Grant, now: UnixTime, random: &dyn Random) -> Option<String> {
        let expires_at = now.saturating_add(LIFETIME).as_secs();
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).ok()?;
        let mut sealed = serde_json::to_vec(&Content { grant, expires_at }).ok()?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(unique, Aad::from(CONTEXT), &mut sealed)
            .ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut sealed);
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(whole)))
    }

    /// What a handle stands for, if it is one of ours and still good at `now`.
    pub(crate) fn open(&self, handle: &str, now: UnixTime) -> Option<Grant> {
        let text = handle.strip_prefix(PREFIX)?;
        if handle.len() > LENGTH_MAX {
            return None;
        }
        let whole = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(CONTEXT), &mut sealed)
            .ok()?;
        let content: Content = serde_json::from_slice(opened).ok()?;
        (now.as_secs() < content.expires_at).then_some(content.grant)
    }
}

/// Says whether a credential is meant to be a handle.
pub(crate) fn is_handle(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use accredit::random::SeededRandom;

    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

    #[test]
    fn a_handle_is_good_for_an_hour_and_only_as_it_was_made() {
        let random = SeededRandom::new(1);
        let handles = Handles::draw(&random).unwrap();
        let grant = Grant {
            caller: "billing".to_owned(),
            proof: Proof::of("x"),
            connection: "default".to_owned(),
            subject: None,
        };
        let handle = handles.seal(grant.clone(), NOW, &random).unwrap();
        assert_eq!(handles.open(&handle, NOW).unwrap(), grant);
        assert!(
            handles
                .open(&handle, NOW.saturating_add(LIFETIME))
                .is_none()
        );
        assert!(!handle.contains("billing") && !format!("{handles:?}").contains("billing"));
        let other = Handles::draw(&random).unwrap();
        assert!(other.open(&handle, NOW).is_none());
        for at in PREFIX.len()..handle.len() {
            let mut bent = handle.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert!(
                handles
                    .open(&String::from_utf8(bent).unwrap(), NOW)
                    .is_none(),
                "{at}"
            );
        }
    }
}
