//! A new key in the forms that others want it in.
//!
//! Owns what is written around the key: encryption, PKCS#12, JSON Web Key, the object of CredHub.
//! The key itself is made in `recipe`. Whatever holds the key unencrypted is wiped.

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::random::Random;
use accredit::secret::{Secret, hex};
use der::DateTime;
use der::pem::{LineEnding, decode_vec, encode_string};
use pkcs8::PrivateKeyInfoRef;
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Value, json};
use std::time::Duration;
use zeroize::Zeroize as _;

use crate::json::wipe;
use crate::loading::rsa_private_key;
use crate::recipe::NewKey;
use crate::writing::{octet_string, sequence};
use crate::{encryption, jwk, pkcs12};

/// The shortest passphrase that a new key is encrypted with, in characters: `openssl` and `keytool`
/// ask as much.
const PASSPHRASE_LENGTH_MIN: usize = 6;

impl NewKey {
    /// The private key as encrypted PKCS#8 in PEM: PBKDF2 with HMAC-SHA-256, AES-256-CBC (RFC
    /// 8018).
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if the passphrase is shorter
    /// than 6 characters; [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if no random numbers
    /// are to be had.
    pub fn encrypted(&self, passphrase: &str, random: &dyn Random) -> Result<String, Error> {
        check_length(passphrase)?;
        let der = self.pkcs8()?;
        let (algorithm, sealed) =
            encryption::encrypt(der.expose(), passphrase, random).map_err(Error::key)?;
        let info = sequence(&[algorithm, octet_string(&sealed)]);
        encode_string("ENCRYPTED PRIVATE KEY", LineEnding::LF, &info).map_err(|_| unwritten("PEM"))
    }

    /// Key and certificate as PKCS#12 (RFC 7292) with the encryption of
    /// [`encrypted`](Self::encrypted).
    ///
    /// # Errors
    /// As [`encrypted`](Self::encrypted).
    pub fn to_pkcs12(&self, passphrase: &str, random: &dyn Random) -> Result<Vec<u8>, Error> {
        check_length(passphrase)?;
        let (_, certificate) =
            decode_vec(self.certificate.as_bytes()).map_err(|_| unwritten("PKCS#12"))?;
        pkcs12::write(&self.pkcs8()?, &certificate, passphrase, random).map_err(Error::key)
    }

    /// The private key as a JSON Web Key (RFC 7517), not encrypted.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if the library that made the key wrote
    /// something else.
    pub fn to_jwk(&self) -> Result<Secret<String>, Error> {
        let pkcs1 = self.pkcs1()?;
        let numbers = rsa_private_key(pkcs1.expose()).map_err(Error::key)?;
        Ok(jwk::write(&numbers))
    }

    /// Key and certificate as the object that `credhub get -j` prints, not encrypted. `name` is
    /// that of the credential.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if no random numbers are to be had, or
    /// `now` is after the year 9999.
    pub fn to_credhub(
        &self,
        name: &str,
        now: UnixTime,
        random: &dyn Random,
    ) -> Result<Secret<String>, Error> {
        let created = DateTime::from_unix_duration(Duration::from_secs(now.as_secs()))
            .map_err(|_| unwritten("an object of CredHub"))?;
        let key = encode_string("RSA PRIVATE KEY", LineEnding::LF, self.pkcs1()?.expose())
            .map_err(|_| unwritten("PEM"))?;
        let mut object = json!({
            "id": id(random)?,
            "name": format!("/{}", name.trim_start_matches('/')),
            "type": "certificate",
            "value": {
                "ca": self.certificate,
                "certificate": self.certificate,
                "private_key": key,
            },
            "metadata": null,
            "version_created_at": created.to_string(),
        });
        let text = tabbed(&object);
        wipe(&mut object);
        text
    }

    fn pkcs8(&self) -> Result<Secret<Vec<u8>>, Error> {
        decode_vec(self.private_key.expose().as_bytes())
            .map(|(_, der)| Secret::new(der))
            .map_err(|_| unwritten("DER"))
    }

    fn pkcs1(&self) -> Result<Secret<Vec<u8>>, Error> {
        let der = self.pkcs8()?;
        PrivateKeyInfoRef::try_from(der.expose().as_slice())
            .map(|info| Secret::new(info.private_key.as_bytes().to_vec()))
            .map_err(|_| unwritten("PKCS#1"))
    }
}

fn unwritten(form: &str) -> Error {
    Error::key(format!("the new key could not be written as {form}"))
}

fn check_length(passphrase: &str) -> Result<(), Error> {
    let length = passphrase.chars().count();
    if length < PASSPHRASE_LENGTH_MIN {
        return Err(Error::setting(format!(
            "the passphrase has {length} characters, expected at least {PASSPHRASE_LENGTH_MIN}"
        )));
    }
    Ok(())
}

/// A random UUID (RFC 9562 §5.4).
fn id(random: &dyn Random) -> Result<String, Error> {
    let mut bytes = [0; 16];
    random
        .fill(&mut bytes)
        .map_err(|failed| Error::key("no random id could be had").with_source(failed))?;
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let digits = hex(&bytes);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Ok(format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    ))
}

fn tabbed(object: &Value) -> Result<Secret<String>, Error> {
    // Room for the longest key and two certificates, so that no copy of the key is left behind.
    let mut text = Vec::with_capacity(32 * 1024);
    let formatter = PrettyFormatter::with_indent(b"\t");
    let written = object.serialize(&mut Serializer::with_formatter(&mut text, formatter));
    text.push(b'\n');
    match (written, String::from_utf8(text)) {
        (Ok(()), Ok(text)) => Ok(Secret::new(text)),
        (_, Ok(mut text)) => {
            text.zeroize();
            Err(unwritten("JSON"))
        }
        (_, Err(_)) => Err(unwritten("JSON")),
    }
}
