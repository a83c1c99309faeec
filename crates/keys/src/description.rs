//! Saying what a file is.
//!
//! Owns [`Description`], the facts that `key show` prints. Judges nothing: a weak key and an
//! expired certificate are described like any other.

use accredit::error::Error;
use accredit::key::PublicKey;
use accredit::secret::{Secret, hex};
use aws_lc_rs::digest;
use der::{Decode as _, Encode as _};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::algorithm::Algorithm;
use crate::certificate::{self, Certificate, Holder};
use crate::document::{Document, documents};
use crate::kind::Kind;
use crate::loading::{public_half, rsa_private_key};
use crate::opening;
use crate::passphrase::{NoPassphrase, Passphrases};
use crate::structure;

/// What one document in a file is. Holds no secret.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Description {
    /// The format.
    pub kind: Kind,
    /// What its key is for; `None` if that cannot be seen from outside.
    pub algorithm: Option<Algorithm>,
    /// The size of its key in bits (RSA: of the modulus; EC: of the curve).
    pub bits: Option<usize>,
    /// The SHA-256 of its public key as `SubjectPublicKeyInfo`, in hex: the same for a key, its
    /// request and its certificate. `None` where the public key cannot be seen.
    pub fingerprint: Option<String>,
    /// Its public key, if that is RSA; ask [`PublicKey::check_strength`] whether it is fit.
    pub public_key: Option<PublicKey>,
    /// Whom it is for, as RFC 4514 writes names: certificates and requests.
    pub subject: Option<String>,
    /// What only certificates say.
    pub certificate: Option<Certificate>,
}

/// Describes every document in `file`, in the order of the file; at least one.
///
/// Formats that are recognized but not read, and encrypted keys, give their [`Kind`] alone; PKCS#12
/// files without a passphrase, JSON Web Keys and JSON with PEM text inside give what is in them.
/// `origin` says where the bytes came from; it stands at the start of every error.
///
/// # Errors
/// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if the file is empty, damaged, larger than
/// [`FILE_LENGTH_MAX`](crate::FILE_LENGTH_MAX), or nothing that is known. No error quotes the file.
pub fn describe(file: &Secret<Vec<u8>>, origin: &str) -> Result<Vec<Description>, Error> {
    describe_with(file, origin, &NoPassphrase)
}

/// As [`describe`], looking into encrypted keys as well. `passphrases` is asked once, if something
/// is encrypted; without a passphrase that gives its [`Kind`] alone.
///
/// # Errors
/// As [`describe`], and if a passphrase is wrong.
pub fn describe_with(
    file: &Secret<Vec<u8>>,
    origin: &str,
    passphrases: &dyn Passphrases,
) -> Result<Vec<Description>, Error> {
    let (documents, _) = documents(file, origin)?;
    opening::open(documents, origin, passphrases)?
        .iter()
        .map(|document| {
            Description::of(document).map_err(|damage| Error::key(format!("{origin}: {damage}")))
        })
        .collect()
}

impl Description {
    /// Describes a key that signs elsewhere by its public half.
    #[must_use]
    pub fn of_remote(key: PublicKey) -> Self {
        Self::bare(Kind::Remote, Some(Algorithm::Rsa)).with_rsa(key)
    }

    fn of(document: &Document) -> Result<Self, String> {
        let der = document.der.expose().as_slice();
        let damaged = || format!("{} is damaged", document.kind);
        let described = Self::bare(document.kind, document.algorithm);
        match document.kind {
            Kind::Pkcs1PrivateKey => Ok(described.with_rsa(public_half(&rsa_private_key(der)?))),
            Kind::Pkcs8PrivateKey if document.algorithm == Some(Algorithm::Rsa) => {
                let fields = structure::fields(der).unwrap_or_default();
                let pkcs1 = fields.get(2).ok_or_else(damaged)?;
                Ok(described.with_rsa(public_half(&rsa_private_key(pkcs1.body)?)))
            }
            Kind::Pkcs1PublicKey => {
                let key = PublicKey::from_pkcs1_der(der).map_err(|_| damaged())?;
                Ok(described.with_rsa(key))
            }
            Kind::SpkiPublicKey => {
                let key = SubjectPublicKeyInfoOwned::from_der(der).map_err(|_| damaged())?;
                described.with_key(&key).ok_or_else(damaged)
            }
            Kind::Request => certificate::request(der)
                .and_then(|holder| described.with_holder(holder))
                .ok_or_else(damaged),
            Kind::Certificate => {
                let (holder, facts) = certificate::certificate(der).ok_or_else(damaged)?;
                let mut described = described.with_holder(holder).ok_or_else(damaged)?;
                described.certificate = Some(facts);
                Ok(described)
            }
            _ => Ok(described),
        }
    }

    const fn bare(kind: Kind, algorithm: Option<Algorithm>) -> Self {
        Self {
            kind,
            algorithm,
            bits: None,
            fingerprint: None,
            public_key: None,
            subject: None,
            certificate: None,
        }
    }

    fn with_rsa(mut self, key: PublicKey) -> Self {
        self.algorithm = Some(Algorithm::Rsa);
        self.bits = Some(key.bits());
        self.fingerprint = Some(key.fingerprint());
        self.public_key = Some(key);
        self
    }

    fn with_holder(mut self, holder: Holder) -> Option<Self> {
        self.subject = Some(holder.subject);
        self.with_key(&holder.public_key)
    }

    /// `None` if the key is damaged.
    fn with_key(mut self, key: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        let algorithm = Algorithm::from_identifier(&key.algorithm);
        if algorithm == Algorithm::Rsa {
            let numbers = key.subject_public_key.as_bytes()?;
            return Some(self.with_rsa(PublicKey::from_pkcs1_der(numbers).ok()?));
        }
        self.algorithm = Some(algorithm);
        self.bits = match algorithm {
            Algorithm::Ec(bits @ 1..) => Some(usize::from(bits)),
            _ => None,
        };
        let der = key.to_der().ok()?;
        self.fingerprint = Some(hex(digest::digest(&digest::SHA256, &der).as_ref()));
        Some(self)
    }
}
