//! One connection: requests in, answers out, until either side is done.
//!
//! Owns what a request is told of the way it came, and how a connection ends. It does not care
//! whether TLS or a tunnel lies below.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse as _, Response};
use http::uri::Scheme;
use http::{Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::front::Front;
use crate::upload::Upload;

/// How long a client may take to send the headers of a request.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take, the reading of the request included.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// What answers a connection, and what its requests are told.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) front: Front,
    pub(crate) peer: SocketAddr,
    pub(crate) scheme: Scheme,
    /// The host that the client asked the proxy for, if it came that way.
    pub(crate) tunnel: Option<Tunnel>,
}

/// The host at the far end of a tunnel, in lower case, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tunnel(pub(crate) Arc<str>);

/// An extension of responses: the connection ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection ends here, as asked for")
    }
}

impl std::error::Error for HangUp {}

/// Serves one connection; a request that is being answered when the server stops is answered.
pub(crate) async fn answer<I>(io: I, line: Line, mut stopped: watch::Receiver<()>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request: Request<Incoming>| reply(line.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Answers one request.
pub(crate) async fn reply(line: Line, request: Request<Incoming>) -> Result<Response, HangUp> {
    let mut request = request.map(|body| Body::new(Upload::new(body)));
    if let Some(tunnel) = line.tunnel {
        if host_of(&request).is_some_and(|host| host != *tunnel.0) {
            let text = "the Host header must be the host that the proxy was asked for\n";
            return Ok((StatusCode::MISDIRECTED_REQUEST, text).into_response());
        }
        request.extensions_mut().insert(tunnel);
    }
    request.extensions_mut().insert(ConnectInfo(line.peer));
    request.extensions_mut().insert(line.scheme);
    let Ok(response) = timeout(ANSWER_TIMEOUT, line.front.answer(request)).await else {
        let text = "the answer took too long\n";
        return Ok((StatusCode::SERVICE_UNAVAILABLE, text).into_response());
    };
    match response.extensions().get::<HangUp>() {
        Some(hang_up) => Err(*hang_up),
        None => Ok(response),
    }
}

/// The host of a request in lower case, without a port.
pub(crate) fn host_of<B>(request: &Request<B>) -> Option<String> {
    let host = match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok()?,
        None => request.uri().authority()?.as_str(),
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    Some(name.to_ascii_lowercase())
}
