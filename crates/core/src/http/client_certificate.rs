//! The certificate that this side of a TLS connection shows (RFC 8446 §4.4.2).
//!
//! Owns the check that key and certificate belong together, so that no connection is tried with a
//! torn pair. Invariant: a [`ClientCertificate`] is a pair that TLS can use.

use std::fmt;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PrivateKey};

use crate::error::Error;
use crate::secret::Secret;

/// A certificate with its chain and its private key. The key is not printed.
#[derive(Clone)]
pub struct ClientCertificate {
    pair: ClientCert,
    length: usize,
}

impl ClientCertificate {
    /// Reads a chain in PEM, its own certificate first, and the private key of that, unencrypted in
    /// PEM.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::error::ErrorKind::Key) if one of them cannot be read, or they do
    /// not belong together.
    pub fn from_pem(chain: &[u8], key: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| Error::key("the client certificate holds a damaged PEM block"))?;
        if certificates.is_empty() {
            return Err(Error::key(
                "the client certificate holds no certificate in PEM",
            ));
        }
        let unread = || Error::key("the key of the client certificate is no private key in PEM");
        let der = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| unread())?;
        CertifiedKey::from_der(certificates.clone(), der, &default_provider()).map_err(
            |wrong| {
                Error::key("the client certificate and its key do not belong together")
                    .with_source(wrong)
            },
        )?;
        let key = PrivateKey::from_pem(key.expose()).map_err(|_| unread())?;
        let chain: Vec<Certificate<'static>> = certificates
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        Ok(Self {
            pair: ClientCert::new_with_certs(&chain, key),
            length: chain.len(),
        })
    }

    pub(super) fn pair(&self) -> ClientCert {
        self.pair.clone()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate(a chain of {})", self.length)
    }
}
