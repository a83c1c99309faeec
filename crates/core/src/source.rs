//! Where tokens come from: the trait ([`TokenSource`]) and the flow itself ([`JwtBearer`]).
//!
//! Owns one sign-in from claims to token. It remembers no token (that is `cache`) but learns how
//! far the server's clock is from ours.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::BoxFuture;
use crate::assertion::{Assertion, AssertionId, Claims, Header, LIFETIME, Subject};
use crate::audience::InstanceUrl;
use crate::clock::{Clock, UnixTime};
use crate::error::{ClockOffset, Error};
use crate::exchange::{Granted, TokenEndpoint};
use crate::http::HttpClient;
use crate::key::Signer;
use crate::oauth::{ClientId, ErrorResponse};
use crate::random::Random;
use crate::secret::{AccessToken, Secret};

/// How long a token is taken to live where nothing says: Salesforce's default session of two hours
/// (fact sheet §4.6).
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(7200);

/// The longest life of a token that is believed.
const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(30 * 86_400);

/// Something that can give a token.
pub trait TokenSource: Send + Sync + fmt::Debug {
    /// Gives a token that may be used now.
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>>;
}

/// An access token and what is known of it.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself.
    pub access_token: AccessToken,
    /// Where it may be sent.
    pub instance_url: InstanceUrl,
    /// The identity URL of the user, if the server named it.
    pub id: Option<String>,
    /// Scopes, separated by blanks.
    pub scope: Option<String>,
    /// When we got it.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expiry: Expiry,
}

/// When a token ends, and how we know. It is not used after that in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The server or the token itself said so.
    Known(UnixTime),
    /// Nothing said so; this is the configured lifetime.
    Assumed(UnixTime),
}

impl Expiry {
    /// The moment after which the token is not used.
    #[must_use]
    pub const fn at(self) -> UnixTime {
        match self {
            Self::Known(at) | Self::Assumed(at) => at,
        }
    }
}

/// Who signs in as whom: the constant claims but for `aud`, which belongs to the endpoint.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The app: `iss`.
    pub issuer: ClientId,
    /// The user: `sub`.
    pub subject: Subject,
}

/// What a source needs of the outside.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The network.
    pub http: Arc<dyn HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers, for `jti`.
    pub random: Arc<dyn Random>,
}

/// The JWT bearer flow (RFC 7523 §2.1): signs a fresh assertion and trades it for a token, each
/// time.
#[derive(Debug)]
pub struct JwtBearer {
    identity: Identity,
    signer: Arc<dyn Signer>,
    endpoint: TokenEndpoint,
    outside: Outside,
    header: Header,
    lifetime: Duration,
    /// Set while the server's clock is known to differ from ours by 30 s or more.
    clock_offset: Mutex<Option<ClockOffset>>,
}

/// One exchange from end to end, for a report. The assertion, its signature and the body are
/// credentials.
#[derive(Debug)]
pub struct Exchange {
    /// What was sent.
    pub assertion: Assertion,
    /// The status of the reply.
    pub status: StatusCode,
    /// The headers of the reply.
    pub headers: HeaderMap,
    /// The body of the reply, as it came.
    pub body: Secret<Vec<u8>>,
    /// What the reply means.
    pub outcome: Result<Token, Error>,
}

impl JwtBearer {
    /// A source that signs in as `identity` with `signer` at `endpoint`.
    #[must_use]
    pub fn new(
        identity: Identity,
        signer: Arc<dyn Signer>,
        endpoint: TokenEndpoint,
        outside: Outside,
    ) -> Self {
        Self {
            identity,
            signer,
            endpoint,
            outside,
            header: Header::default(),
            lifetime: TOKEN_LIFETIME,
            clock_offset: Mutex::new(None),
        }
    }

    /// The same source with another header.
    #[must_use]
    pub fn with_header(self, header: Header) -> Self {
        Self { header, ..self }
    }

