//! The body of an answer on its way back.
//!
//! Owns the patience with Salesforce in mid-answer. Bytes pass as they come; trailers do not.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::answer::{AnswerBody, BodyError};

/// How long an answer may stand still.
const IDLE_MAX: Duration = Duration::from_secs(130);

/// The body of `reply` as it goes back.
pub(super) fn stream(body: Incoming) -> AnswerBody {
    AnswerBody::new(Download { body, wait: None })
}

/// What is left of a body whose `start` was read already.
pub(super) fn rest_after(start: Bytes, body: Incoming) -> AnswerBody {
    AnswerBody::new(Rest {
        start: Some(start),
        then: Ok(Download { body, wait: None }),
    })
}

/// A body that broke off after its `start`.
pub(super) fn broken_after(start: Bytes, error: BodyError) -> AnswerBody {
    AnswerBody::new(Rest {
        start: Some(start),
        then: Err(Some(error)),
    })
}

/// A body that was read in part.
struct Rest {
    start: Option<Bytes>,
    then: Result<Download, Option<BodyError>>,
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        match &mut self.then {
            Ok(rest) => Pin::new(rest).poll_frame(context),
            Err(error) => Poll::Ready(error.take().map(Err)),
        }
    }
}

struct Download {
    body: Incoming,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Body for Download {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.wait = None;
                    match frame.into_data() {
                        Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                        Err(_trailers) => continue,
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            let wait = self
                .wait
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(IDLE_MAX)));
            return match wait.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Some(Err("the answer stood still".into()))),
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
