//! The proxy: answers Salesforce's hosts from the emulator, and refuses every other.
//!
//! Owns what may be asked of it. It never connects anywhere: a tunnel ends here, behind TLS of the
//! emulator's own.

mod hosts;

use std::io::Cursor;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::BoxError;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::uri::{Authority, Scheme};
use http::{Method, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use self::hosts::is_salesforce;
pub(crate) use self::hosts::label;
use crate::connection::{self, HEADER_TIMEOUT, HangUp, Line, Tunnel};
use crate::server::HANDSHAKE;
use crate::tls::Tls;

/// Answers clients that think it connects them to Salesforce.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    tls: Tls,
    /// Where the emulator itself listens: some clients ask their proxy even for this.
    own: SocketAddr,
}

/// A tunnel that was granted.
struct Granted {
    /// The host of Salesforce, or nothing if it is the emulator itself.
    host: Option<Tunnel>,
    upgrade: OnUpgrade,
}

/// What a target of the proxy is.
enum Target {
    /// A host of Salesforce.
    Salesforce(String),
    /// The emulator.
    Own,
}

impl Proxy {
    /// A proxy with certificates of `tls` beside an emulator that listens at `own`.
    pub(crate) const fn new(tls: Tls, own: SocketAddr) -> Self {
        Self { tls, own }
    }

    /// Serves one connection: first the words of a proxy, then, in the tunnel, those of the host.
    pub(crate) async fn serve(
        &self,
        stream: TcpStream,
        line: Line,
        mut stopped: watch::Receiver<()>,
    ) {
        let granted: Arc<Mutex<Option<Granted>>> = Arc::default();
        let (slot, heard, own) = (Arc::clone(&granted), line.clone(), self.own);
        let service = service_fn(move |request: Request<Incoming>| {
            hear(request, own, heard.clone(), Arc::clone(&slot))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a client of the proxy broke off");
            return;
        }
        let taken = granted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(granted) = taken {
            self.tunnel(granted, line, stopped).await;
        }
    }

    async fn tunnel(&self, granted: Granted, line: Line, stopped: watch::Receiver<()>) {
        let opened = async {
            let mut stream = TokioIo::new(granted.upgrade.await?);
            let mut first = [0];
            timeout(HEADER_TIMEOUT, stream.read_exact(&mut first)).await??;
            Ok::<_, BoxError>((stream, first))
        };
        let (stream, first) = match opened.await {
            Ok(opened) => opened,
            Err(error) => return tracing::debug!(%error, "a tunnel was not used"),
        };
        let (reader, writer) = tokio::io::split(stream);
        let stream = tokio::io::join(Cursor::new(first).chain(reader), writer);
        let line = Line {
            tunnel: granted.host,
            ..line
        };
        if first != [HANDSHAKE] {
            return connection::answer(stream, line, stopped).await;
        }
        match self.tls.accept(stream).await {
            Ok(stream) => {
                let line = Line {
                    scheme: Scheme::HTTPS,
                    ..line
                };
                connection::answer(stream, line, stopped).await;
            }
            Err(error) => tracing::debug!(%error, tunnel = ?line.tunnel, "a handshake failed"),
        }
    }
}

/// Answers what is said to the proxy itself, and grants a tunnel.
async fn hear(
    mut request: Request<Incoming>,
    own: SocketAddr,
    line: Line,
    granted: Arc<Mutex<Option<Granted>>>,
) -> Result<Response, HangUp> {
    let Some(authority) = request.uri().authority().cloned() else {
        let text = "this is the proxy of an emulator: set it as HTTPS_PROXY, and ask for hosts of \
                    Salesforce\n";
        return Ok((StatusCode::BAD_REQUEST, text).into_response());
    };
    let target = match target(&authority, own) {
        Ok(target) => target,
        Err(refused) => return Ok((StatusCode::FORBIDDEN, refused).into_response()),
    };
    if request.method() == Method::CONNECT {
        let upgrade = hyper::upgrade::on(&mut request);
        let host = match target {
            Target::Salesforce(host) => Some(Tunnel(host.into())),
            Target::Own => None,
        };
        let mut slot = granted.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Granted { host, upgrade });
        return Ok(Response::new(Body::empty()));
    }
    match target {
        Target::Salesforce(host) => Ok(over_tls(&request, &host)),
        Target::Own => connection::reply(line, request).await,
    }
}

/// What a target is, or a sentence that refuses it.
fn target(authority: &Authority, own: SocketAddr) -> Result<Target, String> {
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    if is_salesforce(&host) {
        return match authority.port_u16() {
            None | Some(80 | 443) => Ok(Target::Salesforce(host)),
            _ => Err(format!(
                "{host} is answered at port 443, found {authority}\n"
            )),
        };
    }
    let is_loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
    let is_own = is_loopback && authority.port_u16() == Some(own.port());
    if is_own || authority.as_str() == own.to_string() {
        return Ok(Target::Own);
    }
    Err(format!(
        "the emulator's proxy answers {} and connects nowhere: {host:?} was refused; NO_PROXY \
         names hosts that are asked directly\n",
        hosts::ANSWERED
    ))
}

/// Salesforce takes no requests in the clear: those that send nothing are shown the way.
pub(crate) fn over_tls<B>(request: &Request<B>, host: &str) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = format!("{host} is asked over https only; what was sent has been dropped\n");
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let path = request.uri().path_and_query();
    let location = format!("https://{host}{}", path.map_or("/", |path| path.as_str()));
    (
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, location)],
    )
        .into_response()
}
