//! Tokens and failures on their way through a store that is not to know them.
//!
//! Owns the seal: AES-256-GCM under the configured key, bound to the name under which something
//! is kept, so that nobody can put one in the place of another.

use std::fmt;

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::random::Random;
use accredit::secret::{AccessToken, Secret};
use accredit::source::{Expiry, Token};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The form of what is sealed.
const VERSION: u8 = 1;

/// Seals and opens what is shared.
pub(crate) struct Vault(LessSafeKey);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

/// A token as it is sealed.
#[derive(Serialize, Deserialize)]
struct Wire {
    text: String,
    instance_url: String,
    id: Option<String>,
    scope: Option<String>,
    issued_at: u64,
    expires_at: u64,
    is_known: bool,
}

impl Vault {
    /// With the key whose text is 32 bytes in base64.
    pub(crate) fn new(text: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let wrong = || {
            Error::setting(
                "the key of the store is not 32 bytes in base64, as `openssl rand -base64 32` \
                 makes them",
            )
        };
        let key = Zeroizing::new(
            STANDARD
                .decode(text.expose().trim_ascii())
                .map_err(|_| wrong())?,
        );
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| wrong())?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a token to be kept under `name`.
    pub(crate) fn seal(&self, name: &str, token: &Token, random: &dyn Random) -> Option<Vec<u8>> {
        let wire = Wire {
            text: token.access_token.expose().to_owned(),
            instance_url: token.instance_url.as_str().to_owned(),
            id: token.id.clone(),
            scope: token.scope.clone(),
            issued_at: token.issued_at.as_millis(),
            expires_at: token.expiry.at().as_millis(),
            is_known: matches!(token.expiry, Expiry::Known(_)),
        };
        self.seal_bytes(name, serde_json::to_vec(&wire).ok()?, random)
    }

    /// Seals bytes to be kept under `name`.
    pub(crate) fn seal_bytes(
        &self,
        name: &str,
        mut sealed: Vec<u8>,
        random: &dyn Random,
    ) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).ok()?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(unique, Aad::from(name.as_bytes()), &mut sealed)
            .ok()?;
        let mut whole = vec![VERSION];
        whole.extend_from_slice(&nonce);
        whole.append(&mut sealed);
        Some(whole)
    }

    /// Opens what was kept under `name`; `None` if it is no token of ours that may be used
    /// with that endpoint.
    pub(crate) fn open(&self, name: &str, whole: &[u8], endpoint: &TokenEndpoint) -> Option<Token> {
        let opened = self.open_bytes(name, whole)?;
        let wire: Wire = serde_json::from_slice(&opened).ok()?;
        let at = UnixTime::from_millis(wire.expires_at);
        Some(Token {
            access_token: AccessToken::new(wire.text).ok()?,
            instance_url: endpoint.accept_instance(&wire.instance_url).ok()?,
            id: wire.id,
            scope: wire.scope,
            issued_at: UnixTime::from_millis(wire.issued_at),
            expiry: match wire.is_known {
                true => Expiry::Known(at),
                false => Expiry::Assumed(at),
            },
        })
    }

    /// Seals a time to be kept under `name`.
    pub(crate) fn seal_time(
        &self,
        name: &str,
        time: UnixTime,
        random: &dyn Random,
    ) -> Option<Vec<u8>> {
        let bytes = time.as_millis().to_be_bytes();
        self.seal_bytes(name, bytes.to_vec(), random)
    }

    /// Opens a time that was kept under `name`.
    pub(crate) fn open_time(&self, name: &str, whole: &[u8]) -> Option<UnixTime> {
        let opened = self.open_bytes(name, whole)?;
        let bytes = opened.as_slice().try_into().ok()?;
        Some(UnixTime::from_millis(u64::from_be_bytes(bytes)))
    }

    /// Opens bytes that were kept under `name`; `None` if they were not sealed for it.
    pub(crate) fn open_bytes(&self, name: &str, whole: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (version, rest) = whole.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut sealed)
            .ok()
            .filter(|_| *version == VERSION)?;
        let length = opened.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

/// A name under which something is kept: it tells nobody which org or user it is of.
pub(crate) fn name_of(parts: &[&str]) -> String {
    let mut whole = Vec::new();
    for part in parts {
        // With its length before it, no part can pass for another.
        whole.extend_from_slice(&(part.len() as u64).to_be_bytes());
        whole.extend_from_slice(part.as_bytes());
    }
    accredit::secret::hex(digest(&SHA256, &whole).as_ref())
}
