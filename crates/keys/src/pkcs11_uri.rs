//! URIs of PKCS#11 (RFC 7512).
//!
//! Owns the attributes that tell tokens and keys apart, and where module and PIN come from. Speaks
//! to no token. A PIN that stands in the URI is not printed.

use std::fmt;
use std::path::PathBuf;

use accredit::error::Error;
use accredit::secret::Secret;
use std::sync::Arc;

/// The longest URI, in bytes.
const LENGTH_MAX: usize = 1024;

/// What a `pkcs11:` URI says. Attributes that are absent match everything.
#[derive(Clone, Default)]
pub struct Pkcs11Uri {
    /// `token`: the label of the token.
    pub token: Option<String>,
    /// `serial`: the serial number of the token.
    pub serial: Option<String>,
    /// `manufacturer` of the token.
    pub manufacturer: Option<String>,
    /// `model` of the token.
    pub model: Option<String>,
    /// `slot-id`.
    pub slot: Option<u64>,
    /// `object`: the label of the key.
    pub object: Option<String>,
    /// `id` of the key.
    pub id: Option<Vec<u8>>,
    /// `module-path`: the library of the token's maker.
    pub module: Option<PathBuf>,
    /// `pin-source`: a file with the PIN.
    pub pin_source: Option<PathBuf>,
    /// `pin-value`.
    pub pin: Option<Arc<Secret<String>>>,
    /// The text without the PIN.
    shown: String,
    /// The text as it was typed.
    whole: Option<Arc<Secret<String>>>,
}

impl Pkcs11Uri {
    /// Reads what follows `pkcs11:`.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if it is not of RFC 7512, names
    /// an attribute twice or one that is not known here; values are not quoted.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LENGTH_MAX {
            return Err(Error::setting("the pkcs11: URI is longer than 1024 bytes"));
        }
        let mut uri = Self::default();
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = path.split(';').filter(|part| !part.is_empty());
        let query = query.split('&').filter(|part| !part.is_empty());
        let mut shown = Vec::new();
        for part in path.chain(query) {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                Error::setting("an attribute of the pkcs11: URI has no value, expected NAME=VALUE")
            })?;
            uri.set(name, &decoded(name, value)?)?;
            if name != "pin-value" {
                shown.push(part);
            }
        }
        uri.shown = shown.join(";");
        uri.whole = Some(Arc::new(Secret::new(format!("pkcs11:{text}"))));
        Ok(uri)
    }

    /// The URI as it was typed, with a PIN that may stand in it: for a variable, not for a message.
    #[must_use]
    pub fn expose(&self) -> String {
        self.whole
            .as_ref()
            .map_or_else(|| self.to_string(), |whole| whole.expose().clone())
    }

    fn set(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        let text = || {
            String::from_utf8(value.to_vec())
                .map_err(|_| Error::setting(format!("{name} of the pkcs11: URI is not UTF-8")))
        };
        let is_news = match name {
            "token" => self.token.replace(text()?).is_none(),
            "serial" => self.serial.replace(text()?).is_none(),
            "manufacturer" => self.manufacturer.replace(text()?).is_none(),
            "model" => self.model.replace(text()?).is_none(),
            "object" => self.object.replace(text()?).is_none(),
            "id" => self.id.replace(value.to_vec()).is_none(),
            "slot-id" => {
                let slot = text()?
                    .parse()
                    .map_err(|_| Error::setting("slot-id of the pkcs11: URI is no whole number"))?;
                self.slot.replace(slot).is_none()
            }
            "type" if value == b"private" => true,
            "type" => return Err(Error::setting("type of the pkcs11: URI is not private")),
            "module-path" => self.module.replace(text()?.into()).is_none(),
            "pin-source" => {
                let source = text()?;
                let path = source.strip_prefix("file:").unwrap_or(&source);
                self.pin_source.replace(path.into()).is_none()
            }
            "pin-value" => self.pin.replace(Arc::new(Secret::new(text()?))).is_none(),
            _ => {
                return Err(Error::setting(format!(
                    "the pkcs11: URI has the attribute {}, which is not known; expected token, \
                     serial, manufacturer, model, slot-id, object, id, type, module-path, \
                     pin-source or pin-value",
                    printable(name)
                )));
            }
        };
        if is_news {
            Ok(())
        } else {
            Err(Error::setting(format!("the pkcs11: URI has {name} twice")))
        }
    }
}

/// The name of an attribute, which may be anything.
fn printable(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_graphic)
        .take(32)
        .collect()
}

fn decoded(name: &str, value: &str) -> Result<Vec<u8>, Error> {
    let wrong = || Error::setting(format!("{} of the pkcs11: URI is damaged", printable(name)));
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2).ok_or_else(wrong)?;
        let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = after;
    }
    Ok(bytes)
}

impl PartialEq for Pkcs11Uri {
    fn eq(&self, other: &Self) -> bool {
        let pin = |uri: &Self| uri.pin.as_ref().map(|pin| pin.expose().clone());
        self.shown == other.shown && pin(self) == pin(other)
    }
}

impl Eq for Pkcs11Uri {}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkcs11:{}", self.shown)
    }
}

impl fmt::Debug for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
