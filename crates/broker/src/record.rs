//! What is remembered of the sign-ins of one identity.
//!
//! Owns the last exchange for the report, the times of the last hour, the uses of each minute, and
//! the bound below every other rule: no more than [`LOGINS_MAX`] token requests in any hour.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::secret::AccessToken;
use accredit::source::{Exchange, JwtBearer, Token, TokenSource};

/// How many token requests may go out for one identity in any hour.
pub(crate) const LOGINS_MAX: u32 = 60;

const HOUR: Duration = Duration::from_secs(3600);

/// How many minutes of uses are remembered.
pub(crate) const MINUTES: usize = 60;

/// A source that keeps what passed over the wire.
#[derive(Debug)]
pub(crate) struct Recorded {
    source: JwtBearer,
    record: Arc<Record>,
    clock: Arc<dyn Clock>,
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

/// What is remembered of the exchanges of one identity.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    last: Option<Arc<Exchange>>,
    token: Option<Token>,
    failure: Option<(UnixTime, Error)>,
    asked_at: VecDeque<UnixTime>,
    traffic: Traffic,
    granted: u64,
    refused: u64,
    failed: u64,
}

/// Uses in each of the last minutes, the present one last.
#[derive(Debug)]
struct Traffic {
    minute: u64,
    counts: [u32; MINUTES],
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            minute: 0,
            counts: [0; MINUTES],
        }
    }
}

impl Traffic {
    /// Moves on to the minute of `now`. A clock that was set back counts in the same minute.
    fn turn(&mut self, now: UnixTime) {
        let minute = now.as_secs() / 60;
        let passed = usize::try_from(minute.saturating_sub(self.minute)).unwrap_or(MINUTES);
        if passed > 0 {
            self.minute = minute;
            self.counts.rotate_left(passed.min(MINUTES));
            let kept = MINUTES.saturating_sub(passed);
            self.counts
                .iter_mut()
                .skip(kept)
                .for_each(|count| *count = 0);
        }
    }

    fn count(&mut self, now: UnixTime) {
        self.turn(now);
        if let Some(last) = self.counts.last_mut() {
            *last = last.saturating_add(1);
        }
    }
}

/// What is known of an identity at a moment, for those who look on.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The last token, if it is still good.
    pub(crate) token: Option<Token>,
    /// The last failure since the last success, and when it was.
    pub(crate) failure: Option<(UnixTime, Error)>,
    /// How many token requests went out in the last hour.
    pub(crate) asked: usize,
    /// How many ended with a token, with a refusal, without an answer that is one.
    pub(crate) granted: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    /// Uses in each of the last minutes, the present one last.
    pub(crate) traffic: [u32; MINUTES],
}

impl Standing {
    /// How many token requests may still go out in this hour.
    pub(crate) fn logins_left(&self) -> u64 {
        u64::from(LOGINS_MAX).saturating_sub(self.asked as u64)
    }
}

impl TokenSource for Recorded {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async move {
            self.record.begin(self.clock.now())?;
            let exchange = self.source.exchange().await;
            self.record.end(exchange, self.clock.now())
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

    /// Forgets a token that was refused, if it is the last one.
    pub(crate) fn forget(&self, refused: &AccessToken) {
        let mut memory = self.lock();
        let is_it = |token: &mut Token| token.access_token.is_same(refused);
        let _refused = memory.token.take_if(is_it);
    }

    /// Counts a use.
    pub(crate) fn used(&self, now: UnixTime) {
        self.lock().traffic.count(now);
    }

    /// The last exchange, if there was one.
    pub(crate) fn last_exchange(&self) -> Option<Arc<Exchange>> {
        self.lock().last.clone()
    }

    /// What is known at `now`.
    pub(crate) fn standing(&self, now: UnixTime) -> Standing {
        let mut memory = self.lock();
        memory.forget_before(now);
        memory.traffic.turn(now);
        Standing {
            token: memory.token.clone().filter(|token| now < token.expiry.at()),
            failure: memory.failure.clone(),
            asked: memory.asked_at.len(),
            granted: memory.granted,
            refused: memory.refused,
            failed: memory.failed,
            traffic: memory.traffic.counts,
        }
    }

    fn end(&self, exchange: Result<Exchange, Error>, now: UnixTime) -> Result<Token, Error> {
        let mut memory = self.lock();
        let outcome = match exchange {
            Ok(exchange) => {
                let outcome = exchange.outcome.clone();
                memory.last = Some(Arc::new(exchange));
                outcome
            }
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(token) => {
                memory.granted += 1;
                memory.token = Some(token.clone());
                memory.failure = None;
            }
            Err(error) => {
                match error.refusal() {
                    Some(_) => memory.refused += 1,
                    None => memory.failed += 1,
                }
                memory.failure = Some((now, error.clone()));
            }
        }
        outcome
    }
}

impl Memory {
    fn forget_before(&mut self, now: UnixTime) {
        // A clock that was set back leaves times in the future: they are forgotten too.
        self.asked_at
            .retain(|at| *at <= now && now.since(*at) < HOUR);
    }
}
