//! A source with a memory: one request for all who wait, a new token before the old one ends.
//!
//! Owns the flight, the request that is under way. It belongs to nobody who waits for it: it runs
//! as a task of its own, so a caller who goes away takes nothing from the others. When to ask is
//! decided in [`policy`](crate::policy); the lock is never held across a wait.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::watch;

use crate::BoxFuture;
use crate::clock::{Clock, UnixTime};
use crate::error::Error;
use crate::policy::{RefreshPolicy, Slot, Step};
use crate::random::Random;
use crate::secret::AccessToken;
use crate::source::{Token, TokenSource};

/// Runs a task to its end, whoever waits for it.
pub trait Spawn: Send + Sync + fmt::Debug {
    /// Starts `task`.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// Runs tasks on a Tokio runtime.
#[derive(Clone, Debug)]
pub struct TokioSpawn(tokio::runtime::Handle);

impl TokioSpawn {
    /// Runs tasks on the runtime behind `handle`.
    #[must_use]
    pub const fn new(handle: tokio::runtime::Handle) -> Self {
        Self(handle)
    }
}

impl Spawn for TokioSpawn {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.0.spawn(task));
    }
}

/// Remembers the token of another source and asks for the next one in time.
///
/// Clones share one memory. Make one for each identity: two for the same would ask twice.
pub struct Cached<S> {
    inner: Arc<Inner<S>>,
}

/// What a [`Cached`] remembers.
#[derive(Clone, Debug)]
pub struct Known {
    /// The token that is held, if it may be used.
    pub token: Option<Token>,
    /// The last failure since the last token, and when it was.
    pub failure: Option<(UnixTime, Error)>,
    /// How many requests in a row the budget allows now.
    pub requests_left: u32,
}

struct Inner<S> {
    source: S,
    policy: RefreshPolicy,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    spawn: Arc<dyn Spawn>,
    shared: Mutex<Shared>,
}

/// What one lock guards: the policy's memory, and where the outcome of the flight will appear.
/// `flight` is there exactly while the slot is asking.
#[derive(Default)]
struct Shared {
    slot: Slot,
    flight: Option<Flight>,
}

type Outcome = Result<Token, Error>;
type Flight = watch::Receiver<Option<Outcome>>;

