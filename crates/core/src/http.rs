//! The only thing the library asks of the network ([`HttpClient`]), and one way to do it
//! ([`UreqClient`]).
//!
//! Owns the rules of every request: no redirects, time-outs, a cap on the reply, https checked
//! against the trust store of the system. It knows nothing of tokens.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, Response, Uri};
use tokio::sync::oneshot;
use ureq::config::Config;
use ureq::tls::{RootCerts, TlsConfig};
use zeroize::Zeroizing;

use crate::BoxFuture;
use crate::base_url::{is_loopback, split_authority};
use crate::error::Error;

mod client_certificate;
mod mishap;
mod roots;
mod stream;

pub use client_certificate::ClientCertificate;
use mishap::explain;
pub use roots::SystemRoots;
pub use stream::{Download, Upload};

/// Sends a request and waits for the whole reply.
///
/// An implementation must not follow redirects: the body of a token request is a credential. It
/// must bound time and size by itself.
pub trait HttpClient: Send + Sync + fmt::Debug {
    /// Sends `request`.
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>>;
}

/// How a [`UreqClient`] behaves.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// For connection, proxy and TLS together; the resolution of names counts to the whole. Default
    /// 2 s.
    pub connect_timeout: Duration,
    /// For the whole exchange. Default 10 s.
    pub total_timeout: Duration,
    /// The longest reply that is read, in bytes. Default 64 KiB, enough for any token reply.
    pub body_max: u64,
    /// An HTTP CONNECT proxy, as `http://[USER:PASSWORD@]HOST:PORT`. Never asked for this machine.
    pub proxy: Option<ProxyUrl>,
    /// Certificates in PEM that are trusted besides the system's.
    pub extra_roots: Vec<u8>,
    /// Whether the system's trust store counts. Default: it does.
    pub system_roots: SystemRoots,
    /// The certificate to show to servers that ask for one. Default none.
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            total_timeout: Duration::from_secs(10),
            body_max: 64 * 1024,
            proxy: None,
            extra_roots: Vec::new(),
            system_roots: SystemRoots::Trusted,
            client_certificate: None,
        }
    }
}

/// A proxy to go through. Its password is not printed.
#[derive(Clone)]
pub struct ProxyUrl(ureq::Proxy);

impl ProxyUrl {
    /// Reads the URL of an HTTP proxy and the hosts that are reached without it (as in `NO_PROXY`).
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is not the URL of an HTTP
    /// proxy: other kinds are not spoken.
    pub fn parse(url: &str, no_proxy: &str) -> Result<Self, Error> {
        let wrong = || Error::setting("the proxy is not a URL like http://proxy.example:3128");
        let is_http = url.starts_with("http://") || !url.contains("://");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?.as_str();
        let after_host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (_, port) = split_authority(after_host)
            .filter(|_| is_http)
            .ok_or_else(wrong)?;
        let parsed = ureq::Proxy::new(url).map_err(|_| wrong())?;
        let mut builder = ureq::Proxy::builder(ureq::ProxyProtocol::Http)
            .host(parsed.host())
            .port(port.unwrap_or(80));
        if let Some(name) = parsed.username() {
            builder = builder.username(name);
        }
        if let Some(password) = parsed.password() {
            builder = builder.password(password);
        }
        for host in no_proxy
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
        {
            builder = builder.no_proxy(host);
            // A bare name stands for what is below it too, as it does for curl.
            if !host.starts_with(['.', '*']) && host.parse::<IpAddr>().is_err() {
                builder = builder.no_proxy(&format!(".{host}"));
            }
        }
        builder.build().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({}:{})", self.0.host(), self.0.port())
    }
}

