//! What a file, or one PEM block of it, can be.
//!
//! Owns the list of formats that are told apart, and their names. Which of them can sign is decided
//! in `loading`.

use std::fmt;

/// A format that is recognized. Not all of them are read: see [`describe`](crate::describe()).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `RSAPrivateKey` (RFC 8017 §A.1.2): `BEGIN RSA PRIVATE KEY`.
    Pkcs1PrivateKey,
    /// `PrivateKeyInfo` (RFC 5208), RSA or other: `BEGIN PRIVATE KEY`.
    Pkcs8PrivateKey,
    /// `ECPrivateKey` (RFC 5915): `BEGIN EC PRIVATE KEY`.
    Sec1PrivateKey,
    /// A DSA key in the form of OpenSSL.
    DsaPrivateKey,
    /// `EncryptedPrivateKeyInfo` (RFC 5208): `BEGIN ENCRYPTED PRIVATE KEY`.
    EncryptedPkcs8,
    /// A PEM block that is encrypted as a whole (RFC 1421 headers, `DEK-Info`).
    EncryptedPem,
    /// `BEGIN OPENSSH PRIVATE KEY`.
    OpensshPrivateKey,
    /// A PuTTY key (`.ppk`).
    PuttyPrivateKey,
    /// `SubjectPublicKeyInfo` (RFC 5280): `BEGIN PUBLIC KEY`.
    SpkiPublicKey,
    /// `RSAPublicKey` (RFC 8017 §A.1.1): `BEGIN RSA PUBLIC KEY`.
    Pkcs1PublicKey,
    /// A public key of SSH, on one line or in the form of RFC 4716.
    SshPublicKey,
    /// An X.509 certificate (RFC 5280).
    Certificate,
    /// A certificate request (PKCS#10, RFC 2986).
    Request,
    /// PKCS#7 (`.p7b`): certificates in an envelope.
    Pkcs7,
    /// PKCS#12 (`.p12`, `.pfx`): a key and certificates under a passphrase.
    Pkcs12,
    /// A Java key store: what Salesforce's "Export to Keystore" gives.
    JavaKeyStore,
    /// A JSON Web Key (RFC 7517) or a set of them.
    Jwk,
    /// A JSON document with PEM text inside, as `credhub get -j` prints it.
    JsonWithPem,
    /// JSON without any of these.
    Json,
    /// A private key that signs where it is and is not given out.
    Remote,
    /// A block of PGP.
    Pgp,
    /// Parameters of a key, such as `BEGIN EC PARAMETERS`.
    Parameters,
    /// A well-formed PEM block or DER value of a kind that is not known here.
    Unknown,
}

impl Kind {
    /// Says whether this holds a private key, readable or not.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(
            self,
            Self::Pkcs1PrivateKey
                | Self::Pkcs8PrivateKey
                | Self::Sec1PrivateKey
                | Self::DsaPrivateKey
                | Self::EncryptedPkcs8
                | Self::EncryptedPem
                | Self::OpensshPrivateKey
                | Self::PuttyPrivateKey
                | Self::Pkcs12
                | Self::JavaKeyStore
                | Self::Remote
        )
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pkcs1PrivateKey => "an RSA private key (PKCS#1)",
            Self::Pkcs8PrivateKey => "a private key (PKCS#8)",
            Self::Sec1PrivateKey => "an EC private key (SEC 1)",
            Self::DsaPrivateKey => "a DSA private key",
            Self::EncryptedPkcs8 => "an encrypted private key (PKCS#8)",
            Self::EncryptedPem => "an encrypted private key (PEM with DEK-Info)",
            Self::OpensshPrivateKey => "an OpenSSH private key",
            Self::PuttyPrivateKey => "a PuTTY private key",
            Self::SpkiPublicKey => "a public key",
            Self::Pkcs1PublicKey => "an RSA public key (PKCS#1)",
            Self::SshPublicKey => "an SSH public key",
            Self::Certificate => "a certificate",
            Self::Request => "a certificate request",
            Self::Pkcs7 => "a PKCS#7 envelope",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::JavaKeyStore => "a Java key store",
            Self::Jwk => "a JSON Web Key",
            Self::JsonWithPem => "a JSON document with PEM text inside",
            Self::Json => "a JSON document",
            Self::Remote => "a private key that stays where it is",
            Self::Pgp => "a PGP block",
            Self::Parameters => "key parameters",
            Self::Unknown => "something of an unknown kind",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
