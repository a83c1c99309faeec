//! Where a private key is: the grammar of `--jwt-key-file`, and the way to what it names.
//!
//! Owns a path, `-` (stdin) and `env:NAME`; the other places are `accredit_keys`'s, and so is what
//! the text of a key is. A place that is named but holds nothing ends the search: another key would
//! be another identity.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use std::sync::Arc;

use accredit::error::Error;
use accredit::key::Engine;
use accredit::secret::Secret;
use accredit_keys::{Held, KeySource, KeyText, Passphrases, Place, Surroundings, UreqNetwork};

use crate::error::CliError;
use crate::files;
use crate::settings::network::{Traffic, client_settings};
use crate::settings::{Environment, lookup};
use crate::wait::wait_for;
use crate::world::World;

/// The longest text of a key that is read, in bytes. A 4096-bit key in PEM has about 3,300.
pub(crate) const KEY_LENGTH_MAX: u64 = 64 * 1024;

/// The longest path or name that is taken, in bytes; a key is longer.
const REFERENCE_LENGTH_MAX: usize = 255;

/// A piece of a key has no separators and at least this many characters.
const PIECE_LENGTH_MIN: usize = 40;

/// Refuses what names no file and may be a secret in place of a path, without showing it.
pub(crate) fn refuse_secret(text: &str) -> Result<(), Error> {
    let is_secret = text.len() > REFERENCE_LENGTH_MAX
        || text.starts_with("MII")
        || text.starts_with("LS0t")
        || text.contains(['!', '\n', '\r'])
        || text.contains("-----BEGIN")
        || is_piece(text);
    if is_secret && !Path::new(text).exists() {
        return Err(Error::setting(
            "the reference holds the key itself or another secret (not shown), expected its place: \
             a path, - or env:NAME",
        ));
    }
    Ok(())
}

/// Says whether `text` looks like a piece of base64.
fn is_piece(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    text.len() >= PIECE_LENGTH_MIN
        && text.bytes().all(is_base64)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Says whether `name` can be that of a variable, and is no secret in place of one.
pub(crate) fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    begins
        && name.len() <= REFERENCE_LENGTH_MAX
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !is_piece(name)
}

/// Where a private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyReference {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// The text of this environment variable.
    Variable(String),
    /// A place that is reached through a server, an agent or the platform.
    Elsewhere(Place),
}

impl KeyReference {
    /// Reads a reference.
    ///
    /// # Errors
    /// A setting that is empty, or names a place in another form than it has.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::setting(
                "the key reference is empty, expected a path, - or env:NAME",
            ));
        }
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(name) = text.strip_prefix("env:") {
            return if is_variable_name(name) {
                Ok(Self::Variable(name.to_owned()))
            } else {
                Err(Error::setting(
                    "env: is not followed by the name of a variable (not shown: it may be the key)",
                ))
            };
        }
        if let Some(place) = Place::parse(text) {
            return place.map(Self::Elsewhere);
        }
        Self::file(Path::new(text))
    }

    /// A reference to a file.
    ///
    /// # Errors
    /// A text that is no path but looks like a key.
    pub(crate) fn file(path: &Path) -> Result<Self, Error> {
        refuse_secret(&path.to_string_lossy())?;
        Ok(Self::File(path.to_owned()))
    }

    /// The reference as it is typed, with a PIN that may stand in it: not for messages.
    pub(crate) fn as_text(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
            Self::Variable(name) => format!("env:{name}"),
            Self::Elsewhere(Place::Pkcs11(uri)) => uri.expose(),
            Self::Elsewhere(place) => place.to_string(),
        }
    }

    /// Says whether a PIN stands in it.
    pub(crate) fn holds_pin(&self) -> bool {
        matches!(self, Self::Elsewhere(Place::Pkcs11(uri)) if uri.pin.is_some())
    }

    /// Reaches the key: its text, or somebody who signs with it.
    pub(crate) fn open(
        &self,
        world: &World,
        passphrases: Arc<dyn Passphrases>,
    ) -> Result<Held, CliError> {
        if let Self::Elsewhere(place) = self {
            let source = KeySource::new(place.clone(), surroundings(world, passphrases)?);
            return wait_for(source.open()).map_err(|error| {
                let told = CliError::from(error);
                told.hint(format!("asked for {self}; docs/keys.md says what it needs"))
            });
        }
        Ok(Held::Text(KeyText {
            text: self.read(world.environment.as_ref())?,
            origin: self.to_string(),
            notes: Vec::new(),
        }))
    }

    /// Reads the text of a key that is close at hand.
    fn read(&self, environment: &dyn Environment) -> Result<Secret<Vec<u8>>, CliError> {
        let text = match self {
            Self::Elsewhere(place) => {
                return Err(CliError::settings(format!("{place} is not close at hand")));
            }
            Self::File(path) => {
                files::read(path, KEY_LENGTH_MAX).map_err(|e| self.unreadable(e))?
            }
            Self::Stdin => read_stdin().map_err(|error| self.unreadable(error))?,
            Self::Variable(name) => match lookup(environment, name) {
                Some(text) => text.into_encoded_bytes(),
                None => {
                    return Err(
                        CliError::settings(format!("the variable {name} is not set")).hint(
                            format!("put the text of the key into {name}, or pass a path"),
                        ),
                    );
                }
            },
        };
        if text.trim_ascii().is_empty() {
            return Err(CliError::settings(format!(
                "{self} is empty, expected a private key in PEM or DER"
            )));
        }
        Ok(Secret::new(text))
    }

    fn unreadable(&self, error: io::Error) -> CliError {
        let this = CliError::settings(format!("{self} could not be read"));
        let this = match error.kind() {
            io::ErrorKind::NotFound => this
                .hint("check the path; `accredit key new` makes a key, a request and a certificate")
                .hint(
                    "only the place of a key is kept, never the key: one that a CI deletes after a \
                     step belongs in a variable, as in -f env:NAME",
                ),
            io::ErrorKind::PermissionDenied => {
                this.hint("the user who runs this must be allowed to read the file")
            }
            io::ErrorKind::IsADirectory => this.hint("name the file, not its folder"),
            _ => this,
        };
        this.with_source(error)
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the key file {}", path.display()),
            Self::Stdin => f.write_str("stdin"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Elsewhere(place) => write!(f, "{place}"),
        }
    }
}

