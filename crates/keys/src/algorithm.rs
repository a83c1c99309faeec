//! The algorithms of keys and signatures, by object identifier.
//!
//! Owns their names and which of them are no longer safe. Computes nothing.

use std::fmt;

use der::Decode as _;
use der::asn1::ObjectIdentifier;
use der::oid::db;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// What kind of mathematics a key is for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA: the only one that Salesforce takes for assertions.
    Rsa,
    /// RSA restricted to PSS signatures (RFC 4055).
    RsaPss,
    /// Elliptic curves (ECDSA, ECDH) with the size of the curve in bits; 0 if it is not a known
    /// one.
    Ec(u16),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// Ed448 (RFC 8032).
    Ed448,
    /// X25519 or X448 (RFC 7748): cannot sign.
    Agreement,
    /// DSA.
    Dsa,
    /// Something else.
    Other,
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const X448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.111");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");

impl Algorithm {
    /// Reads an `AlgorithmIdentifier` in DER; one that cannot be read is [`Other`](Self::Other).
    pub(crate) fn from_der(identifier: &[u8]) -> Self {
        AlgorithmIdentifierOwned::from_der(identifier)
            .map_or(Self::Other, |identifier| Self::from_identifier(&identifier))
    }

    pub(crate) fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Self {
        match identifier.oid {
            RSA => Self::Rsa,
            RSA_PSS => Self::RsaPss,
            EC => Self::Ec(
                identifier
                    .parameters
                    .as_ref()
                    .and_then(|curve| curve.decode_as().ok())
                    .map_or(0, curve_bits),
            ),
            ED25519 => Self::Ed25519,
            ED448 => Self::Ed448,
            X25519 | X448 => Self::Agreement,
            DSA => Self::Dsa,
            _ => Self::Other,
        }
    }
}

fn curve_bits(curve: ObjectIdentifier) -> u16 {
    match curve {
        db::rfc5912::SECP_256_R_1 => 256,
        db::rfc5912::SECP_384_R_1 => 384,
        db::rfc5912::SECP_521_R_1 => 521,
        _ => 0,
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa => f.write_str("RSA"),
            Self::RsaPss => f.write_str("RSA-PSS"),
            Self::Ec(0) => f.write_str("EC"),
            Self::Ec(bits) => write!(f, "EC P-{bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::Agreement => f.write_str("X25519 or X448"),
            Self::Dsa => f.write_str("DSA"),
            Self::Other => f.write_str("unknown"),
        }
    }
}

/// Whether a signature can still be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Nothing is known against it.
    Sound,
    /// Made with MD2, MD4, MD5 or SHA-1, for which collisions can be computed.
    Weak,
}

/// How a certificate or a request is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureAlgorithm(ObjectIdentifier);

impl SignatureAlgorithm {
    pub(crate) const fn new(oid: ObjectIdentifier) -> Self {
        Self(oid)
    }

    pub(crate) const fn oid(self) -> ObjectIdentifier {
        self.0
    }

    /// Says whether the digest of the signature is broken.
    #[must_use]
    pub fn strength(self) -> Strength {
        const WEAK: [&str; 9] = [
            "1.2.840.113549.1.1.2", // md2WithRSAEncryption
            "1.2.840.113549.1.1.3", // md4WithRSAEncryption
            "1.2.840.113549.1.1.4", // md5WithRSAEncryption
            "1.2.840.113549.1.1.5", // sha1WithRSAEncryption
            "1.3.14.3.2.3",         // md5WithRSA of OIW
            "1.3.14.3.2.29",        // sha1WithRSA of OIW
            "1.3.14.3.2.27",        // dsaWithSHA1 of OIW
            "1.2.840.10040.4.3",    // dsa-with-sha1
            "1.2.840.10045.4.1",    // ecdsa-with-SHA1
        ];
        if WEAK.contains(&self.0.to_string().as_str()) {
            Strength::Weak
        } else {
            Strength::Sound
        }
    }
}

/// The name in its standard, such as `sha256WithRSAEncryption`; the dotted number if it has none.
impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match db::DB.by_oid(&self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureAlgorithm({self})")
    }
}
