//! The certificate authority: made once, kept by whoever asks for it.
//!
//! Owns its key. The name holds a fingerprint of the key, so that two authorities are never taken
//! for each other and the name need not be kept apart from the key.

use std::fmt;
use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::secret::{Secret, hex};
use aws_lc_rs::digest;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use x509_cert::Certificate as X509;
use x509_cert::der::Decode as _;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a new authority is valid.
const VALIDITY: Duration = DAY.saturating_mul(3_650);

/// A certificate authority of the emulator.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

/// Why an authority cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityError(String);

impl AuthorityError {
    pub(super) const fn new(reason: String) -> Self {
        Self(reason)
    }
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AuthorityError {}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self(format!("no certificate could be made: {error}"))
    }
}

impl Authority {
    /// Makes an authority with a P-256 key, valid for ten years from the day before `now`.
    ///
    /// # Errors
    /// [`AuthorityError`] if the operating system gives no random numbers.
    pub fn generate(now: UnixTime) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(&key);
        set_validity(&mut params, now, VALIDITY);
        let made = params.self_signed(&key)?;
        Ok(Self {
            der: made.der().clone(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Reads an authority that [`generate`](Self::generate) made.
    ///
    /// # Errors
    /// [`AuthorityError`] says what is damaged, does not belong together, or is no longer valid at
    /// `now`.
    pub fn from_pem(certificate: &str, key: &str, now: UnixTime) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key)
            .map_err(|error| AuthorityError(format!("the authority's key is damaged: {error}")))?;
        let block = pem::parse(certificate).map_err(|error| {
            AuthorityError(format!("the authority's certificate is damaged: {error}"))
        })?;
        let x509 = X509::from_der(block.contents()).map_err(|error| {
            AuthorityError(format!("the authority's certificate is damaged: {error}"))
        })?;
        let tbs = x509.tbs_certificate();
        let bits = tbs.subject_public_key_info().subject_public_key.as_bytes();
        if bits != Some(key.public_key_raw()) || !tbs.subject().to_string().contains(&mark(&key)) {
            let text = "the authority's certificate does not belong to its key";
            return Err(AuthorityError(text.to_owned()));
        }
        let ends = tbs.validity().not_after.to_unix_duration();
        if ends.as_secs() <= now.saturating_add(DAY).as_secs() {
            return Err(AuthorityError("the authority has expired".to_owned()));
        }
        Ok(Self {
            der: CertificateDer::from(block.contents().to_vec()),
            pem: certificate.to_owned(),
            issuer: Issuer::new(params(&key), key),
        })
    }

    /// The certificate as PEM: what clients are told to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The key as PEM. Whoever has it can speak for every host to whoever trusts the authority.
    #[must_use]
    pub fn key_pem(&self) -> Secret<String> {
        Secret::new(self.issuer.key().serialize_pem())
    }

    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub(super) const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// What tells the name of an authority from that of every other.
fn mark(key: &KeyPair) -> String {
    let digest = digest::digest(&digest::SHA256, key.public_key_raw());
    hex(digest.as_ref().get(..6).unwrap_or_default())
}

fn params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("accredit emulator {}", mark(key)),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Makes certificates valid from the day before `now`, for clocks that are behind, and for `span`.
pub(super) fn set_validity(params: &mut CertificateParams, now: UnixTime, span: Duration) {
    let midnight = |at: UnixTime| {
        let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
        let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        let date = at.to_zoned(TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    params.not_before = midnight(now.saturating_sub(DAY));
    params.not_after = midnight(now.saturating_add(span));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

    fn reread(certificate: &str, key: &str, now: UnixTime) -> String {
        Authority::from_pem(certificate, key, now)
            .map_or_else(|error| error.to_string(), |_| "read".to_owned())
    }

    #[test]
    fn an_authority_that_was_kept_is_read_again_while_it_is_valid() {
        let made = Authority::generate(NOW).unwrap();
        let key = made.key_pem();
        let read = |now| reread(made.certificate_pem(), key.expose(), now);
        assert_eq!(read(NOW), "read");
        assert_eq!(read(NOW.saturating_add(VALIDITY - 3 * DAY)), "read");
        assert_eq!(
            read(NOW.saturating_add(VALIDITY)),
            "the authority has expired"
        );
    }

    #[test]
    fn what_is_no_authority_of_ours_is_refused() {
        let made = Authority::generate(NOW).unwrap();
        let other = Authority::generate(NOW).unwrap();
        let key = other.key_pem();
        let said = reread(made.certificate_pem(), key.expose(), NOW);
        assert_eq!(
            said,
            "the authority's certificate does not belong to its key"
        );
        assert!(reread("", key.expose(), NOW).contains("certificate is damaged"));
        assert!(reread(other.certificate_pem(), "", NOW).contains("key is damaged"));
        let named = CertificateParams::new(vec!["x.example".to_owned()]).unwrap();
        let foreign = named.self_signed(other.issuer().key()).unwrap().pem();
        let said = reread(&foreign, key.expose(), NOW);
        assert_eq!(
            said,
            "the authority's certificate does not belong to its key"
        );
    }
}
