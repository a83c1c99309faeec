//! Whether a key, a request and a certificate belong together.
//!
//! Owns the comparison by public key, the only one that counts: names and dates may differ.

use std::fmt;

use accredit::error::Error;

use crate::description::Description;
use crate::kind::Kind;

/// One file in a comparison: what it is, and the fingerprint of its public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Where it came from.
    pub origin: String,
    /// Its format.
    pub kind: Kind,
    /// The SHA-256 of its public key as `SubjectPublicKeyInfo`, in hex.
    pub fingerprint: String,
}

/// Two files that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first file of all, to which each other is compared.
    pub first: Compared,
    /// The one that has another public key.
    pub other: Compared,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, other } = self;
        write!(
            f,
            "{} ({}, public key sha256:{}) does not belong to {} ({}, public key sha256:{})",
            other.origin,
            other.kind,
            other.fingerprint,
            first.origin,
            first.kind,
            first.fingerprint
        )
    }
}

/// Compares the public keys of `files`, each an origin and its description: those that differ from
/// the first. None means that all belong together.
///
/// # Errors
/// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if there are fewer than two, or one whose
/// public key cannot be seen, such as an encrypted key.
pub fn belongs_together(files: &[(&str, &Description)]) -> Result<Vec<Difference>, Error> {
    let compared: Vec<Compared> = files
        .iter()
        .map(|(origin, description)| compared(origin, description))
        .collect::<Result<_, _>>()?;
    let [first, others @ ..] = compared.as_slice() else {
        return Err(too_few(0));
    };
    if others.is_empty() {
        return Err(too_few(1));
    }
    Ok(others
        .iter()
        .filter(|other| other.fingerprint != first.fingerprint)
        .map(|other| Difference {
            first: first.clone(),
            other: other.clone(),
        })
        .collect())
}

fn compared(origin: &str, description: &Description) -> Result<Compared, Error> {
    let fingerprint = description.fingerprint.clone().ok_or_else(|| {
        Error::key(format!(
            "{origin}: found {}, whose public key cannot be seen; expected an unencrypted RSA key, \
             a public key, a request or a certificate",
            description.kind
        ))
    })?;
    Ok(Compared {
        origin: origin.to_owned(),
        kind: description.kind,
        fingerprint,
    })
}

fn too_few(count: usize) -> Error {
    Error::key(format!("found {count} to compare, expected at least two"))
}
