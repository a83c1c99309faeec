//! One login for many replicas: tokens, leases and pauses in a store that all of them reach.
//!
//! Owns what a replica does before it signs in: it looks for a token that another got, or takes the
//! lease and gets one for all. The store is a hint: whatever is wrong with it, this replica goes on
//! by itself, and no request fails for it. Who was stopped in mid-login and wakes up later is
//! fenced off: the number of its lease is older than what was written since.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::cache::Spawn;
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::random::Random;
use accredit::secret::AccessToken;
use accredit::source::{Token, TokenSource};

use crate::record::LOGINS_MAX;
use crate::vault::Vault;

mod logins;
mod redis;
mod setback;
mod shelf;
mod store;

use logins::{HOUR, Logins};
use shelf::{Hold, Shelf, View};

pub use redis::RedisStore;
pub use store::{Fenced, Login, Place, Seen, SharedStore, StoreError, Stored};

/// How long a lease lasts unless it is renewed.
const LEASE: Duration = Duration::from_secs(10);

/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_millis(3_300);

/// How long a replica waits between two looks at what another is doing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long one that waits goes on before it gives up: a lease, and then some.
const WAIT_MAX: Duration = Duration::from_secs(11);

/// How long it then goes on alone.
const ALONE: Duration = Duration::from_secs(60);

/// How long a store that failed is left alone.
const REST: Duration = Duration::from_secs(5);

/// What sharing takes, the same for all sessions of a broker.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    pub(crate) store: Arc<dyn SharedStore>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) spawn: Arc<dyn Spawn>,
    /// Since when the store is left alone; one for all, so that it is not tried for each.
    pub(crate) resting: Arc<Mutex<Option<UnixTime>>>,
}

/// A source that shares what it gets.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    source: S,
    shelf: Option<Shelf>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// The token that was given last; one that is asked for again must be newer.
    last: Option<Token>,
    /// The logins of all replicas as they were last seen.
    logins: Logins,
    /// When a lease was given up that did not go away.
    alone_since: Option<UnixTime>,
}

/// What is to be done under a lease.
enum Errand {
    /// Nothing: somebody did it, or nobody may.
    Done(Result<Token, Error>),
    /// A login, after what stood in the store.
    SignIn(View),
}

impl<S: TokenSource> Shared<S> {
    pub(crate) fn new(
        source: S,
        sharing: Option<Sharing>,
        place: Place,
        endpoint: TokenEndpoint,
    ) -> Self {
        let place = Arc::new(place);
        let shelf = sharing.map(|sharing| Shelf {
            sharing,
            place,
            endpoint,
        });
        Self {
            source,
            shelf,
            memory: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token that is over out of the store.
    pub(crate) fn forget(&self, refused: &AccessToken) {
        if let Some(shelf) = &self.shelf {
            shelf.forget(refused);
        }
    }

    /// How many logins all replicas together may still make now, as far as this one has seen.
    pub(crate) fn logins_left(&self) -> u32 {
        let Some(shelf) = &self.shelf else {
            return u32::MAX;
        };
        self.lock().logins.left(shelf.now())
    }

    async fn fetch(&self) -> Result<Token, Error> {
        let token = match &self.shelf {
            Some(shelf) if !shelf.is_resting() && !self.is_alone(shelf.now()) => {
                match self.through(shelf).await {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        shelf.rest_after(&error);
                        self.source.token().await
                    }
                }
            }
            _ => self.source.token().await,
        }?;
        self.lock().last = Some(token.clone());
        Ok(token)
    }

    fn is_alone(&self, now: UnixTime) -> bool {
        let since = self.lock().alone_since;
        since.is_some_and(|since| now >= since && now.since(since) < ALONE)
    }

    async fn through(&self, shelf: &Shelf) -> Result<Result<Token, Error>, StoreError> {
        let began = shelf.now();
        while shelf.now().since(began) < WAIT_MAX {
            if let Errand::Done(outcome) = self.errand(shelf).await? {
                return Ok(outcome);
            }
            if let Some(hold) = shelf.lease().await? {
                return Ok(self.sign_in(shelf, hold).await);
            }
            shelf.sharing.clock.sleep(LOOK_EVERY).await;
        }
        tracing::warn!("another replica does not end its login; this one goes on alone");
        self.lock().alone_since = Some(shelf.now());
        Ok(self.source.token().await)
    }

    /// What is to be done, from what stands in the store.
    async fn errand(&self, shelf: &Shelf) -> Result<Errand, StoreError> {
        let view = shelf.look().await?;
        let now = shelf.now();
        let mut memory = self.lock();
        memory.logins = view.logins.clone();
        let is_news = |token: &&Token| {
            memory.last.as_ref().is_none_or(|last| {
                token.issued_at >= last.issued_at && !token.access_token.is_same(&last.access_token)
            })
        };
        if let Some(token) = view.token.as_ref().filter(is_news) {
            return Ok(Errand::Done(Ok(token.clone())));
        }
        if let Some(told) = view.setback.as_ref().and_then(|setback| setback.told(now)) {
            return Ok(Errand::Done(Err(told)));
        }
        Ok(match view.logins.wait(now) {
            Some(wait) => {
                let what = "no token was asked for: the login budget of all replicas is spent";
                Errand::Done(Err(Error::withheld(what, wait)))
            }
            None => Errand::SignIn(view),
        })
    }

    /// Signs in for all, and keeps the lease while it takes.
    async fn sign_in(&self, shelf: &Shelf, hold: Hold) -> Result<Token, Error> {
        let view = match self.admit(shelf).await {
            Ok(Errand::SignIn(view)) => view,
            Ok(Errand::Done(outcome)) => {
                shelf.release(&hold).await;
                return outcome;
            }
            Err(error) => {
                shelf.rest_after(&error);
                return self.source.token().await;
            }
        };
        let outcome = tokio::select! {
            outcome = self.source.token() => outcome,
            () = shelf.renew(&hold) => Err(Error::transport("a lease was renewed without end")),
        };
        if outcome.is_err() {
            // While this one slept, another may have taken the lease over and signed in.
            if let Ok(Errand::Done(found @ Ok(_))) = self.errand(shelf).await {
                shelf.release(&hold).await;
                return found;
            }
        }
        shelf.publish(&outcome, view, hold);
        outcome
    }

    /// Between the look and the lease another may have finished. Then counts a login.
    async fn admit(&self, shelf: &Shelf) -> Result<Errand, StoreError> {
        for _ in 0..3 {
            let view = match self.errand(shelf).await? {
                Errand::SignIn(view) => view,
                done @ Errand::Done(_) => return Ok(done),
            };
            let login = Login {
                now: shelf.now(),
                after: view.logins.0.last().copied(),
                kept: LOGINS_MAX,
                span: HOUR,
            };
            if shelf.sharing.store.admit(&shelf.place, login).await? {
                self.lock().logins.0.push(login.now);
                return Ok(Errand::SignIn(view));
            }
        }
        // Others count too, though the lease is ours.
        Err(StoreError(
            "its count of logins does not stand still".to_owned(),
        ))
    }
}

impl<S: TokenSource> TokenSource for Shared<S> {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(self.fetch())
    }
}

#[cfg(test)]
mod tests;
