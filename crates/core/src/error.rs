//! The one error of the library.
//!
//! Owns the questions that a caller can ask of a failure: whose move it is ([`ErrorKind`]), whether
//! trying again can help, what the authorization server said. It never holds a body, an assertion
//! or a token.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::UnixTime;
use crate::diagnosis::{Diagnosis, Facts, LocalCause};
use crate::oauth::ErrorResponse;

/// Why no token could be had. Cheap to clone, so that all who wait for one exchange share it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    what: Cow<'static, str>,
    transient: bool,
    status: Option<u16>,
    retry_after: Option<Duration>,
    clock_offset: Option<ClockOffset>,
    refusal: Option<ErrorResponse>,
    cause: Option<LocalCause>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Whose move it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A setting (client id, login URL, audience) cannot be right.
    Setting,
    /// The private key cannot be read or used.
    Key,
    /// The claims cannot be signed as asked.
    Assertion,
    /// No reply: connection, TLS, time-out.
    Transport,
    /// The authorization server said no, in its protocol (RFC 6749 §5.2).
    Refused,
    /// The server answered something that is not a token reply.
    Response,
    /// No request was made: the refresh policy forbids one now (login budget, back-off, breaker).
    Withheld,
}

/// How far the server's clock is from ours, from the `Date` of its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockOffset {
    /// Our clock is behind the server's by this much.
    Behind(Duration),
    /// Our clock is ahead of the server's by this much.
    Ahead(Duration),
}

impl ClockOffset {
    /// Compares our `now` with the server's.
    #[must_use]
    pub fn between(ours: UnixTime, server: UnixTime) -> Self {
        if server > ours {
            Self::Behind(server.since(ours))
        } else {
            Self::Ahead(ours.since(server))
        }
    }

    /// Says whether the difference is the clocks' and not the network's: 30 s or more.
    #[must_use]
    pub const fn is_significant(self) -> bool {
        self.span().as_secs() >= 30
    }

    /// The size of the difference.
    #[must_use]
    pub const fn span(self) -> Duration {
        match self {
            Self::Behind(span) | Self::Ahead(span) => span,
        }
    }

    /// What the server's clock shows when ours shows `ours`.
    #[must_use]
    pub const fn apply(self, ours: UnixTime) -> UnixTime {
        match self {
            Self::Behind(span) => ours.saturating_add(span),
            Self::Ahead(span) => ours.saturating_sub(span),
        }
    }

    /// What our clock shows when the server's shows `server`.
    #[must_use]
    pub const fn reverse(self, server: UnixTime) -> UnixTime {
        match self {
            Self::Behind(span) => server.saturating_sub(span),
            Self::Ahead(span) => server.saturating_add(span),
        }
    }

    /// Says whether both tell the same difference, give or take what the network adds.
    #[must_use]
    pub const fn is_close_to(self, other: Self) -> bool {
        let apart = match (self, other) {
            (Self::Behind(a), Self::Behind(b)) | (Self::Ahead(a), Self::Ahead(b)) => a.abs_diff(b),
            (Self::Behind(a), Self::Ahead(b)) | (Self::Ahead(a), Self::Behind(b)) => {
                a.saturating_add(b)
            }
        };
        apart.as_secs() < 30
    }
}

impl Error {
    fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            what: what.into(),
            transient: false,
            status: None,
            retry_after: None,
            clock_offset: None,
            refusal: None,
            cause: None,
            source: None,
        }))
    }

    /// A setting that cannot be right; never transient.
    #[must_use]
    pub fn setting(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Setting, what)
    }

    /// A key that cannot be read or used; never transient.
    #[must_use]
    pub fn key(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Key, what).with_cause(LocalCause::Key)
    }

    /// Claims that cannot be signed; never transient.
    #[must_use]
    pub fn assertion(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Assertion, what)
    }

    /// A request without a reply; transient.
    #[must_use]
    pub fn transport(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Transport, what).into_transient()
    }

    /// A reply that is not what the protocol promises.
    #[must_use]
    pub fn response(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Response, what)
    }

    /// A refusal in the words of the protocol.
    #[must_use]
    pub fn refused(status: u16, refusal: ErrorResponse) -> Self {
        let transient = refusal.is_transient();
        let what = format!("the authorization server refused: {refusal}");
        Self::new(ErrorKind::Refused, what).with(|inner| {
            inner.status = Some(status);
            inner.transient = transient;
            inner.refusal = Some(refusal);
        })
    }

    /// A request that the refresh policy did not allow; another is allowed after `wait`.
    #[must_use]
    pub fn withheld(what: impl Into<Cow<'static, str>>, wait: Duration) -> Self {
        Self::new(ErrorKind::Withheld, what)
            .with_cause(LocalCause::Withheld)
            .into_transient()
            .with_retry_after(wait)
    }

    /// The same error, marked as one that another try may cure.
    #[must_use]
    pub fn into_transient(self) -> Self {
        self.with(|inner| inner.transient = true)
    }

    /// The same error with the HTTP status that brought it.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.with(|inner| inner.status = Some(status))
    }

    /// The same error with the wait that the server asked for.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.with(|inner| inner.retry_after = Some(wait))
    }

    /// The same error with what the server's `Date` says of our clock.
    #[must_use]
    pub fn with_clock_offset(self, offset: ClockOffset) -> Self {
        self.with(|inner| inner.clock_offset = Some(offset))
    }

    /// The same error with the one below it.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.source = Some(Arc::new(source)))
    }

    /// The same error with the cause on this side of the wire.
    #[must_use]
    pub fn with_cause(self, cause: LocalCause) -> Self {
        self.with(|inner| inner.cause = Some(cause))
    }

    /// The same error, on top of an earlier one whose refusal and status it hands on.
    #[must_use]
    pub fn caused_by(self, earlier: Self) -> Self {
        self.with(|inner| {
            inner.refusal.clone_from(&earlier.0.refusal);
            inner.status = earlier.0.status;
            inner.clock_offset = earlier.0.clock_offset;
            inner.cause = inner.cause.or(earlier.0.cause);
            inner.source = Some(Arc::new(earlier));
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whose move it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Says whether the same request may succeed later with nothing changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// The HTTP status of the reply, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the server (or the refresh policy) asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What the server's `Date` header said of our clock; `None` if the reply had none.
    #[must_use]
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.clock_offset
    }

    /// The cause on this side of the wire, if it is known.
    #[must_use]
    pub fn cause(&self) -> Option<LocalCause> {
        self.0.cause
    }

    /// The entry of the catalogue: for what the server said, as the facts and the server's clock
    /// choose it, or else for the cause on this side.
    #[must_use]
    pub fn diagnosis(&self, facts: &Facts) -> Option<&'static Diagnosis> {
        let facts = Facts {
            clock_offset: self.0.clock_offset.or(facts.clock_offset),
            ..*facts
        };
        let refused = self.refusal();
        refused
            .and_then(|refusal| Diagnosis::choose(refusal, &facts))
            .or_else(|| self.0.cause?.diagnosis())
    }

    /// What the authorization server said (RFC 6749 §5.2).
    #[must_use]
    pub fn refusal(&self) -> Option<&ErrorResponse> {
        self.0.refusal.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("what", &self.0.what)
            .field("transient", &self.0.transient)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