    /// The same source with another lifetime for tokens that do not say when they end: the session
    /// time-out of the app or the org.
    #[must_use]
    pub fn with_token_lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime, ..self }
    }

    /// Signs a fresh assertion for now, on the server's clock as far as it is known.
    ///
    /// # Errors
    /// What the signer or the random numbers report.
    pub async fn assertion(&self) -> Result<Assertion, Error> {
        let now = self.outside.clock.now();
        let offset = *self
            .clock_offset
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let server_now = offset.map_or(now, |offset| offset.apply(now));
        let claims = Claims {
            issuer: self.identity.issuer.clone(),
            subject: self.identity.subject.clone(),
            audience: self.endpoint.audience().clone(),
            expires_at: server_now.saturating_add(LIFETIME),
            assertion_id: Some(AssertionId::draw(self.outside.random.as_ref())?),
        };
        claims
            .sign(self.header, self.signer.as_ref(), server_now)
            .await
    }

    /// Signs in once and gives everything that passed over the wire.
    ///
    /// # Errors
    /// Only if there is no reply at all; a refusal is in [`Exchange::outcome`].
    pub async fn exchange(&self) -> Result<Exchange, Error> {
        let assertion = self.assertion().await?;
        self.trade(assertion).await
    }

    /// Trades an assertion that [`assertion`](Self::assertion) made.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange).
    pub async fn trade(&self, assertion: Assertion) -> Result<Exchange, Error> {
        let host = self.endpoint.login_url().authority();
        tracing::debug!(host, ?assertion, "asking for a token");
        let sent = self
            .outside
            .http
            .send(self.endpoint.request(&assertion))
            .await;
        let reply = sent.inspect_err(|error| tracing::debug!(host, %error, "no reply"))?;
        let now = self.outside.clock.now();
        let outcome = self
            .endpoint
            .reply(&reply, now)
            .map(|granted| self.accept(granted, now))
            .map_err(|error| self.learn(error));
        match &outcome {
            Ok(token) => tracing::debug!(host, ?token.access_token, "got a token"),
            Err(error) => tracing::debug!(host, %error, "got no token"),
        }
        let (parts, body) = reply.into_parts();
        let (status, headers) = (parts.status, parts.headers);
        Ok(Exchange {
            assertion,
            status,
            headers,
            body: Secret::new(body),
            outcome,
        })
    }

    fn accept(&self, granted: Granted, now: UnixTime) -> Token {
        let offset = self.remember(granted.clock_offset).known;
        let response = granted.response;
        let stated = response
            .expires_in
            .map(|seconds| now.saturating_add(Duration::from_secs(seconds)))
            .or_else(|| {
                let at = jwt_expiry(response.access_token.expose())?;
                Some(offset.map_or(at, |offset| offset.reverse(at)))
            })
            .map(|at| at.min(now.saturating_add(TOKEN_LIFETIME_MAX)));
        Token {
            access_token: response.access_token,
            instance_url: granted.instance_url,
            id: response.id,
            scope: response.scope,
            issued_at: now,
            expiry: stated.map_or_else(
                || Expiry::Assumed(now.saturating_add(self.lifetime)),
                Expiry::Known,
            ),
        }
    }

    /// A refusal that a wrong clock explains is worth another try if it taught us something: the
    /// next assertion will be signed on the server's clock.
    fn learn(&self, error: Error) -> Error {
        let is_news = self.remember(error.clock_offset()).is_news;
        let is_expired = error
            .refusal()
            .is_some_and(ErrorResponse::is_expired_assertion);
        if is_news && is_expired {
            error.into_transient()
        } else {
            error
        }
    }

    /// Takes in what a reply says of the clocks. A reply that says nothing changes nothing.
    fn remember(&self, said: Option<ClockOffset>) -> Memory {
        let mut known = self
            .clock_offset
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = *known;
        if let Some(offset) = said {
            *known = Some(offset).filter(|offset| offset.is_significant());
        }
        let is_news = match (before, *known) {
            (None, None) => false,
            (Some(before), Some(after)) => !before.is_close_to(after),
            _ => true,
        };
        if let (true, Some(offset)) = (is_news, *known) {
            tracing::warn!(?offset, "this machine's clock differs from the server's");
        }
        Memory {
            known: *known,
            is_news,
        }
    }
}

/// What is known of the clocks after a reply, and whether the reply changed it.
struct Memory {
    known: Option<ClockOffset>,
    is_news: bool,
}

impl TokenSource for JwtBearer {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async move { self.exchange().await?.outcome })
    }
}

/// Reads `exp` of an access token that is itself a JWT (fact sheet §1.8). It is not verified: the
/// token came over TLS from the server that made it.
fn jwt_expiry(token: &str) -> Option<UnixTime> {
    #[derive(Deserialize)]
    struct Payload {
        exp: u64,
    }
    let payload = token.strip_prefix("eyJ")?.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let payload: Payload = serde_json::from_slice(&payload).ok()?;
    Some(UnixTime::from_secs(payload.exp))
}

#[cfg(test)]
mod tests;
