//! Certificates in files: what is read where a certificate is expected.
//!
//! Owns the refusal of everything else, so that no private key is ever sent in a certificate's
//! place.

use std::path::Path;

use accredit::clock::UnixTime;
use accredit::key::PublicKey;
use accredit::secret::Secret;
use accredit_keys::{Description, Kind, Validity, describe};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::CliError;
use crate::files;
use crate::key_reference::{KEY_LENGTH_MAX, refuse_secret};

/// The largest certificate that Salesforce takes, in bytes.
const REGISTRABLE_MAX: usize = 4096;

/// A file that holds certificates and nothing else.
#[derive(Debug)]
pub(crate) struct CertificateFile {
    /// Its text; PEM if the file was DER.
    pub(crate) text: String,
    origin: String,
    described: Vec<Description>,
}

impl CertificateFile {
    /// Reads `path`, in PEM or DER.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        refuse_secret(&path.to_string_lossy())?;
        let origin = format!("the certificate file {}", path.display());
        let hint = "`accredit key new` makes a certificate";
        let bytes = files::read(path, KEY_LENGTH_MAX).map_err(|error| {
            CliError::settings(format!("{origin} could not be read"))
                .hint(hint)
                .with_source(error)
        })?;
        let bytes = Secret::new(bytes);
        let described = describe(&bytes, &origin)?;
        if let Some(other) = described.iter().find(|one| one.kind != Kind::Certificate) {
            return Err(CliError::settings(format!(
                "{origin} holds {}, expected a certificate and nothing else",
                other.kind
            ))
            .hint(hint));
        }
        Ok(Self {
            text: text(bytes.expose()),
            origin,
            described,
        })
    }

    /// Refuses what no app can be registered with: more than one certificate, a key that is not RSA
    /// or too weak, more bytes than Salesforce takes, and a certificate that has ended at `now`.
    pub(crate) fn check_registrable(&self, now: UnixTime) -> Result<(), CliError> {
        let origin = &self.origin;
        let refused = |what: String| Err(CliError::settings(format!("{origin} {what}")));
        let [only] = self.described.as_slice() else {
            let count = self.described.len();
            return refused(format!(
                "holds {count} certificates, expected the one of the app alone"
            ));
        };
        let Some(key) = &only.public_key else {
            return refused("holds no RSA key, and Salesforce takes no other".to_owned());
        };
        if let Err(error) = key.check_strength() {
            return refused(format!("is unfit: {error}"));
        }
        let length = self.text.trim().len();
        if length > REGISTRABLE_MAX {
            return refused(format!(
                "has {length} bytes, and Salesforce takes at most {REGISTRABLE_MAX}"
            ));
        }
        match self.validity(now) {
            Some((Validity::Expired(_), _)) => refused("has expired".to_owned()),
            _ => Ok(()),
        }
    }

    /// How the first certificate stands at `now`, with its first and last moment.
    pub(crate) fn validity(&self, now: UnixTime) -> Option<(Validity, (UnixTime, UnixTime))> {
        let mut certificates = self.described.iter();
        let found = certificates.find_map(|found| found.certificate.as_ref())?;
        Some((found.validity_at(now), (found.not_before, found.not_after)))
    }

    /// The public key of the first certificate.
    pub(crate) fn public_key(self) -> Result<PublicKey, CliError> {
        let origin = self.origin;
        self.described
            .into_iter()
            .find_map(|found| found.public_key)
            .ok_or_else(|| CliError::settings(format!("{origin} holds no RSA public key")))
    }
}

/// The certificates as text (RFC 7468).
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN") => text.to_owned(),
        _ => {
            let body = STANDARD.encode(bytes);
            let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
            for (at, letter) in body.char_indices() {
                if at > 0 && at % 64 == 0 {
                    text.push('\n');
                }
                text.push(letter);
            }
            text + "\n-----END CERTIFICATE-----\n"
        }
    }
}
