//! The keys of the broker, by the references of the command line.

use std::path::Path;
use std::sync::Arc;

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::Engine;
use accredit::secret::Secret;
use accredit_broker::{HeldKey, KeySource};
use accredit_keys::describe;

use crate::files;
use crate::key_reference::KeyReference;
use crate::settings::Environment;

/// The longest file of certificates that is read, in bytes.
const FILE_LENGTH_MAX: u64 = 1024 * 1024;

/// Reads keys as `--jwt-key-file` does.
#[derive(Debug)]
pub(super) struct References {
    environment: Arc<dyn Environment>,
}

impl References {
    pub(super) fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment }
    }

    fn read(&self, reference: &str) -> Result<HeldKey, Error> {
        let reference = KeyReference::parse(reference)?;
        let text = reference
            .read(self.environment.as_ref())
            .map_err(|error| Error::key(error.to_string()).with_source(error))?;
        let origin = reference.to_string();
        let key = accredit_keys::private_key(&text, &origin, Engine::Throughput)?;
        // A certificate may stand beside the key; it is of use only to tell its end.
        let found = describe(&text, &origin).unwrap_or_default();
        let certificate = found.into_iter().find_map(|one| one.certificate);
        Ok(HeldKey {
            signer: Arc::new(key),
            certificate_ends: certificate.map(|one| one.not_after),
        })
    }
}

fn read_file(path: &str) -> Result<Secret<Vec<u8>>, Error> {
    let read = files::read(Path::new(path), FILE_LENGTH_MAX);
    read.map(Secret::new)
        .map_err(|error| Error::setting(format!("{path} could not be read")).with_source(error))
}

impl KeySource for References {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        Box::pin(std::future::ready(self.read(reference)))
    }

    fn file(&self, path: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        Box::pin(std::future::ready(read_file(path)))
    }
}