/// What a place may know of the outside.
fn surroundings(
    world: &World,
    passphrases: Arc<dyn Passphrases>,
) -> Result<Surroundings, CliError> {
    let environment = world.environment.as_ref();
    let settings = client_settings(environment, None, Traffic::Tokens, "https:")?;
    Ok(Surroundings {
        environment: world.environment.clone(),
        network: Arc::new(UreqNetwork(settings)),
        clock: Arc::clone(&world.clock),
        passphrases,
        engine: Engine::QuickStart,
    })
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .take(KEY_LENGTH_MAX + 1)
        .read_to_end(&mut text)?;
    if text.len() as u64 > KEY_LENGTH_MAX {
        return Err(io::Error::other(format!(
            "it has more than {KEY_LENGTH_MAX} bytes"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::Variables;

    #[test]
    fn the_grammar_tells_places_apart() {
        for (text, reference) in [
            ("-", KeyReference::Stdin),
            ("env:KEY", KeyReference::Variable("KEY".to_owned())),
            ("a/b.key", KeyReference::File(PathBuf::from("a/b.key"))),
            (
                "environment",
                KeyReference::File(PathBuf::from("environment")),
            ),
        ] {
            assert_eq!(KeyReference::parse(text).unwrap(), reference);
        }
    }

    #[test]
    fn a_place_elsewhere_is_known_by_its_scheme_and_refused_without_its_text() {
        for text in [
            "vcap:a/b",
            "credhub:/a/b",
            "vault:a/b#c",
            "vault-transit:a",
            "awskms:a",
        ] {
            let reference = KeyReference::parse(text).unwrap();
            assert!(matches!(reference, KeyReference::Elsewhere(_)), "{text}");
        }
        for text in [
            "credhub:",
            "vault:hvs.s3cret",
            "ssh-agent:s3cret",
            "awskms:s3 cret",
        ] {
            let error = KeyReference::parse(text).unwrap_err().to_string();
            assert!(
                error.contains("expected ") && !error.contains("3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_key_in_place_of_its_path_is_refused_without_showing_it() {
        let piece = "hTqk3uI9mBvN0cXzLsJdHfGrEwQyAaPo+SiUdYtR/eW1";
        for text in [
            "-----BEGIN PRIVATE KEY-----\nMIIE",
            "MIIEvQIBADANBg",
            "LS0tLS1CRUdJTi",
            "00D2E000000ncKP!AQ4A",
            "env:00D2E000000ncKP",
            "env:MIIE+/",
            "env:A=b",
            "env:",
            piece,
            &"x".repeat(256),
        ] {
            let error = KeyReference::parse(text).unwrap_err().to_string();
            assert!(
                !error.contains(&text[text.len().min(4)..]) || text == "env:",
                "{error}"
            );
        }
        for text in ["/a/b/Some-Folder-2/and-one-more/server.key", "My.key"] {
            KeyReference::parse(text).unwrap();
        }
    }

    #[test]
    fn an_empty_place_is_named() {
        let variables = Variables::of(&[("BLANK", " \n")]);
        for (name, part) in [("BLANK", "is empty"), ("NONE", "is not set")] {
            let error = KeyReference::Variable(name.to_owned())
                .read(&variables)
                .unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
