//! What is remembered of the sign-ins of one identity with one key.
//!
//! Owns the last exchanges for the report, the times of the last hour, and the bound below every
//! other rule: no more than [`LOGINS_MAX`] token requests in any hour. What another replica did is
//! no part of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::clock::{Clock, UnixTime};
use accredit::error::{Error, ErrorKind};
use accredit::source::{Exchange, Expiry, JwtBearer, TOKEN_LIFETIME, Token, TokenSource};

use crate::traffic::{MINUTES, Traffic};

/// How many token requests may go out for one identity in any hour.
pub(crate) const LOGINS_MAX: u32 = 60;

const HOUR: Duration = Duration::from_secs(3600);

/// A source that keeps what passed over the wire.
#[derive(Debug)]
pub(crate) struct Recorded {
    source: JwtBearer,
    record: Arc<Record>,
    clock: Arc<dyn Clock>,
}

/// What is remembered of the exchanges of one identity.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// The shortest lifetime that a connection gives to tokens that do not say when they end.
    lifetime: Option<Duration>,
    /// The last exchange that brought a token.
    accepted: Option<Arc<Exchange>>,
    /// The one after it, if that brought a reply but no token.
    refused: Option<Arc<Exchange>>,
    refused_at: Option<UnixTime>,
    asked_at: VecDeque<UnixTime>,
    traffic: Traffic,
    tally: Tally,
}

/// How token requests ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// With a token.
    pub(crate) granted: u64,
    /// With a refusal.
    pub(crate) refused: u64,
    /// Without an answer that is one.
    pub(crate) failed: u64,
}

impl Recorded {
    pub(crate) const fn new(source: JwtBearer, record: Arc<Record>, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            record,
            clock,
        }
    }
}

impl TokenSource for Recorded {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async move {
            self.record.begin(self.clock.now())?;
            let exchange = self.source.exchange().await;
            let outcome = self.record.end(exchange, self.clock.now());
            outcome.inspect_err(|error| {
                // Callers are not told what is wrong with a key.
                if matches!(error.kind(), ErrorKind::Key | ErrorKind::Setting) {
                    tracing::warn!(%error, "a key cannot be used");
                }
            })
        })
    }
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a token request, if this hour has room for it.
    fn begin(&self, now: UnixTime) -> Result<(), Error> {
        let mut memory = self.lock();
        memory.forget_before(now);
        match memory.asked_at.front() {
            Some(first) if memory.asked_at.len() >= LOGINS_MAX as usize => {
                let wait = first.saturating_add(HOUR).since(now);
                let what = "no token was asked for: the login budget of this hour is spent";
                Err(Error::withheld(what, wait))
            }
            _ => {
                memory.asked_at.push_back(now);
                Ok(())
            }
        }
    }

    fn end(&self, exchange: Result<Exchange, Error>, now: UnixTime) -> Result<Token, Error> {
        let mut memory = self.lock();
        memory.refused = None;
        let mut exchange = exchange.inspect_err(|_| memory.tally.failed += 1)?;
        if let Ok(token) = &mut exchange.outcome {
            let lifetime = memory.lifetime.unwrap_or(TOKEN_LIFETIME);
            if let Expiry::Assumed(at) = &mut token.expiry {
                *at = token.issued_at.saturating_add(lifetime);
            }
        }
        let exchange = Arc::new(exchange);
        match &exchange.outcome {
            Ok(_) => {
                memory.tally.granted += 1;
                memory.accepted = Some(Arc::clone(&exchange));
            }
            Err(error) => {
                match error.refusal() {
                    Some(_) => {
                        memory.tally.refused += 1;
                        memory.refused_at = Some(now);
                    }
                    None => memory.tally.failed += 1,
                }
                memory.refused = Some(Arc::clone(&exchange));
            }
        }
        exchange.outcome.clone()
    }

    /// From here on, tokens that do not say when they end live this long at most.
    pub(crate) fn shorten(&self, lifetime: Duration) {
        let mut memory = self.lock();
        let known = memory.lifetime.unwrap_or(lifetime);
        memory.lifetime = Some(known.min(lifetime));
    }

    /// Forgets how long tokens live; whoever uses the identity says it anew.
    pub(crate) fn forget_lifetime(&self) {
        self.lock().lifetime = None;
    }

    /// Counts a use.
    pub(crate) fn used(&self, now: UnixTime) {
        self.lock().traffic.count(now);
    }

    /// The exchange that brought this token; for a failure the last one, if it failed too.
    pub(crate) fn exchange_of(&self, outcome: &Result<Token, Error>) -> Option<Arc<Exchange>> {
        let memory = self.lock();
        let Ok(token) = outcome else {
            return memory.refused.clone();
        };
        let is_it = |exchange: &&Arc<Exchange>| {
            let brought = exchange.outcome.as_ref();
            brought.is_ok_and(|brought| brought.access_token.is_same(&token.access_token))
        };
        memory.accepted.as_ref().filter(is_it).cloned()
    }

    /// When the org last gave a token for this key, if it ever did.
    pub(crate) fn accepted_at(&self) -> Option<UnixTime> {
        let memory = self.lock();
        let exchange = memory.accepted.as_ref()?;
        Some(exchange.outcome.as_ref().ok()?.issued_at)
    }

    /// When the org last refused, if it never did anything else.
    pub(crate) fn refused_at(&self) -> Option<UnixTime> {
        let memory = self.lock();
        memory.refused_at.filter(|_| memory.accepted.is_none())
    }

    /// How many token requests went out in the hour before `now`.
    pub(crate) fn asked(&self, now: UnixTime) -> u32 {
        let mut memory = self.lock();
        memory.forget_before(now);
        u32::try_from(memory.asked_at.len()).unwrap_or(u32::MAX)
    }

    /// The minute of the last use.
    pub(crate) fn used_in(&self) -> u64 {
        self.lock().traffic.minute()
    }

    /// How token requests ended, and the uses of the last minutes.
    pub(crate) fn counts(&self, now: UnixTime) -> (Tally, [u32; MINUTES]) {
        let mut memory = self.lock();
        (memory.tally, memory.traffic.at(now))
    }
}

impl Memory {
    fn forget_before(&mut self, now: UnixTime) {
        // A clock that was set back leaves times in the future: they are forgotten too.
        self.asked_at
            .retain(|at| *at <= now && now.since(*at) < HOUR);
    }
}
