//! The keys that callers show: 256 random bits, kept as a hash.
//!
//! Owns their form and the comparison, which takes the same time whatever is shown. A key is
//! printed once, when it is made, and never again.

use std::fmt;

use accredit::error::Error;
use accredit::random::Random;
use accredit::secret::{Secret, hex};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// What a key begins with, so that a scanner for secrets knows one.
const PREFIX: &str = "acck_";

/// What a hash begins with.
const HASH_PREFIX: &str = "sha256:";

/// A key as a caller holds it.
#[derive(Debug)]
pub struct CallerKey(Secret<String>);

impl CallerKey {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if there are no random numbers.
    pub fn draw(random: &dyn Random) -> Result<Self, Error> {
        let mut bytes = [0; 32];
        random
            .fill(&mut bytes)
            .map_err(|source| Error::key("no random numbers for a key").with_source(source))?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self(Secret::new(text)))
    }

    /// The text that the caller sends.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the configuration keeps of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.expose())
    }
}

/// The SHA-256 of a key. From 256 random bits nobody finds the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key that was shown.
    #[must_use]
    pub fn of(key: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
        Self(hash)
    }

    /// Reads `sha256:` and 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) otherwise; the text, which may
    /// be the key itself, is not shown.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::setting(
                "expected sha256: and 64 hexadecimal digits, the hash that `accredit serve key \
                 new` prints (what stands here is not shown: it may be the key itself)",
            )
        };
        let digits = text.strip_prefix(HASH_PREFIX).ok_or_else(wrong)?;
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            let pair = digits.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(hash))
    }

    /// Says whether both are the same, in the same time whatever they are.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HASH_PREFIX}{}", hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use accredit::random::SeededRandom;

    use super::*;

    #[test]
    fn the_hash_of_a_new_key_is_read_back_and_is_that_of_no_other() {
        let random = SeededRandom::new(1);
        let key = CallerKey::draw(&random).unwrap();
        let hash = KeyHash::parse(&key.hash().to_string()).unwrap();
        assert!(hash.is_same(&KeyHash::of(key.expose())));
        let other = CallerKey::draw(&random).unwrap();
        assert!(!hash.is_same(&other.hash()));
        assert!(!format!("{key:?}").contains(key.expose()));
    }

    #[test]
    fn a_key_in_place_of_its_hash_is_not_shown() {
        let key = CallerKey::draw(&SeededRandom::new(2)).unwrap();
        for text in [key.expose(), "sha256:00", "sha256:zz", "", "md5:00"] {
            let error = KeyHash::parse(text).unwrap_err().to_string();
            assert!(!error.contains(key.expose()), "{error}");
        }
    }
}