/// A client over ureq and rustls: ready in a millisecond, one short-lived thread per request.
///
/// The first https request reads the system's trust store. As everywhere on the system, the
/// variables `SSL_CERT_FILE` and `SSL_CERT_DIR` put another in its place. Nothing else is read from
/// outside, and no proxy is taken from the environment.
#[derive(Clone, Debug)]
pub struct UreqClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: ClientSettings,
    /// Loading the trust store takes longer than a whole exchange on this machine, so http has a
    /// client of its own and https gets its one when first asked for.
    plain: OnceLock<ureq::Agent>,
    secure: OnceLock<ureq::Agent>,
}

impl UreqClient {
    /// A client with these settings. Nothing is opened or read yet.
    #[must_use]
    pub fn new(settings: ClientSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        }))
    }

    /// Sends `request` and blocks until the whole reply is there.
    ///
    /// # Errors
    /// [`ErrorKind::Transport`](crate::error::ErrorKind::Transport) if there is no reply,
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) if it is too long.
    pub fn send_blocking(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let uri = request.uri().clone();
        let agent = self.0.agent(&uri)?;
        let (parts, body) = request.into_parts();
        let body = Zeroizing::new(body);
        let is_direct = uri.host().is_some_and(is_loopback);
        let sent = if body.is_empty() && parts.method != http::Method::POST {
            run(&agent, Request::from_parts(parts, ()), is_direct)
        } else {
            run(
                &agent,
                Request::from_parts(parts, body.as_slice()),
                is_direct,
            )
        };
        let (parts, mut body) = sent
            .map_err(|error| explain(error, &uri, &self.0.settings))?
            .into_parts();
        let body = body
            .with_config()
            .limit(self.0.settings.body_max)
            .read_to_vec()
            .map_err(|error| explain(error, &uri, &self.0.settings))?;
        Ok(Response::from_parts(parts, body))
    }
}

/// Sends a request; to this machine never through the proxy.
fn run(
    agent: &ureq::Agent,
    request: Request<impl ureq::AsSendBody>,
    is_direct: bool,
) -> Result<Response<ureq::Body>, ureq::Error> {
    if is_direct {
        agent.run(agent.configure_request(request).proxy(None).build())
    } else {
        agent.run(request)
    }
}

impl HttpClient for UreqClient {
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        let client = self.clone();
        let (reply, replied) = oneshot::channel();
        let thread = std::thread::Builder::new().name("accredit-http".to_owned());
        let started = thread.spawn(move || {
            // The receiver is gone if nobody waits any more; then the reply is of no use.
            drop(reply.send(client.send_blocking(request)));
        });
        Box::pin(async move {
            started.map_err(|source| {
                Error::transport("no thread for a request").with_source(source)
            })?;
            replied
                .await
                .unwrap_or_else(|_| Err(Error::transport("the request was abandoned")))
        })
    }
}

impl Inner {
    fn agent(&self, uri: &Uri) -> Result<ureq::Agent, Error> {
        if uri.scheme_str() == Some("http") {
            return Ok(self
                .plain
                .get_or_init(|| self.build(TlsConfig::builder().build()))
                .clone());
        }
        if let Some(agent) = self.secure.get() {
            return Ok(agent.clone());
        }
        // A trust store that is not there now may be there the next time.
        let agent = self.build(self.tls()?);
        Ok(self.secure.get_or_init(|| agent).clone())
    }

    fn build(&self, tls: TlsConfig) -> ureq::Agent {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that builds a client"
        )]
        let config: Config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(self.settings.proxy.clone().map(|proxy| proxy.0))
            .timeout_connect(Some(self.settings.connect_timeout))
            .timeout_global(Some(self.settings.total_timeout))
            .max_response_header_size(32 * 1024)
            .user_agent(concat!("accredit/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        config.into()
    }

    fn tls(&self) -> Result<TlsConfig, Error> {
        let roots = roots::load(self.settings.system_roots, &self.settings.extra_roots)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .client_cert(
                self.settings
                    .client_certificate
                    .as_ref()
                    .map(ClientCertificate::pair),
            )
            .unversioned_rustls_crypto_provider(provider)
            .build())
    }
}
