//! TLS for the emulator: a certificate authority of its own and a certificate for each host asked
//! for.
//!
//! Owns keys and certificates; who connects and what is answered is not its business. Nobody trusts
//! the authority unless told to.

mod authority;
mod leaves;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::Clock;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use self::authority::{Authority, AuthorityError};
use self::leaves::Leaves;

/// How long a client may take over the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What ends TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    authority: Arc<Authority>,
}

impl Tls {
    /// Certificates of `authority`; clients that name no host get one for `address`.
    pub(crate) fn new(
        authority: Arc<Authority>,
        address: IpAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        let leaves = Leaves::new(Arc::clone(&authority), address, clock)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| AuthorityError::new(format!("TLS cannot be used: {error}")))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(leaves));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: Arc::new(config).into(),
            authority,
        })
    }

    /// Who signs the certificates.
    pub(crate) const fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// Shakes hands.
    pub(crate) async fn accept<I>(&self, stream: I) -> io::Result<TlsStream<I>>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await?
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
