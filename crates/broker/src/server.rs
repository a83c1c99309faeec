//! The server: a bound listener, an app, and a future that says when to stop.
//!
//! Owns connections: how many there may be, how long a client may take with a head, and how they
//! end. A request that is being answered when the server stops is answered.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::answer::Answer;
use crate::app::App;
use crate::config::OnExit;
use crate::peer::Peer;
use crate::session::Which;
use crate::trace_context;

mod closing;
mod framing;
mod guarded;
mod seats;

use guarded::Guarded;
use seats::{Origin, Seats};

/// How many connections beyond the limits are told so at a time; the oldest makes room.
const TURNED_AWAY_MAX: usize = 256;

/// How long they may take with a head, and those who come while the server stops.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a client may take to send the head of a request, or to begin one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes: a target of 16 KiB and 32 KiB of headers.
const HEAD_MAX: usize = 48 * 1024;

/// How long tokens may take to be revoked at the end.
const REVOKING_MAX: Duration = Duration::from_secs(5);

/// After how long without a word the system finds out whether the other end is still there, and how
/// often it asks. A client whose machine is gone holds a connection for two minutes.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(60))
    .with_interval(Duration::from_secs(15))
    .with_retries(4);

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug)]
pub enum Door {
    /// A bound address.
    Tcp(TcpListener),
    /// A bound Unix socket, and who runs this process.
    Unix {
        /// The socket.
        listener: UnixListener,
        /// The user of this process, who may always connect.
        own_uid: u32,
    },
}

/// Serves `app` until `stop` completes, then lets requests finish for at most `drain`. While some
/// finish, those who do not know of the end yet are answered too, for two thirds of that time.
pub async fn run(
    doors: Vec<Door>,
    app: App,
    stop: impl Future<Output = ()> + Send,
    drain: Duration,
) {
    let (stopping, stopped) = watch::channel(());
    let mut hall = Hall::new(app);
    let mut stop = pin!(stop);
    let watched = hall.app.clone();
    let mut watching = pin!(watched.watch_revocations());
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = &mut watching => {}
            Some(_) = hall.connections.join_next() => {}
            accepted = accept(&doors) => hall.admit(accepted, &stopped, Service::Requests).await,
        }
    }
    hall.app.drain();
    drop(stopping);
    let began = Instant::now();
    let (_open, never) = watch::channel(());
    let emptied = async {
        loop {
            tokio::select! {
                ended = hall.connections.join_next() => if ended.is_none() { return },
                accepted = accept(&doors) => {
                    hall.admit(accepted, &never, Service::OneRequest).await;
                }
            }
        }
    };
    let _still_busy = timeout(drain * 2 / 3, emptied).await;
    // The system has accepted these already: whoever sent them waits for an answer.
    for line in doors.into_iter().flat_map(Door::close) {
        hall.admit(Ok(line), &never, Service::OneRequest).await;
    }
    let drained = async { while hall.connections.join_next().await.is_some() {} };
    let left = drain.saturating_sub(began.elapsed());
    if timeout(left, drained).await.is_err() {
        tracing::warn!("some requests were cut off: they took too long");
        // Each has its line in the audit log once it is gone.
        hall.connections.shutdown().await;
    }
    if hall.app.setup().on_exit == OnExit::Revoke {
        let revoked = timeout(REVOKING_MAX, hall.app.revoke_held(Which::All)).await;
        if revoked.is_err() {
            tracing::warn!("some tokens were not revoked in time");
        }
    }
}

/// Everybody who is connected.
struct Hall {
    app: App,
    seats: Seats,
    connections: JoinSet<()>,
    turned_away: VecDeque<AbortHandle>,
}

impl Hall {
    fn new(app: App) -> Self {
        Self {
            app,
            seats: Seats::default(),
            connections: JoinSet::new(),
            turned_away: VecDeque::new(),
        }
    }

    /// Takes in a connection, or tells it that it is one too many.
    async fn admit(
        &mut self,
        accepted: io::Result<Line>,
        stopped: &watch::Receiver<()>,
        service: Service,
    ) {
        let line = match accepted {
            Ok(line) => line,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                return tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        };
        let (app, stopped) = (self.app.clone(), stopped.clone());
        let Some(seat) = self.seats.take(line.origin(), app.setup().limits) else {
            let told = enter(line, app, stopped, Service::Regret);
            self.turned_away.push_back(self.connections.spawn(told));
            if self.turned_away.len() > TURNED_AWAY_MAX {
                self.turned_away.pop_front().inspect(AbortHandle::abort);
            }
            return;
        };
        self.connections.spawn(async move {
            enter(line, app, stopped, service).await;
            drop(seat);
        });
    }
}

