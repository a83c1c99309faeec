//! The keys of the broker, by the references of the command line.

use std::sync::Arc;

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::Engine;
use accredit_broker::{HeldKey, KeySource};
use accredit_keys::describe;

use crate::key_reference::KeyReference;
use crate::settings::Environment;

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

impl KeySource for References {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        Box::pin(std::future::ready(self.read(reference)))
    }
}
