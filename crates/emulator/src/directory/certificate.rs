//! The certificate of an app: an RSA key and the time in which it may be used.
//!
//! Owns what an upload may be. What is unfit is refused at upload, so that what is registered
//! verifies.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::key::PublicKey;
use accredit::secret::hex;
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use x509_cert::Certificate as X509;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::ObjectIdentifier;

use crate::json;
use crate::jws::VerifyingKey;

/// The largest certificate that Salesforce takes, in bytes.
const LENGTH_MAX: usize = 4 * 1024;

/// `rsaEncryption` (RFC 3279 §2.3.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Members of a JWK that are nobody's business but the signer's (RFC 7518 §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A certificate as it is uploaded and kept: the text, and a name for the key if it is to have one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Upload {
    /// A PEM certificate, or a JWK.
    Text(String),
    /// The same, registered under a name.
    Named {
        /// The PEM certificate.
        certificate: String,
        /// The `kid` that an assertion must carry, if it carries one.
        kid: String,
    },
}

/// A certificate, read and found fit.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) key: VerifyingKey,
    pub(crate) fingerprint: String,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Certificate {
    /// Reads an upload. The error says what was expected.
    pub(crate) fn read(upload: &Upload) -> Result<Self, String> {
        let (text, id) = match upload {
            Upload::Text(text) => (text.trim(), None),
            Upload::Named { certificate, kid } => (certificate.trim(), Some(kid)),
        };
        if text.len() > LENGTH_MAX {
            return Err(format!(
                "the certificate has {} bytes, expected at most {LENGTH_MAX}",
                text.len()
            ));
        }
        let certificate = if text.starts_with('{') {
            Self::from_jwk(text)?
        } else {
            Self::from_pem(text)?
        };
        Ok(match id {
            Some(id) => Self {
                key: certificate.key.with_id(id),
                ..certificate
            },
            None => certificate,
        })
    }

    fn from_jwk(text: &str) -> Result<Self, String> {
        let members = json::object(text.as_bytes())?;
        if let Some(name) = PRIVATE.into_iter().find(|name| members.contains_key(*name)) {
            return Err(format!(
                "the JWK holds a private key (member {name}), expected the public key alone: take \
                 its private members out, and the key out of use if it was sent over a network"
            ));
        }
        let key = VerifyingKey::from_jwk(text).map_err(|flaw| flaw.to_string())?;
        Ok(Self {
            fingerprint: key.public().fingerprint(),
            key,
            not_before: UnixTime::from_secs(0),
            not_after: UnixTime::from_secs(u64::MAX),
        })
    }

    fn from_pem(text: &str) -> Result<Self, String> {
        let blocks = pem::parse_many(text).map_err(|error| format!("no PEM text: {error}"))?;
        let [block] = blocks.as_slice() else {
            return Err(format!("expected one certificate, found {}", blocks.len()));
        };
        if block.tag() != "CERTIFICATE" {
            return Err(format!("expected a CERTIFICATE, found a {}", block.tag()));
        }
        let x509 = X509::from_der(block.contents())
            .map_err(|error| format!("the certificate is damaged: {error}"))?;
        let tbs = x509.tbs_certificate();
        let validity = tbs.validity();
        Ok(Self {
            key: rsa_key(tbs.subject_public_key_info())?,
            fingerprint: hex(digest::digest(&digest::SHA256, block.contents()).as_ref()),
            not_before: moment(validity.not_before.to_unix_duration()),
            not_after: moment(validity.not_after.to_unix_duration()),
        })
    }

    /// Says why the certificate may not be used at `now`, if so.
    pub(crate) fn flaw_at(&self, now: UnixTime) -> Option<String> {
        if now < self.not_before {
            let at = self.not_before.as_secs();
            return Some(format!("{}: valid from {at}", self.short()));
        }
        if now > self.not_after {
            let at = self.not_after.as_secs();
            return Some(format!("{}: expired at {at}", self.short()));
        }
        None
    }

    /// The start of the fingerprint: enough to tell certificates apart.
    pub(crate) fn short(&self) -> &str {
        self.fingerprint.get(..12).unwrap_or_default()
    }

    /// From when to when the certificate may be used.
    pub(crate) const fn validity(&self) -> (UnixTime, UnixTime) {
        (self.not_before, self.not_after)
    }
}

fn rsa_key(info: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> Result<VerifyingKey, String> {
    if info.algorithm.oid != RSA {
        return Err("the certificate holds no RSA key".to_owned());
    }
    let bits = info
        .subject_public_key
        .as_bytes()
        .ok_or("the certificate's key is damaged")?;
    let public = PublicKey::from_pkcs1_der(bits).map_err(|error| error.to_string())?;
    VerifyingKey::new(public).map_err(|flaw| flaw.to_string())
}

const fn moment(since_epoch: Duration) -> UnixTime {
    UnixTime::from_secs(since_epoch.as_secs())
}
