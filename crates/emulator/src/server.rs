//! The server: a bound listener, a router, and a future that says when to stop.
//!
//! Owns connections: how many there may be, how long a client may take over its headers, and how
//! they end. A request that is being answered when the server stops is answered.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::app::{App, routes};

/// The most connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;

/// How long a client may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests may take that are being answered when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the emulator until `stop` completes, then ends every connection after its request.
///
/// # Errors
/// Those of the listener when it is asked for its address.
pub async fn run(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    app.set_bound(listener.local_addr()?);
    let router = routes(app);
    let (stopping, stopped) = watch::channel(());
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                connections.spawn(serve((stream, peer, slot), router.clone(), stopped.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(stopping);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(DRAIN_MAX, drained).await.is_err() {
        tracing::warn!("some requests were cut off: they took too long");
    }
    Ok(())
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> io::Result<Accepted> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small and written whole: waiting for more bytes would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, slot))
}

async fn serve((stream, peer, _slot): Accepted, router: Router, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
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
