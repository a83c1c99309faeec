//! Certificates and requests: what they say.
//!
//! Owns the facts that decide whether Salesforce will take a certificate: dates, signature, size,
//! and whose key it is. Builds no chain and trusts nobody: the key in it is all that a sign-in
//! uses.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::secret::hex;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, RsaParameters, UnparsedPublicKey};
use der::Decode as _;
use x509_cert::name::Name;
use x509_cert::request::CertReq;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::algorithm::{Algorithm, SignatureAlgorithm};
use crate::recipe::CERTIFICATE_LENGTH_MAX;
use crate::structure;

const DAY: u64 = 24 * 60 * 60;

/// The facts of an X.509 certificate.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Who issued it, as RFC 4514 writes names.
    pub issuer: String,
    /// Whether that is the subject itself.
    pub issued_by: Issuer,
    /// The serial number in hex, as `openssl x509 -serial` prints it.
    pub serial: String,
    /// The first moment at which it is valid.
    pub not_before: UnixTime,
    /// The last second in which it is valid.
    pub not_after: UnixTime,
    /// How it is signed.
    pub signature: SignatureAlgorithm,
    /// The SHA-256 of the DER in hex, as `openssl x509 -fingerprint -sha256` prints it without
    /// colons.
    pub fingerprint: String,
    /// The size in bytes as DER.
    pub der_length: usize,
    /// The size in bytes as PEM, with lines of 64 characters.
    pub pem_length: usize,
}

/// Whose signature a certificate carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The subject's own: names agree and the signature was verified.
    Itself,
    /// The subject's own by name, but the signature does not verify with its key.
    ItselfFalsely,
    /// The subject's own by name; the signature is of a kind that is not verified here.
    ItselfUnverified,
    /// Somebody else's.
    Other,
}

/// Where a moment lies in the life of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The certificate becomes valid in this long.
    NotYet(Duration),
    /// The certificate is valid for this much longer.
    Valid(Duration),
    /// The certificate ended this long ago.
    Expired(Duration),
}

impl Validity {
    /// Whole days that are left; 0 if it is not valid.
    #[must_use]
    pub const fn days_left(self) -> u64 {
        match self {
            Self::Valid(left) => left.as_secs() / DAY,
            Self::NotYet(_) | Self::Expired(_) => 0,
        }
    }
}

impl Certificate {
    /// Says whether the certificate is valid at `now` (RFC 5280 §4.1.2.5: both ends included).
    #[must_use]
    pub fn validity_at(&self, now: UnixTime) -> Validity {
        if now < self.not_before {
            Validity::NotYet(self.not_before.since(now))
        } else if now.as_secs() > self.not_after.as_secs() {
            Validity::Expired(now.since(self.not_after))
        } else {
            Validity::Valid(self.not_after.since(now))
        }
    }

    /// Says whether Salesforce's limit of 4 KB lets the PEM file in.
    #[must_use]
    pub const fn is_small_enough(&self) -> bool {
        self.pem_length <= CERTIFICATE_LENGTH_MAX
    }
}

/// What a certificate or a request says of its subject.
pub(crate) struct Holder {
    pub(crate) subject: String,
    pub(crate) public_key: SubjectPublicKeyInfoOwned,
}

/// Reads a request; `None` if it is damaged.
pub(crate) fn request(der: &[u8]) -> Option<Holder> {
    let request = CertReq::from_der(der).ok()?;
    Some(Holder {
        subject: printable(&request.info.subject),
        public_key: request.info.public_key,
    })
}

/// Reads a certificate; `None` if it is damaged.
pub(crate) fn certificate(der: &[u8]) -> Option<(Holder, Certificate)> {
    let parsed = x509_cert::Certificate::from_der(der).ok()?;
    let content = parsed.tbs_certificate();
    let public_key = content.subject_public_key_info().clone();
    let signature = SignatureAlgorithm::new(parsed.signature_algorithm().oid);
    let issued_by = if content.issuer() == content.subject() {
        verify(der, &public_key, signature, parsed.signature().as_bytes()?)
    } else {
        Issuer::Other
    };
    let facts = Certificate {
        issuer: printable(content.issuer()),
        issued_by,
        serial: serial(content.serial_number().as_bytes()),
        not_before: moment(content.validity().not_before),
        not_after: moment(content.validity().not_after),
        signature,
        fingerprint: hex(digest::digest(&digest::SHA256, der).as_ref()),
        der_length: der.len(),
        pem_length: pem_length(der.len()),
    };
    let holder = Holder {
        subject: printable(content.subject()),
        public_key,
    };
    Some((holder, facts))
}

fn moment(time: x509_cert::time::Time) -> UnixTime {
    UnixTime::from_secs(time.to_unix_duration().as_secs())
}

/// Upper case and without the zero that keeps a number positive.
fn serial(bytes: &[u8]) -> String {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => hex(rest).to_uppercase(),
        all => hex(all).to_uppercase(),
    }
}

/// Two lines of label, and lines of 64 digits, each with its line end.
const fn pem_length(der_length: usize) -> usize {
    const LABELS: usize = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".len();
    let digits = der_length.div_ceil(3) * 4;
    LABELS + digits + digits.div_ceil(64)
}

/// A name without characters that would command a terminal: a file is not to be trusted.
fn printable(name: &Name) -> String {
    let mut text = String::new();
    for letter in name.to_string().chars() {
        if letter.is_control() {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text
}

fn verify(
    der: &[u8],
    public_key: &SubjectPublicKeyInfoOwned,
    algorithm: SignatureAlgorithm,
    signed: &[u8],
) -> Issuer {
    let is_rsa = Algorithm::from_identifier(&public_key.algorithm) == Algorithm::Rsa;
    let key = public_key.subject_public_key.as_bytes();
    let (Some(verification), Some(key), true) = (verification(algorithm), key, is_rsa) else {
        return Issuer::ItselfUnverified;
    };
    let fields = structure::fields(der).unwrap_or_default();
    let is_good = fields.first().is_some_and(|content| {
        UnparsedPublicKey::new(verification, key)
            .verify(content.whole, signed)
            .is_ok()
    });
    if is_good {
        Issuer::Itself
    } else {
        Issuer::ItselfFalsely
    }
}

fn verification(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm.oid().to_string().as_str() {
        // Short keys and SHA-1 are verified to describe the file, never to trust it.
        "1.2.840.113549.1.1.5" => Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        "1.2.840.113549.1.1.11" => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        "1.2.840.113549.1.1.12" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.13" => Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}
