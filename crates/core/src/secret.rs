//! Values that must not be shown.
//!
//! Owns the wrapper that keeps text and bytes out of logs, errors and `Debug`, and wipes them when
//! dropped. Reading one is always the word `expose`, so a search for it lists every use.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use zeroize::Zeroize;

use crate::error::Error;

/// The longest access token that is accepted, in bytes. Salesforce's opaque tokens have about 112,
/// its JWT tokens below 3,000.
const ACCESS_TOKEN_LENGTH_MAX: usize = 8 * 1024;

/// A value that is wiped when dropped and never printed.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives the value itself. Keep it out of logs, errors and messages.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An access token (RFC 6749 §1.4): whoever holds the text may act for the user.
#[derive(Clone)]
pub struct AccessToken(Arc<Secret<String>>);

impl AccessToken {
    /// Accepts the text of a token as a server sent it.
    ///
    /// Allowed are the characters of RFC 6750 §2.1 and `!`, which Salesforce puts between the org
    /// and the session.
    ///
    /// # Errors
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) if the text is empty, longer than
    /// 8 KiB, or holds a character that may not stand in an `Authorization` header.
    pub fn new(text: String) -> Result<Self, Error> {
        let secret = Secret::new(text);
        let bytes = secret.expose().as_bytes();
        if bytes.is_empty() {
            return Err(Error::response("the access token in the reply is empty"));
        }
        if bytes.len() > ACCESS_TOKEN_LENGTH_MAX {
            return Err(Error::response(format!(
                "the access token in the reply has {} bytes, expected at most \
                 {ACCESS_TOKEN_LENGTH_MAX}",
                bytes.len()
            )));
        }
        if let Some(at) = bytes.iter().position(|byte| !is_token_byte(*byte)) {
            return Err(Error::response(format!(
                "the access token in the reply holds a character at position {at} that no access \
                 token has"
            )));
        }
        Ok(Self(Arc::new(secret)))
    }

    /// Gives the text for an `Authorization: Bearer` header.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Names the token without giving it away: the first six bytes of its SHA-256 in hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.expose().as_bytes())
    }

    /// Says whether both are the same token.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(
            self.expose().as_bytes(),
            other.expose().as_bytes(),
        )
        .is_ok()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken(sha256:{})", self.fingerprint())
    }
}

/// The first six bytes of the SHA-256 of `bytes` in hex: enough to tell secrets apart in a log.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .get(..6)
        .unwrap_or_default())
}

/// Lower-case hexadecimal digits of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        let token = AccessToken::new("00D!AQ4AQ".to_owned()).unwrap();
        assert!(!format!("{token:?}").contains("AQ4AQ"));
    }

    #[test]
    fn a_token_that_would_break_a_header_is_refused() {
        for text in ["", "a b", "a\r\nX: y", "a\u{e9}", &"a".repeat(8 * 1024 + 1)] {
            assert!(AccessToken::new(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
