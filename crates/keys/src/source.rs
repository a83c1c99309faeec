//! Keys from places that are reached over the network or through the platform.
//!
//! Owns [`KeySource`], which can be asked again and again, and [`Rotation`], which notices that its
//! key has changed. Invariant: a key that cannot be had never takes the place of one that could.

use std::fmt;
use std::sync::Arc;

use accredit::diagnosis::LocalCause;
use accredit::error::{Error, ErrorKind};
use accredit::key::{PublicKey, Signer};
use accredit::secret::{Secret, hex};
use aws_lc_rs::digest;

use crate::credhub::Credhub;
#[cfg(feature = "awskms")]
use crate::kms;
#[cfg(feature = "pkcs11")]
use crate::pkcs11;
use crate::place::Place;
use crate::surroundings::Surroundings;
use crate::vcap::{self, Wanted};
use crate::{loading, ssh_agent, vault};

/// The text of a key and where it came from.
#[derive(Debug)]
pub struct KeyText {
    /// The text, as [`load`](crate::load) takes it.
    pub text: Secret<Vec<u8>>,
    /// Where it was found, in words.
    pub origin: String,
    /// What happened on the way that its owner may want to know.
    pub notes: Vec<String>,
}

/// What a place gives.
#[derive(Debug)]
pub enum Held {
    /// The key itself, as text.
    Text(KeyText),
    /// Somebody who signs with it; the key stays where it is.
    Elsewhere(Arc<dyn Signer>),
}

/// A key that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What signs.
    pub signer: Arc<dyn Signer>,
    /// Tells one state of the place from another: it changes when the key does. No secret.
    pub version: String,
    /// What had to be put right, and what happened on the way.
    pub notes: Vec<String>,
}

/// A place together with what is needed to reach it.
#[derive(Clone)]
pub struct KeySource {
    place: Place,
    surroundings: Surroundings,
    credhub: Arc<Credhub>,
}

impl KeySource {
    /// A source. Nothing is reached yet.
    #[must_use]
    pub fn new(place: Place, surroundings: Surroundings) -> Self {
        let credhub = Arc::new(Credhub::new(surroundings.clone()));
        Self {
            place,
            surroundings,
            credhub,
        }
    }

    /// Where the key is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Reaches the place.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if something that is needed to
    /// reach it is missing or broken, with every place that was looked at;
    /// [`ErrorKind::Key`](accredit::error::ErrorKind::Key) if it holds no such key or does not give
    /// it; [`ErrorKind::Transport`](accredit::error::ErrorKind::Transport), which is transient, if
    /// a server cannot be reached or is at fault;
    /// [`ErrorKind::Response`](accredit::error::ErrorKind::Response) if something else answers in
    /// its place.
    pub async fn open(&self) -> Result<Held, Error> {
        self.reach().await.map_err(|error| match error.kind() {
            ErrorKind::Key => error.with_cause(LocalCause::KeyPlace),
            _ => error,
        })
    }

    async fn reach(&self) -> Result<Held, Error> {
        let surroundings = &self.surroundings;
        match &self.place {
            Place::Vcap {
                instance,
                credential,
            } => {
                let wanted = Wanted {
                    instance: instance.as_deref(),
                    credential,
                };
                let found = vcap::find(wanted, surroundings, &self.credhub).await?;
                Ok(Held::Text(found))
            }
            Place::Credhub(name) => {
                let credential = self.credhub.credential(name).await?;
                Ok(Held::Text(KeyText {
                    text: Secret::new(credential.value().to_string().into_bytes()),
                    origin: format!("the credential {name} of CredHub"),
                    notes: Vec::new(),
                }))
            }
            Place::Vault { mount, path, field } => {
                let secret = vault::Path { mount, path, field };
                vault::read(secret, surroundings).await.map(Held::Text)
            }
            Place::VaultTransit { mount, key } => {
                let signer = vault::Transit::open(mount, key, surroundings).await?;
                Ok(Held::Elsewhere(Arc::new(signer)))
            }
            Place::SshAgent(fingerprint) => {
                let signer = ssh_agent::open(fingerprint.clone(), surroundings).await?;
                Ok(Held::Elsewhere(signer))
            }
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(uri) => pkcs11::open(uri, surroundings).await.map(Held::Elsewhere),
            #[cfg(feature = "awskms")]
            Place::AwsKms(id) => kms::open(id, surroundings).await.map(Held::Elsewhere),
            #[cfg(not(all(feature = "pkcs11", feature = "awskms")))]
            other => Err(Error::setting(format!(
                "{other}: this kind of key is not part of this build of accredit"
            ))),
        }
    }

    /// Reaches the place and makes its key ready to sign.
    ///
    /// # Errors
    /// As [`open`](Self::open), and as [`load`](crate::load).
    pub async fn fetch(&self) -> Result<Fetched, Error> {
        let held = self.open().await?;
        self.ready(held)
    }

    fn ready(&self, held: Held) -> Result<Fetched, Error> {
        match held {
            Held::Text(text) => {
                let version = version_of(&text);
                let KeyText {
                    text,
                    origin,
                    mut notes,
                } = text;
                let passphrases = self.surroundings.passphrases.as_ref();
                let loaded = loading::load(&text, &origin, passphrases, self.surroundings.engine)?;
                let repairs = loaded.repairs.iter();
                notes.extend(repairs.map(|repair| format!("{origin}: {repair}")));
                Ok(Fetched {
                    signer: Arc::new(loaded.key),
                    version,
                    notes,
                })
            }
            Held::Elsewhere(signer) => Ok(Fetched {
                version: signer.public_key().fingerprint(),
                signer,
                notes: Vec::new(),
            }),
        }
    }
}

/// The SHA-256 of the text. Without the text nobody can make use of it.
fn version_of(text: &KeyText) -> String {
    hex(digest::digest(&digest::SHA256, text.text.expose()).as_ref())
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeySource").field(&self.place).finish()
    }
}

/// A source whose key may change while it is in use.
#[derive(Debug)]
pub struct Rotation {
    source: KeySource,
    current: Fetched,
}

impl Rotation {
    /// Fetches the first key.
    ///
    /// # Errors
    /// As [`KeySource::fetch`].
    pub async fn start(source: KeySource) -> Result<Self, Error> {
        let current = source.fetch().await?;
        Ok(Self { source, current })
    }

    /// The key that signs now.
    #[must_use]
    pub fn signer(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.current.signer)
    }

    /// What was told when the key that signs now was fetched.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.current.notes
    }

    /// Looks whether the place has another key by now, and takes it: `Some` with it if the public
    /// key is another one. A new text around the same key is taken too, and is `None`.
    ///
    /// # Errors
    /// As [`KeySource::fetch`]; the key that signs stays the one it was.
    pub async fn poll(&mut self) -> Result<Option<Arc<dyn Signer>>, Error> {
        let held = self.source.open().await?;
        let version = match &held {
            Held::Text(text) => version_of(text),
            Held::Elsewhere(signer) => signer.public_key().fingerprint(),
        };
        if version == self.current.version {
            return Ok(None);
        }
        let fetched = self.source.ready(held)?;
        let before: PublicKey = self.current.signer.public_key().clone();
        self.current = fetched;
        let is_another = *self.current.signer.public_key() != before;
        Ok(is_another.then(|| self.signer()))
    }
}
