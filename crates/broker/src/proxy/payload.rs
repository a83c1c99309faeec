//! The body of a request on its way to Salesforce.
//!
//! Owns which bodies can be sent twice (small ones, whose length is known), and the pace: who sends
//! a body at less than a kilobyte in a second gives up the connection. Memory stays flat: a long
//! body is never held.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::answer::{AnswerBody, BodyError};
use crate::failure::Failure;

/// The longest body that is kept for a second try, in bytes.
const REPLAYABLE_MAX: u64 = 64 * 1024;

/// How long a sender may keep us waiting in all, before the bytes it sends earn it more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one byte earns: a second for each kilobyte.
const EARNED: Duration = Duration::from_nanos(1_000_000_000 / 1024);

/// A body that can be sent twice, or once.
#[derive(Debug)]
pub(super) enum Payload {
    Whole(Bytes),
    Stream(Upload),
}

/// When a part of a body was last handed over on its way to Salesforce. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    fn begin() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn advance(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Waits until nothing was handed over for `patience`.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let until = last + patience;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// A body that is on its way, and how far it is.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) body: AnswerBody,
    pub(super) progress: Progress,
}

impl Payload {
    /// Takes the body of a request; a small one whole.
    pub(super) async fn take(body: Incoming, headers: &HeaderMap) -> Result<Self, Failure> {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let is_chunked = headers.contains_key(TRANSFER_ENCODING);
        let upload = Upload::new(body);
        match length {
            None if !is_chunked => Ok(Self::Whole(Bytes::new())),
            Some(length) if length <= REPLAYABLE_MAX && !is_chunked => {
                let whole = upload.collect().await.map_err(|error| broken(&error))?;
                Ok(Self::Whole(whole.to_bytes()))
            }
            _ => Ok(Self::Stream(upload)),
        }
    }

    /// The body to send now, and what is left to send again.
    pub(super) fn first(self) -> (Sending, Option<Self>) {
        let progress = Progress::begin();
        let (body, again) = match self {
            Self::Whole(bytes) => {
                let body = Full::new(bytes.clone()).map_err(|never| match never {});
                (AnswerBody::new(body), Some(Self::Whole(bytes)))
            }
            Self::Stream(mut upload) => {
                upload.progress = Some(progress.clone());
                (AnswerBody::new(upload.map_err(BodyError::from)), None)
            }
        };
        (Sending { body, progress }, again)
    }
}

/// Takes a body of at most `max` bytes whole.
pub(crate) async fn whole(body: Incoming, max: usize) -> Result<Bytes, Failure> {
    let collected = Limited::new(Upload::new(body), max).collect().await;
    collected.map(Collected::to_bytes).map_err(|error| {
        let own = error.downcast_ref::<UploadError>();
        own.map_or_else(
            || {
                let message = format!("the body of the request has more than {max} bytes");
                Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", message)
            },
            broken,
        )
    })
}

/// What became of a body that did not arrive.
pub(super) fn broken(error: &UploadError) -> Failure {
    match error {
        UploadError::Slow => Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body of the request came too slowly",
        ),
        UploadError::Broken => Failure::bad_request("the body of the request broke off"),
    }
}

/// Why a body did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UploadError {
    /// Its sender was too slow.
    Slow,
    /// The connection ended, or the body was not well-formed.
    Broken,
}

impl std::fmt::Display for UploadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Slow => "the body came too slowly",
            Self::Broken => "the body broke off",
        })
    }
}

impl std::error::Error for UploadError {}

/// A body that comes at a pace, without its trailers.
#[derive(Debug)]
pub(super) struct Upload {
    body: Incoming,
    /// How much longer its sender may keep us waiting.
    left: Duration,
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
    progress: Option<Progress>,
}

impl Upload {
    const fn new(body: Incoming) -> Self {
        Self {
            body,
            left: PATIENCE,
            wait: None,
            progress: None,
        }
    }

    /// Counts the time since the sender was first waited for.
    fn settle(&mut self) {
        if let Some((since, _)) = self.wait.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.settle();
                    if let Some(progress) = &self.progress {
                        progress.advance();
                    }
                    // Trailers could add a header that the head was not allowed to have.
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
                    let earned = EARNED.saturating_mul(length);
                    self.left = self.left.saturating_add(earned).min(PATIENCE);
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(UploadError::Broken))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            let left = self.left;
            let (_, sleep) = self
                .wait
                .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
            return match sleep.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Some(Err(UploadError::Slow))),
                Poll::Pending => Poll::Pending,
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
