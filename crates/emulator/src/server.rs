//! The server: bound listeners, a router, and a future that says when to stop.
//!
//! Owns listeners: how many connections there may be, and which words a client may begin with. A
//! request that is being answered when the server stops is answered.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::app::App;
use crate::connection::{self, HEADER_TIMEOUT, Line};
use crate::front::Front;
use crate::proxy::Proxy;
use crate::tls::Tls;

/// The most connections at a time on one listener; more wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;

/// How long requests may take that are being answered when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The first byte of a TLS record that begins a handshake (RFC 8446 §5.1).
pub(crate) const HANDSHAKE: u8 = 0x16;

/// What a listener understands.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// HTTP.
    Plain,
    /// HTTP, and the same over TLS: the first byte tells them apart.
    Tls(Tls),
    /// What clients say to a proxy.
    Proxy(Proxy),
}

/// Serves the emulator until `stop` completes, then ends every connection after its request.
///
/// # Errors
/// Those of the listener when it is asked for its address.
pub async fn run(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    app.add_bound(listener.local_addr()?);
    serve(listener, Front::new(app), Door::Plain, stop).await;
    Ok(())
}

/// Serves `front` behind a door until `stop` completes.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    door: Door,
    stop: impl Future<Output = ()> + Send,
) {
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
                let line = Line {
                    front: front.clone(),
                    peer,
                    scheme: Scheme::HTTP,
                    tunnel: None,
                };
                let served = enter(stream, line, door.clone(), stopped.clone());
                connections.spawn(async move {
                    served.await;
                    drop(slot);
                });
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

async fn enter(stream: TcpStream, line: Line, door: Door, stopped: watch::Receiver<()>) {
    match door {
        Door::Plain => connection::answer(stream, line, stopped).await,
        Door::Tls(tls) if begins_with_handshake(&stream, stopped.clone()).await => {
            let line = Line {
                scheme: Scheme::HTTPS,
                ..line
            };
            match tls.accept(stream).await {
                Ok(stream) => connection::answer(stream, line, stopped).await,
                Err(error) => tracing::debug!(%error, "a handshake failed"),
            }
        }
        Door::Tls(_) => connection::answer(stream, line, stopped).await,
        Door::Proxy(proxy) => proxy.serve(stream, line, stopped).await,
    }
}

/// Looks at the first byte without taking it. A client that says nothing is left to whoever reads
/// next.
async fn begins_with_handshake(stream: &TcpStream, mut stopped: watch::Receiver<()>) -> bool {
    let mut first = [0];
    tokio::select! {
        peeked = timeout(HEADER_TIMEOUT, stream.peek(&mut first)) => {
            matches!(peeked, Ok(Ok(1))) && first == [HANDSHAKE]
        }
        _ = stopped.changed() => false,
    }
}
