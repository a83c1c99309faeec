//! The proxy: answers Salesforce's hosts from the emulator, and refuses every other.
//!
//! Owns what may be asked of it. It never connects anywhere: a tunnel ends here, behind TLS of the
//! emulator's own.

mod hosts;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use self::hosts::is_salesforce;
pub(crate) use self::hosts::label;
use crate::connection::{self, HEADER_TIMEOUT, Line, Tunnel};
use crate::tls::Tls;

/// Answers clients that think it connects them to Salesforce.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    tls: Tls,
}

/// A tunnel that was granted.
struct Granted {
    host: String,
    scheme: Scheme,
    upgrade: OnUpgrade,
}

impl Proxy {
    pub(crate) const fn new(tls: Tls) -> Self {
        Self { tls }
    }

    /// Serves one connection: first the words of a proxy, then, in the tunnel, those of the host.
    pub(crate) async fn serve(
        &self,
        stream: TcpStream,
        line: Line,
        mut stopped: watch::Receiver<()>,
    ) {
        let granted: Arc<Mutex<Option<Granted>>> = Arc::default();
        let slot = Arc::clone(&granted);
        let service = service_fn(move |request: Request<Incoming>| {
            let reply = hear(request, &slot);
            async move { Ok::<Response, std::convert::Infallible>(reply) }
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
        let stream = match granted.upgrade.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => return tracing::debug!(%error, "a tunnel was not begun"),
        };
        let line = Line {
            tunnel: Some(Tunnel(granted.host.into())),
            scheme: granted.scheme,
            ..line
        };
        if line.scheme == Scheme::HTTP {
            return connection::answer(stream, line, stopped).await;
        }
        match self.tls.accept(stream).await {
            Ok(stream) => connection::answer(stream, line, stopped).await,
            Err(error) => {
                let host = line.tunnel.as_ref().map(|tunnel| tunnel.0.as_ref());
                tracing::debug!(%error, host, "a handshake failed");
            }
        }
    }
}

/// Answers what is said to the proxy itself, and grants a tunnel.
fn hear(mut request: Request<Incoming>, granted: &Mutex<Option<Granted>>) -> Response {
    let Some(authority) = request.uri().authority().cloned() else {
        let text = "this is the proxy of an emulator: set it as HTTPS_PROXY, and ask for hosts of \
                    Salesforce\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    if !is_salesforce(&host) {
        return refuse(&host);
    }
    if request.method() != Method::CONNECT {
        return over_tls(&request, &host);
    }
    let scheme = match authority.port_u16() {
        Some(443) => Scheme::HTTPS,
        Some(80) => Scheme::HTTP,
        _ => {
            let text = format!("{host} is answered at port 443, found {authority}\n");
            return (StatusCode::FORBIDDEN, text).into_response();
        }
    };
    *granted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Granted {
        host,
        scheme,
        upgrade: hyper::upgrade::on(&mut request),
    });
    Response::new(Body::empty())
}

fn refuse(host: &str) -> Response {
    let text = format!(
        "the emulator's proxy answers {} and connects nowhere: {host:?} was refused; NO_PROXY \
         names \
         hosts that are asked directly\n",
        hosts::ANSWERED
    );
    (StatusCode::FORBIDDEN, text).into_response()
}

/// Salesforce takes no requests in the clear: those that send nothing are shown the way.
pub(crate) fn over_tls<B>(request: &Request<B>, host: &str) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = format!("{host} is asked over https only; what was sent has been dropped\n");
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let location = format!("https://{host}{path}");
    (
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, location)],
    )
        .into_response()
}