/// A connection as it comes in.
enum Line {
    Tcp(TcpStream, SocketAddr),
    /// With the user at the other end, and the user of this process.
    Unix(UnixStream, u32, u32),
}

impl Line {
    fn origin(&self) -> Origin {
        match self {
            Self::Tcp(_, address) => Origin::of(address.ip()),
            Self::Unix(_, uid, _) => Origin::User(*uid),
        }
    }
}

async fn accept(doors: &[Door]) -> io::Result<Line> {
    std::future::poll_fn(|context| {
        for door in doors {
            if let Poll::Ready(line) = door.poll_accept(context) {
                return Poll::Ready(line);
            }
        }
        Poll::Pending
    })
    .await
}

/// What a connection gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    /// Answers, to one request after another.
    Requests,
    /// An answer to one request, because the server is stopping.
    OneRequest,
    /// A word that there are too many.
    Regret,
}

impl Service {
    const fn patience(self) -> Duration {
        match self {
            Self::Requests => HEAD_TIMEOUT,
            Self::OneRequest | Self::Regret => SHORT_TIMEOUT,
        }
    }
}

impl Door {
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Line>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(context).map(|accepted| {
                let (stream, peer) = accepted?;
                stream.set_nodelay(true)?;
                SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE)?;
                Ok(Line::Tcp(stream, peer))
            }),
            Self::Unix { listener, own_uid } => listener.poll_accept(context).map(|accepted| {
                let stream = accepted?.0;
                let uid = stream.peer_cred()?.uid();
                Ok(Line::Unix(stream, uid, *own_uid))
            }),
        }
    }
}

/// Finds out who is at the other end, and serves.
async fn enter(line: Line, app: App, stopped: watch::Receiver<()>, service: Service) {
    match line {
        Line::Tcp(stream, address) => {
            let peer = Peer {
                ip: Some(address.ip()),
                ..Peer::default()
            };
            let Some(tls) = app.setup().tls.clone() else {
                return answer(stream, (app, peer), stopped, service).await;
            };
            match timeout(service.patience(), tls.accept(stream)).await {
                Ok(Ok((stream, certificate))) => {
                    let peer = Peer {
                        certificate,
                        ..peer
                    };
                    answer(stream, (app, peer), stopped, service).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        }
        Line::Unix(stream, uid, own_uid) => {
            if !app.setup().callers.may_connect(uid, own_uid) {
                tracing::warn!(uid, "a user who is no caller was turned away");
                return;
            }
            let peer = Peer {
                uid: Some(uid),
                ..Peer::default()
            };
            answer(stream, (app, peer), stopped, service).await;
        }
    }
}

/// Answers a request in a span of its own. Who asked, through which connection and by which route
/// is put into it where it is found out, and where it stands in the caller's trace; nothing in it
/// is a secret.
async fn traced(app: &App, request: http::Request<Incoming>, peer: &Peer) -> Answer {
    let span = tracing::debug_span!(
        target: "accredit_broker::request",
        "request",
        route = Empty,
        caller = Empty,
        connection = Empty,
        status = Empty,
        traceparent = Empty,
    );
    if !span.is_disabled()
        && let Some(place) = trace_context::traceparent(request.headers())
    {
        span.record("traceparent", place);
    }
    let answer = app.answer(request, peer).instrument(span.clone()).await;
    span.record("status", answer.status().as_u16());
    answer
}

/// Serves one connection.
async fn answer<I>(
    io: I,
    (app, peer): (App, Peer),
    mut stopped: watch::Receiver<()>,
    service: Service,
) where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let peer = Arc::new(peer);
    let told = stopped.clone();
    let answering = service_fn(move |request: http::Request<Incoming>| {
        let (app, peer, told) = (app.clone(), Arc::clone(&peer), told.clone());
        async move {
            let answer = match service {
                Service::Regret => app.turn_away(&request),
                Service::Requests | Service::OneRequest => traced(&app, request, &peer).await,
            };
            Ok::<_, std::convert::Infallible>(closing::last_if_told(answer, &told))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.patience())
        .max_buf_size(HEAD_MAX)
        .keep_alive(service == Service::Requests)
        .serve_connection(TokioIo::new(Guarded::new(io)), answering);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing::lingered(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests;