impl<S: TokenSource + 'static> Cached<S> {
    /// A memory for `source`.
    pub fn new(
        source: S,
        policy: RefreshPolicy,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        spawn: Arc<dyn Spawn>,
    ) -> Self {
        let shared = Mutex::default();
        Self {
            inner: Arc::new(Inner {
                source,
                policy,
                clock,
                random,
                spawn,
                shared,
            }),
        }
    }

    /// The token that is held and still good, without asking for another.
    #[must_use]
    pub fn held(&self) -> Option<Token> {
        let now = self.inner.clock.now();
        self.inner.lock().slot.valid_token(now)
    }

    /// Forgets the token that a resource server refused, if no newer one has come since. The next
    /// caller asks for another, once for all.
    ///
    /// Only for a session that is over: a token that may not do what was asked
    /// (`This session is not valid for use with the REST API`) stays refused however often it is
    /// renewed. Says whether the token was the one that is held.
    pub fn invalidate(&self, refused: &AccessToken) -> bool {
        self.inner.lock().slot.invalidate(refused)
    }

    /// The token after one that a resource server refused, asked for once for all who were refused.
    ///
    /// Unlike [`Self::invalidate`] this takes nothing from others: the refused token is held until
    /// the next one lands, but it is not given back to who renews it.
    ///
    /// # Errors
    /// As for [`TokenSource::token`]; of the kind
    /// [`Withheld`](crate::error::ErrorKind::Withheld), with the time to wait, if no request may go
    /// out now.
    pub async fn renew(&self, refused: &AccessToken) -> Result<Token, Error> {
        let decision = {
            let mut shared = self.inner.lock();
            let (policy, now) = (&self.inner.policy, self.inner.clock.now());
            let step = shared.slot.renew(refused, policy, now);
            self.prepared(&mut shared, step)?
        };
        self.follow(decision, Some(refused)).await
    }

    /// The token after one that was refused, if it is there or under way. Asks nobody.
    pub async fn successor(&self, refused: &AccessToken) -> Option<Token> {
        let decision = {
            let mut shared = self.inner.lock();
            let step = shared.slot.successor(refused, self.inner.clock.now())?;
            self.prepared(&mut shared, step).ok()?
        };
        self.follow(decision, Some(refused)).await.ok()
    }

    /// What is remembered, without asking anybody.
    #[must_use]
    pub fn known(&self) -> Known {
        let now = self.inner.clock.now();
        let shared = self.inner.lock();
        Known {
            token: shared.slot.valid_token(now),
            failure: shared.slot.failure().cloned(),
            requests_left: shared.slot.requests_left(&self.inner.policy, now),
        }
    }

    /// The source behind this memory.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.inner.source
    }

    /// Prepares a flight; its task is started once the lock is free, for a runtime that has stopped
    /// drops the task at once, and that lands it.
    fn prepare(&self, shared: &mut Shared) -> (Flight, BoxFuture<'static, ()>) {
        let (landing, flight) = watch::channel(None);
        shared.flight = Some(flight.clone());
        let mut pilot = Pilot {
            inner: self.inner.clone(),
            landing: Some(landing),
        };
        let inner = self.inner.clone();
        let task = Box::pin(async move {
            let asking = inner.source.token();
            let patience = inner.clock.sleep(inner.policy.flight_timeout);
            let outcome = first(asking, patience).await.unwrap_or_else(|| {
                Err(Error::transport(
                    "the token request took too long and was given up",
                ))
            });
            pilot.land(outcome);
        });
        (flight, task)
    }

    /// Decides under the lock; what is to be waited for comes back.
    fn decide(&self) -> Result<Decision, Error> {
        let mut shared = self.inner.lock();
        let step = shared
            .slot
            .next_step(&self.inner.policy, self.inner.clock.now());
        self.prepared(&mut shared, step)
    }

    fn prepared(&self, shared: &mut Shared, step: Step) -> Result<Decision, Error> {
        match step {
            Step::Use(token) => Ok(Decision::Use(token, None)),
            Step::UseAndAsk(token) => {
                let (_, task) = self.prepare(shared);
                Ok(Decision::Use(token, Some(task)))
            }
            Step::Ask => {
                let (flight, task) = self.prepare(shared);
                Ok(Decision::Wait(flight, Some(task)))
            }
            Step::Join => {
                let flight = shared.flight.clone().ok_or_else(abandoned)?;
                Ok(Decision::Wait(flight, None))
            }
            Step::Withhold(error) => Err(error),
        }
    }

    /// Does what was decided, outside of the lock.
    async fn follow(&self, decision: Decision, refused: Option<&AccessToken>) -> Outcome {
        match decision {
            Decision::Use(token, task) => {
                self.start(task);
                Ok(token)
            }
            Decision::Wait(flight, task) => {
                self.start(task);
                self.wait(flight, refused).await
            }
        }
    }

    fn start(&self, task: Option<BoxFuture<'static, ()>>) {
        if let Some(task) = task {
            self.inner.spawn.spawn(task);
        }
    }

    async fn wait(&self, mut flight: Flight, refused: Option<&AccessToken>) -> Outcome {
        let landed = flight.wait_for(Option::is_some).await;
        let outcome = landed.ok().and_then(|outcome| outcome.clone());
        let outcome = outcome.unwrap_or_else(|| Err(abandoned()));
        let now = self.inner.clock.now();
        match outcome {
            Ok(token) if now < token.expiry.at() => Ok(token),
            Ok(_) => Err(Error::transport(
                "the token expired before it could be handed out",
            )),
            Err(error) => {
                let held = self.inner.lock().slot.valid_token(now);
                let is_refused = |token: &Token| {
                    refused.is_some_and(|refused| token.access_token.is_same(refused))
                };
                held.filter(|token| !is_refused(token)).ok_or(error)
            }
        }
    }
}

/// What a caller gets or waits for, and the task to start, if any.
enum Decision {
    Use(Token, Option<BoxFuture<'static, ()>>),
    Wait(Flight, Option<BoxFuture<'static, ()>>),
}

impl<S: TokenSource + 'static> TokenSource for Cached<S> {
    fn token(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let decision = self.decide()?;
            self.follow(decision, None).await
        })
    }
}

impl<S> Inner<S> {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number from 0 to 1 for jitter. Without randomness the middle will do.
    fn draw(&self) -> f64 {
        let mut bytes = [0; 4];
        match self.random.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    }
}

/// Sees to it that a flight lands, even if its task is dropped or panics.
struct Pilot<S> {
    inner: Arc<Inner<S>>,
    landing: Option<watch::Sender<Option<Outcome>>>,
}

impl<S> Pilot<S> {
    fn land(&mut self, outcome: Outcome) {
        let Some(landing) = self.landing.take() else {
            return;
        };
        let (now, draw) = (self.inner.clock.now(), self.inner.draw());
        let mut shared = self.inner.lock();
        let outcome = shared.slot.settle(outcome, &self.inner.policy, now, draw);
        shared.flight = None;
        drop(shared);
        landing.send_replace(Some(outcome));
    }
}

impl<S> Drop for Pilot<S> {
    fn drop(&mut self) {
        self.land(Err(abandoned()));
    }
}

fn abandoned() -> Error {
    Error::transport("the token request was abandoned: its runtime stopped or its task failed")
}

/// The outcome of `asking`, or `None` if `patience` ends first.
async fn first<T>(mut asking: BoxFuture<'_, T>, mut patience: BoxFuture<'_, ()>) -> Option<T> {
    std::future::poll_fn(|context| {
        if let Poll::Ready(outcome) = asking.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        patience.as_mut().poll(context).map(|()| None)
    })
    .await
}

impl<S> Clone for Cached<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Cached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("source", &self.inner.source)
            .field("policy", &self.inner.policy)
            .finish_non_exhaustive()
    }
}
