//! The end of listening, and of connections.
//!
//! Owns the last look: whoever the system has connected by then is still answered, and so is a
//! request that was on its way when the server was told to stop.

use std::time::Duration;

use http::HeaderValue;
use http::header::CONNECTION;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Door, Line};
use crate::answer::Answer;

/// How long a connection without a request is kept open for one that is on its way.
const LINGER: Duration = Duration::from_millis(500);

/// The most that are taken in at the end, for each door: more than a system lets wait.
const WAITING_MAX: usize = 65_536;

/// Marks an answer as the last one of its connection, if the server is stopping.
pub(super) fn last_if_told(mut answer: Answer, stopped: &watch::Receiver<()>) -> Answer {
    if stopped.has_changed().unwrap_or(true) {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
    answer
}

/// Completes a moment after the server was told to stop: hyper ends a connection at once whose
/// request it has not read yet.
pub(super) async fn lingered(stopped: &mut watch::Receiver<()>) {
    // Nobody is left who could say so: it is time too.
    let _gone = stopped.changed().await;
    sleep(LINGER).await;
}

impl Door {
    /// Stops listening, and gives those who had connected by then. The system itself is asked: what
    /// the runtime knows of it may be a moment old.
    pub(super) fn close(self) -> Vec<Line> {
        match self {
            Self::Tcp(listener) => {
                let Ok(listener) = listener.into_std() else {
                    return Vec::new();
                };
                let waiting = std::iter::from_fn(|| listener.accept().ok());
                let waiting: Vec<_> = waiting.take(WAITING_MAX).collect();
                // At once: whoever comes in between is reset by the system.
                drop(listener);
                let opened = waiting.into_iter().filter_map(|(stream, peer)| {
                    stream.set_nonblocking(true).ok()?;
                    stream.set_nodelay(true).ok()?;
                    Some(Line::Tcp(TcpStream::from_std(stream).ok()?, peer))
                });
                opened.collect()
            }
            Self::Unix { listener, own_uid } => {
                let Ok(listener) = listener.into_std() else {
                    return Vec::new();
                };
                let waiting = std::iter::from_fn(|| listener.accept().ok());
                let waiting: Vec<_> = waiting.take(WAITING_MAX).collect();
                drop(listener);
                let opened = waiting.into_iter().filter_map(|(stream, _)| {
                    stream.set_nonblocking(true).ok()?;
                    let stream = UnixStream::from_std(stream).ok()?;
                    let uid = stream.peer_cred().ok()?.uid();
                    Some(Line::Unix(stream, uid, own_uid))
                });
                opened.collect()
            }
        }
    }
}
