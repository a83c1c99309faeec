//! The body of a request, with an end to the waiting for it.
//!
//! Owns how long a client may take to send a body: one that sends a part and then nothing would
//! hold its connection for ever.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How long a client may take over a body that does not come with the headers.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A body that fails when it takes too long.
pub(crate) struct Upload<B> {
    body: B,
    /// Set when it had to be waited for.
    ends: Option<Pin<Box<Sleep>>>,
}

impl<B> Upload<B> {
    pub(crate) const fn new(body: B) -> Self {
        Self { body, ends: None }
    }
}

impl<B> HttpBody for Upload<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let ends = self.ends.get_or_insert_with(|| Box::pin(sleep(TIMEOUT)));
        ready!(ends.as_mut().poll(context));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for Upload<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

/// The client took too long.
#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body did not come within {} s", TIMEOUT.as_secs())
    }
}

impl Error for TooSlow {}
