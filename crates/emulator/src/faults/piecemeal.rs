//! A body that comes in pieces, slowly, or not to its end.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::connection::HangUp;

/// A body in pieces, and what comes between and after them.
#[derive(Debug)]
pub(super) struct Piecemeal {
    /// What is still to come.
    rest: Bytes,
    /// The length of a piece, in bytes.
    size: usize,
    /// What the client is promised, in bytes.
    promised: u64,
    pause: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Whether the server was given the time to send what it has before the connection ends.
    is_sent: bool,
}

impl Piecemeal {
    /// All of `bytes`, `size` at a time, with a pause before each piece.
    pub(super) fn drip(bytes: Bytes, size: usize, pause: Duration) -> Self {
        Self {
            promised: length(&bytes),
            rest: bytes,
            size: size.max(1),
            pause,
            waiting: None,
            is_sent: false,
        }
    }

    /// The first half of `bytes`; then the connection ends.
    pub(super) fn half(mut bytes: Bytes) -> Self {
        // A body of no bytes is promised one, so that its absence is seen.
        let promised = length(&bytes).max(1);
        bytes.truncate(bytes.len() / 2);
        Self {
            rest: bytes,
            size: usize::MAX,
            promised,
            pause: Duration::ZERO,
            waiting: None,
            is_sent: false,
        }
    }
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Body for Piecemeal {
    type Data = Bytes;
    type Error = HangUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HangUp>>> {
        if self.promised == 0 {
            return Poll::Ready(None);
        }
        if !self.pause.is_zero() {
            let pause = self.pause;
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(pause)));
            std::task::ready!(waiting.as_mut().poll(context));
            self.waiting = None;
        }
        let size = self.size.min(self.rest.len());
        if size > 0 {
            let piece = self.rest.split_to(size);
            self.promised -= length(&piece).min(self.promised);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if !self.is_sent {
            self.is_sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(HangUp)))
    }

    fn is_end_stream(&self) -> bool {
        self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
