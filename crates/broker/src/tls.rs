//! TLS of the listener: its certificate, and whom it takes certificates from.
//!
//! Owns what is made of the files; they are read by whoever starts the broker, and again with each
//! new configuration.

use std::fmt;
use std::sync::Arc;

use accredit::error::Error;
use accredit::secret::Secret;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::peer::Shown;

/// The files of a listener that speaks TLS.
#[derive(Debug)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: Secret<Vec<u8>>,
    pub(crate) key: Secret<Vec<u8>>,
    pub(crate) client_ca: Option<Secret<Vec<u8>>>,
}

/// Makes connections secure.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Tls {
    /// Puts the files together.
    pub(crate) fn new(files: &TlsFiles) -> Result<Self, Error> {
        let chain = certificates(&files.certificate, "the certificate of the listener")?;
        let key = PrivateKeyDer::from_pem_slice(files.key.expose())
            .map_err(|_| Error::setting("the key of the listener is no private key in PEM"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failed = |source: rustls::Error| {
            Error::setting("the listener cannot speak TLS with these files").with_source(source)
        };
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(authorities, "the authority of callers")? {
                    roots.add(root).map_err(failed)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .allow_unauthenticated()
                        .build();
                builder.with_client_cert_verifier(verifier.map_err(|source| {
                    Error::setting("callers' certificates cannot be checked").with_source(source)
                })?)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(failed)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Makes one connection secure.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<(TlsStream<TcpStream>, Option<Arc<Shown>>)> {
        let stream = self.0.accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let first = shown.and_then(<[_]>::first);
        let shown = first.map(|certificate| Arc::new(Shown::read(certificate)));
        Ok((stream, shown))
    }
}

fn certificates(text: &Secret<Vec<u8>>, what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.expose()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::setting(format!("{what} is no certificate in PEM"))),
    }
}
