//! What a source of keys may know of the outside, each as an argument.
//!
//! Owns the traits through which the environment and the network are reached, and the one
//! implementation of the latter. Files are read by whoever needs them, never beyond
//! [`FILE_LENGTH_MAX`] or the limit stated there.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use accredit::clock::Clock;
use accredit::error::Error;
use accredit::http::{ClientCertificate, ClientSettings, HttpClient, SystemRoots, UreqClient};
use accredit::key::Engine;

use crate::FILE_LENGTH_MAX;
use crate::passphrase::Passphrases;

/// The environment of the process, or what stands in its place.
pub trait Environment: Send + Sync + fmt::Debug {
    /// The variable `name` as it is, if it is set.
    fn variable(&self, name: &str) -> Option<OsString>;
}

/// How a connection over TLS is made.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Whom to trust.
    pub roots: Roots,
    /// What to show to a server that asks.
    pub client_certificate: Option<ClientCertificate>,
}

/// Which certificate authorities are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// Those of the system.
    #[default]
    System,
    /// Those of the system and these, in PEM.
    SystemAnd(Vec<u8>),
    /// These alone, in PEM.
    Only(Vec<u8>),
}

/// The network: gives a client for each way of making a connection.
pub trait Network: Send + Sync + fmt::Debug {
    /// A client that has no connection yet.
    fn client(&self, tls: Tls) -> Arc<dyn HttpClient>;
}

/// The network through [`UreqClient`]. The settings are the base of every client.
#[derive(Clone, Debug, Default)]
pub struct UreqNetwork(pub ClientSettings);

/// The longest answer, in bytes: CredHub stores 64 KiB, which JSON may double.
const ANSWER_LENGTH_MAX: u64 = 256 * 1024;

impl Network for UreqNetwork {
    fn client(&self, tls: Tls) -> Arc<dyn HttpClient> {
        let mut settings = self.0.clone();
        settings.body_max = settings.body_max.max(ANSWER_LENGTH_MAX);
        settings.client_certificate = tls.client_certificate;
        match tls.roots {
            Roots::System => {}
            Roots::SystemAnd(pem) => {
                settings.extra_roots.push(b'\n');
                settings.extra_roots.extend(pem);
            }
            Roots::Only(pem) => {
                settings.system_roots = SystemRoots::LeftOut;
                settings.extra_roots = pem;
            }
        }
        Arc::new(UreqClient::new(settings))
    }
}

/// Everything of the outside that a source of keys may use.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where variables come from.
    pub environment: Arc<dyn Environment>,
    /// How servers are reached.
    pub network: Arc<dyn Network>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who knows passphrases and PINs.
    pub passphrases: Arc<dyn Passphrases>,
    /// What signs with keys that come as text.
    pub engine: Engine,
}

impl Surroundings {
    /// The variable `name` as text; the empty text counts as not set.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if it is not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        self.environment
            .variable(name)
            .filter(|text| !text.is_empty())
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| Error::setting(format!("the variable {name} is not UTF-8 text")))
    }

    /// The first of the variables `names` that is set, with its name.
    pub(crate) fn first<'n>(&self, names: &[&'n str]) -> Result<Option<(&'n str, String)>, Error> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    /// The file that the variable `name` names.
    pub(crate) fn file_of(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(path) = self.text(name)? else {
            return Ok(None);
        };
        read(Path::new(&path), FILE_LENGTH_MAX)
            .map(Some)
            .map_err(|error| unread(&path, name, error))
    }
}

/// A file that a variable names and that cannot be read: broken, not absent.
pub(crate) fn unread(path: &str, variable: &str, error: io::Error) -> Error {
    Error::setting(format!("{path} (variable {variable}) could not be read")).with_source(error)
}

/// Reads a file of at most `length_max` bytes into a buffer that does not grow.
pub(crate) fn read(path: &Path, length_max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut contents = Vec::with_capacity(length.min(length_max) + 64);
    file.take(length_max as u64 + 1)
        .read_to_end(&mut contents)?;
    if contents.len() > length_max {
        return Err(io::Error::other(format!(
            "it has more than {length_max} bytes"
        )));
    }
    Ok(contents)
}
