//! The keys and files of the broker, by the references of the command line.
//!
//! Owns the way to them from a process that nobody watches: no prompt, and no thread of the server
//! that waits for a vault.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::Engine;
use accredit::secret::Secret;
use accredit_broker::{HeldKey, KeySource};
use accredit_keys::{Held, Passphrases, describe_with, load};
use tokio::task::spawn_blocking;

use crate::files;
use crate::key_reference::KeyReference;
use crate::passphrase::PassphraseSource;
use crate::settings::lookup;
use crate::world::World;

/// The longest file of certificates that is read, in bytes.
const FILE_LENGTH_MAX: u64 = 1024 * 1024;

/// Reads keys as `--jwt-key-file` does.
#[derive(Debug)]
pub(super) struct References {
    world: World,
    /// What was said of each key when it was last read: it is read often, and said once.
    said: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

/// Knows what was written down, and asks nobody.
#[derive(Debug)]
struct Written(PassphraseSource);

impl Passphrases for Written {
    fn passphrase(&self, _origin: &str) -> Result<Option<Secret<String>>, Error> {
        self.0.written()
    }
}

impl References {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            said: Arc::default(),
        }
    }
}

/// A key, and what is to be said of it.
type Read = (HeldKey, Vec<String>);

/// Reaches a key. A place elsewhere may take its time.
fn read(reference: &str, world: &World) -> Result<Read, Error> {
    let reference = KeyReference::parse(reference)?;
    let passphrases = Arc::new(Written(PassphraseSource::new(None, world)));
    let held = reference
        .open(world, Arc::clone(&passphrases) as Arc<dyn Passphrases>)
        .map_err(|error| Error::key(error.to_string()).with_source(error))?;
    let text = match held {
        Held::Text(text) => text,
        Held::Elsewhere(signer) => {
            let held = HeldKey {
                signer,
                certificate_ends: None,
            };
            return Ok((held, Vec::new()));
        }
    };
    let passphrases = passphrases.as_ref();
    let loaded = load(&text.text, &text.origin, passphrases, Engine::Throughput)?;
    let repairs = loaded.repairs.iter();
    let repairs = repairs.map(|repair| format!("{}: put right: {repair}", text.origin));
    let notes = text.notes.iter().cloned().chain(repairs).collect();
    // A certificate may stand beside the key; it is of use only to tell its end.
    let found = describe_with(&text.text, &text.origin, passphrases).unwrap_or_default();
    let certificate = found.into_iter().find_map(|one| one.certificate);
    let held = HeldKey {
        signer: Arc::new(loaded.key),
        certificate_ends: certificate.map(|one| one.not_after),
    };
    Ok((held, notes))
}

/// Says what there is to say of a key, unless the same was said of it last.
fn say(said: &Mutex<HashMap<String, Vec<String>>>, reference: &str, notes: Vec<String>) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    if said.get(reference).is_some_and(|before| *before == notes) {
        return;
    }
    for note in &notes {
        tracing::warn!(note, "a note on a key");
    }
    said.insert(reference.to_owned(), notes);
}

fn read_file(path: &str) -> Result<Secret<Vec<u8>>, Error> {
    let read = files::read(Path::new(path), FILE_LENGTH_MAX);
    read.map(Secret::new)
        .map_err(|error| Error::setting(format!("{path} could not be read")).with_source(error))
}

fn read_secret(reference: &str, world: &World) -> Result<Secret<Vec<u8>>, Error> {
    if reference.contains("://") {
        return Ok(Secret::new(reference.as_bytes().to_vec()));
    }
    let Some(name) = reference.strip_prefix("env:") else {
        return read_file(reference);
    };
    let found = lookup(world.environment.as_ref(), name);
    found
        .map(|text| Secret::new(text.into_encoded_bytes()))
        .ok_or_else(|| Error::setting(format!("the variable {name} is not set")))
}

impl KeySource for References {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        let (reference, world) = (reference.to_owned(), self.world.clone());
        let said = Arc::clone(&self.said);
        Box::pin(async move {
            let reading = spawn_blocking(move || {
                let (held, notes) = read(&reference, &world)?;
                say(&said, &reference, notes);
                Ok(held)
            });
            let abandoned = |_| Err(Error::key("the reading of a key was abandoned"));
            reading.await.unwrap_or_else(abandoned)
        })
    }

    fn secret(&self, reference: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        Box::pin(std::future::ready(read_secret(reference, &self.world)))
    }

    fn file(&self, path: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        Box::pin(std::future::ready(read_file(path)))
    }
}
