//! Making a key with its request and its certificate.
//!
//! Owns what they look like: an RSA key as PKCS#8, a PKCS#10 request and a self-signed X.509v3
//! certificate, both signed with SHA-256, in the form that CredHub gives them. Writes no file.
//! Invariant: a certificate that comes out of here is small enough for Salesforce.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::random::Random;
use accredit::secret::Secret;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _};
use der::pem::LineEnding;
use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, IsCa, SerialNumber};

use crate::subject::{Field, Subject};

/// The largest certificate file that Salesforce takes, in bytes.
pub const CERTIFICATE_LENGTH_MAX: usize = 4096;

/// The most days that a certificate may be valid (as in CredHub).
const DAYS_MAX: u32 = 3650;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A certificate is valid from this much before it was made, so that a server whose clock is a
/// little behind ours does not see one that is not valid yet.
const BACKDATED: Duration = Duration::from_secs(5 * 60);
/// 9999-12-31T23:59:59Z, the last moment that a certificate can name (RFC 5280 §4.1.2.5).
const LAST_MOMENT: u64 = 253_402_300_799;

/// How long an RSA key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyLength {
    /// 2048 bits: the shortest that Salesforce takes, and the fastest.
    #[default]
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits: the longest that Salesforce takes; signs some eight times slower than 2048.
    Rsa4096,
}

impl KeyLength {
    /// The length in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }

    const fn size(self) -> KeySize {
        match self {
            Self::Rsa2048 => KeySize::Rsa2048,
            Self::Rsa3072 => KeySize::Rsa3072,
            Self::Rsa4096 => KeySize::Rsa4096,
        }
    }
}

impl TryFrom<u32> for KeyLength {
    type Error = Error;

    fn try_from(bits: u32) -> Result<Self, Error> {
        match bits {
            2048 => Ok(Self::Rsa2048),
            3072 => Ok(Self::Rsa3072),
            4096 => Ok(Self::Rsa4096),
            other => Err(Error::setting(format!(
                "the key length is {other} bits, expected 2048, 3072 or 4096"
            ))),
        }
    }
}

/// What to make: for whom, how long the key, how long the certificate is valid.
#[derive(Clone, Debug)]
pub struct Recipe {
    subject: Subject,
    length: KeyLength,
    days: u32,
}

/// A key with its request and certificate, each a PEM text that ends with a newline.
#[derive(Debug)]
pub struct NewKey {
    /// The private key, PKCS#8 (`BEGIN PRIVATE KEY`), not encrypted.
    pub private_key: Secret<String>,
    /// The certificate request, PKCS#10 (RFC 2986).
    pub request: String,
    /// The self-signed certificate (RFC 5280): the file to upload at Salesforce.
    pub certificate: String,
}

impl Recipe {
    /// A key of 2048 bits with a certificate for 365 days.
    #[must_use]
    pub const fn new(subject: Subject) -> Self {
        Self {
            subject,
            length: KeyLength::Rsa2048,
            days: 365,
        }
    }

    /// The same with a key of another length.
    #[must_use]
    pub const fn with_length(mut self, length: KeyLength) -> Self {
        self.length = length;
        self
    }

    /// The same with a certificate that is valid for another number of days, counted from now.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) unless it is 1 to 3650 days.
    pub fn with_days(mut self, days: u32) -> Result<Self, Error> {
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(Error::setting(format!(
                "the duration is {days} days, expected 1 to {DAYS_MAX}"
            )));
        }
        self.days = days;
        Ok(self)
    }

    /// Makes the three. The key is drawn from the generator of the cryptographic library, the
    /// serial number from `random`. Takes tenths of a second for 2048 bits, seconds for 4096.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if the certificate would be
    /// larger than [`CERTIFICATE_LENGTH_MAX`] or end after the year 9999;
    /// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if no random numbers are to be had.
    pub fn make(&self, now: UnixTime, random: &dyn Random) -> Result<NewKey, Error> {
        let certificate = self.certificate(now, random)?;
        let pair = KeyPair::generate(self.length.size())
            .map_err(|_| Error::key("no RSA key could be generated"))?;
        let signing = SigningPair(pair);
        let certificate = certificate.self_signed(&signing).map_err(unmade)?.pem();
        if certificate.len() > CERTIFICATE_LENGTH_MAX {
            return Err(Error::setting(format!(
                "the certificate would have {} bytes, and Salesforce takes at most \
                 {CERTIFICATE_LENGTH_MAX}: shorten the subject",
                certificate.len()
            )));
        }
        let request = self
            .request()?
            .serialize_request(&signing)
            .map_err(unmade)?;
        Ok(NewKey {
            private_key: signing.to_pem()?,
            request: request.pem().map_err(unmade)?,
            certificate,
        })
    }

    fn certificate(&self, now: UnixTime, random: &dyn Random) -> Result<CertificateParams, Error> {
        let until = now.saturating_add(DAY * self.days);
        if until.as_secs() > LAST_MOMENT {
            return Err(Error::setting(
                "the certificate would end after the year 9999: check the clock",
            ));
        }
        let mut params = self.request()?;
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let from = now.saturating_sub(BACKDATED);
        params.not_before = epoch + Duration::from_secs(from.as_secs());
        params.not_after = epoch + Duration::from_secs(until.as_secs());
        params.serial_number = Some(serial_number(random)?);
        // The extensions of CredHub's certificates: CA:FALSE and both key identifiers.
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    /// A request asks for no extensions, as the one of `openssl req -new` does not.
    fn request(&self) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished_name(&self.subject)?;
        Ok(params)
    }
}

/// Our key as rcgen wants it: rcgen's own keeps a second copy of the private key that is not wiped.
struct SigningPair(KeyPair);

impl SigningPair {
    fn to_pem(&self) -> Result<Secret<String>, Error> {
        let der: Pkcs8V1Der<'_> = self
            .0
            .as_der()
            .map_err(|_| Error::key("the new key could not be written as PKCS#8"))?;
        der::pem::encode_string("PRIVATE KEY", LineEnding::LF, der.as_ref())
            .map(Secret::new)
            .map_err(|_| Error::key("the new key could not be written as PEM"))
    }
}

impl rcgen::PublicKeyData for SigningPair {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for SigningPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}

fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, Error> {
    let mut name = DistinguishedName::new();
    for (field, value) in subject.named() {
        let kind = match field {
            Field::CommonName => DnType::CommonName,
            Field::Organization => DnType::OrganizationName,
            Field::OrganizationUnit => DnType::OrganizationalUnitName,
            Field::Locality => DnType::LocalityName,
            Field::State => DnType::StateOrProvinceName,
            Field::Country => DnType::CountryName,
        };
        // A country is a PrintableString by definition (RFC 5280 §A.1); the rest may be any text.
        let value = if field == Field::Country {
            DnValue::PrintableString(PrintableString::try_from(value).map_err(unmade)?)
        } else {
            DnValue::Utf8String(value.to_owned())
        };
        name.push(kind, value);
    }
    Ok(name)
}

/// 158 random bits in 20 bytes, positive and never zero (RFC 5280 §4.1.2.2).
fn serial_number(random: &dyn Random) -> Result<SerialNumber, Error> {
    let mut bytes = [0; 20];
    random
        .fill(&mut bytes)
        .map_err(|failed| Error::key("no random serial number could be had").with_source(failed))?;
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn unmade(failed: rcgen::Error) -> Error {
    Error::key("the certificate could not be made").with_source(failed)
}
