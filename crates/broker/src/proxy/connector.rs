//! How connections to Salesforce are opened: TCP, an HTTP proxy where one is set, TLS.
//!
//! Owns time-outs and trust. Certificates are always checked.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use accredit::secret::Secret;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_native_certs::CertificateResult;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The longest answer of a proxy that is read, in bytes.
const PROXY_ANSWER_MAX: usize = 8 * 1024;

/// How Salesforce is reached.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// For name, TCP, proxy and TLS together. Default 10 s.
    pub connect_timeout: Duration,
    /// A proxy for everything but this machine.
    pub proxy: Option<HttpProxy>,
    /// Certificates in PEM that are trusted besides the system's.
    pub extra_roots: Vec<u8>,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxy: None,
            extra_roots: Vec::new(),
        }
    }
}

/// An HTTP proxy that connects through.
#[derive(Clone, Debug)]
pub struct HttpProxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The value of `Proxy-Authorization`, if it wants one.
    pub authorization: Option<Arc<Secret<String>>>,
    /// Ends of the names of hosts that are reached without it; `*` for all.
    pub direct: Vec<String>,
}

impl HttpProxy {
    fn is_for(&self, host: &str) -> bool {
        let is_direct = |one: &String| {
            let one = one.trim_start_matches('.');
            let before = host.strip_suffix(one);
            one == "*" || before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        !is_loopback(host) && !self.direct.iter().any(is_direct)
    }
}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    settings: UpstreamSettings,
    tls: OnceLock<TlsConnector>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.0.settings).finish()
    }
}

impl Connector {
    pub(super) fn new(settings: UpstreamSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            tls: OnceLock::new(),
        }))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let patience = inner.settings.connect_timeout;
            let opened = tokio::time::timeout(patience, inner.open(&uri)).await;
            let wire = opened.map_err(|_| {
                let seconds = patience.as_secs();
                let what = format!("no connection within {seconds} s");
                io::Error::new(io::ErrorKind::TimedOut, what)
            })??;
            Ok(TokioIo::new(wire))
        })
    }
}

impl Inner {
    async fn open(&self, uri: &Uri) -> io::Result<Wire> {
        let host = uri.host().unwrap_or_default();
        let is_secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let stream = match self
            .settings
            .proxy
            .as_ref()
            .filter(|proxy| proxy.is_for(bare))
        {
            Some(proxy) => through(proxy, host, port).await?,
            None => TcpStream::connect((bare, port)).await?,
        };
        stream.set_nodelay(true)?;
        if !is_secure {
            return Ok(Wire::Plain(stream));
        }
        let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
        let stream = self.tls()?.connect(name, stream).await?;
        Ok(Wire::Tls(Box::new(stream)))
    }

    fn tls(&self) -> io::Result<TlsConnector> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let roots = trusted(
            rustls_native_certs::load_native_certs(),
            &self.settings.extra_roots,
        )?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = TlsConnector::from(Arc::new(config));
        Ok(self.tls.get_or_init(|| tls).clone())
    }
}

/// Whom to trust. Where the system's certificates cannot be read now (there may be too many open
/// files), this is an error, so that they are asked for again.
fn trusted(system: CertificateResult, extra: &[u8]) -> io::Result<RootCertStore> {
    if let (true, Some(error)) = (system.certs.is_empty(), system.errors.into_iter().next()) {
        let what = format!("the certificates that this system trusts could not be read: {error}");
        return Err(io::Error::other(what));
    }
    let mut roots = RootCertStore::empty();
    for root in system.certs {
        // One odd certificate of the system takes nothing from the others.
        let _odd = roots.add(root);
    }
    for root in CertificateDer::pem_slice_iter(extra) {
        roots
            .add(root.map_err(io::Error::other)?)
            .map_err(io::Error::other)?;
    }
    match roots.is_empty() {
        true => Err(io::Error::other(
            "this system trusts no certificate at all; SSL_CERT_FILE names a file of them",
        )),
        false => Ok(roots),
    }
}

/// Has a proxy connect to a host.
async fn through(proxy: &HttpProxy, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect((proxy.host.as_str(), proxy.port)).await?;
    let authorization = proxy
        .authorization
        .as_ref()
        .map_or_else(String::new, |value| {
            format!("Proxy-Authorization: {}\r\n", value.expose())
        });
    let request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the answer belongs to TLS.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= PROXY_ANSWER_MAX {
            return Err(io::Error::other("the proxy answered at length"));
        }
        answer.push(stream.read_u8().await?);
    }
    let is_through = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200");
    match is_through {
        true => Ok(stream),
        false => Err(io::Error::other(format!(
            "the proxy did not connect to {host}"
        ))),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A connection, with TLS or without.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_store_that_could_not_be_read_is_no_empty_trust_store() {
        let mut failed = CertificateResult::default();
        let too_many = io::Error::from_raw_os_error(24);
        let error = rustls_native_certs::Error {
            context: "failed to open",
            kind: rustls_native_certs::ErrorKind::Io {
                inner: too_many,
                path: "/etc/ssl/certs".into(),
            },
        };
        failed.errors.push(error);
        let error = trusted(failed, b"").unwrap_err();
        assert!(error.to_string().contains("could not be read"), "{error}");
        let none = trusted(CertificateResult::default(), b"").unwrap_err();
        assert!(none.to_string().contains("SSL_CERT_FILE"), "{none}");
        let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let extra = key.cert.pem();
        let roots = trusted(CertificateResult::default(), extra.as_bytes()).unwrap();
        assert_eq!(roots.len(), 1);
    }
}
