//! One login for many replicas: tokens, leases and pauses in a store that all of them reach.
//!
//! Owns what a replica does before it signs in: it looks for a token that another got, or takes the
//! lease and gets one for all. The store is a hint: whatever is wrong with it, this replica goes on
//! by itself, and no request fails for it. Who was stopped in mid-login and wakes up later is
//! fenced off: the number of its lease is older than what was written since.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::policy::RefreshPolicy;
use accredit::random::Random;
use accredit::secret::hex;
use accredit::source::{Token, TokenSource};

use crate::vault::Vault;

mod redis;
mod store;

pub use redis::RedisStore;
pub use store::{Fenced, SharedStore, StoreError, Stored};

/// How long a lease lasts unless it is renewed.
const LEASE: Duration = Duration::from_secs(10);

/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_millis(3_300);

/// How long a replica waits between two looks at what another is doing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long one that waits goes on before it gives up: a lease, and a login after it.
const WAIT_MAX: Duration = Duration::from_secs(13);

/// How long a store that failed is left alone.
const REST: Duration = Duration::from_secs(5);

/// What sharing takes, the same for all sessions of a broker.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    pub(crate) store: Arc<dyn SharedStore>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Until when the store is left alone; one for all, so that it is not tried for each.
    pub(crate) resting: Arc<Mutex<Option<UnixTime>>>,
}

/// A source that shares what it gets.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    source: S,
    sharing: Option<Sharing>,
    name: String,
    endpoint: TokenEndpoint,
    /// The token that was given last; one that is asked for again must be newer.
    last: Mutex<Option<Token>>,
}

/// How a login through the store ended.
enum Flight {
    Done(Result<Token, Error>),
    /// The store is of no help.
    Alone,
}

impl<S: TokenSource> Shared<S> {
    pub(crate) fn new(
        source: S,
        sharing: Option<Sharing>,
        name: String,
        endpoint: TokenEndpoint,
    ) -> Self {
        Self {
            source,
            sharing,
            name,
            endpoint,
            last: Mutex::default(),
        }
    }

    async fn fetch(&self) -> Result<Token, Error> {
        let token = match &self.sharing {
            Some(sharing) if !sharing.is_resting() => match self.through(sharing).await {
                Ok(Flight::Done(outcome)) => outcome,
                Ok(Flight::Alone) => self.source.token().await,
                Err(error) => {
                    tracing::warn!(%error, "the store is of no help; this replica goes on alone");
                    sharing.rest();
                    self.source.token().await
                }
            },
            _ => self.source.token().await,
        }?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(token.clone());
        Ok(token)
    }

    async fn through(&self, sharing: &Sharing) -> Result<Flight, StoreError> {
        let (store, name) = (sharing.store.as_ref(), self.name.as_str());
        let owner = sharing
            .draw()
            .ok_or_else(|| StoreError("no random numbers".to_owned()))?;
        let began = sharing.clock.now();
        loop {
            if let Some(token) = self.look(sharing).await? {
                return Ok(Flight::Done(Ok(token)));
            }
            if let Some(wait) = store.paused(name).await? {
                let what = "no token was asked for: another replica failed a moment ago";
                return Ok(Flight::Done(Err(Error::withheld(what, wait))));
            }
            if let Some(lease) = store.lease(name, &owner, LEASE).await? {
                return Ok(Flight::Done(self.sign_in(sharing, &owner, lease).await));
            }
            if sharing.clock.now().since(began) >= WAIT_MAX {
                return Ok(Flight::Alone);
            }
            sharing.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// The token that another replica got, if it is newer than ours.
    async fn look(&self, sharing: &Sharing) -> Result<Option<Token>, StoreError> {
        let Some(sealed) = sharing.store.value(&self.name).await? else {
            return Ok(None);
        };
        // What cannot be opened was written by somebody with another key: it is not there.
        let token = sharing.vault.open(&self.name, &sealed, &self.endpoint);
        let now = sharing.clock.now();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = |token: &Token| {
            let is_newer = last.as_ref().is_none_or(|last| {
                token.issued_at >= last.issued_at && !token.access_token.is_same(&last.access_token)
            });
            is_newer && now < token.expiry.at()
        };
        Ok(token.filter(is_news))
    }

    /// Signs in for all, and keeps the lease while it takes.
    async fn sign_in(&self, sharing: &Sharing, owner: &str, lease: u64) -> Result<Token, Error> {
        let store = sharing.store.as_ref();
        // Between our look and the lease another may have finished.
        if let Ok(Some(token)) = self.look(sharing).await {
            let _released = store.release(&self.name, owner).await;
            return Ok(token);
        }
        let budget = u64::from(RefreshPolicy::default().hourly_budget);
        if store
            .count(&self.name)
            .await
            .is_ok_and(|count| count > budget)
        {
            let _released = store.release(&self.name, owner).await;
            let what = "no token was asked for: the login budget of all replicas is spent";
            return Err(Error::withheld(what, Duration::from_secs(60)));
        }
        let renewing = async {
            loop {
                sharing.clock.sleep(RENEW_EVERY).await;
                if let Ok(false) | Err(_) = store.renew(&self.name, owner, LEASE).await {
                    std::future::pending::<()>().await;
                }
            }
        };
        let outcome = tokio::select! {
            outcome = self.source.token() => outcome,
            () = renewing => Err(Error::transport("a lease was renewed without end")),
        };
        match &outcome {
            Ok(token) => self.publish(sharing, token, lease).await,
            Err(error) => {
                let policy = RefreshPolicy::default();
                let own = match error.is_transient() {
                    true => policy.transient_pause.first,
                    false => policy.permanent_pause.first,
                };
                let span = own.max(error.retry_after().unwrap_or_default());
                let _paused = store.pause(&self.name, span).await;
            }
        }
        let _released = store.release(&self.name, owner).await;
        outcome
    }

    async fn publish(&self, sharing: &Sharing, token: &Token, lease: u64) {
        let Some(bytes) = sharing
            .vault
            .seal(&self.name, token, sharing.random.as_ref())
        else {
            return;
        };
        let left = token.expiry.at().since(sharing.clock.now());
        let fenced = Fenced { lease, bytes };
        match sharing.store.write(&self.name, fenced, left).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("a token came after a newer one, and was not shared"),
            Err(error) => tracing::warn!(%error, "a token could not be shared"),
        }
    }
}

impl Sharing {
    fn is_resting(&self) -> bool {
        let now = self.clock.now();
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.is_some_and(|since| now.since(since) < REST && now >= since)
    }

    fn rest(&self) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = Some(self.clock.now());
    }

    fn draw(&self) -> Option<String> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes).ok()?;
        Some(hex(&bytes))
    }
}

impl<S: TokenSource> TokenSource for Shared<S> {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(self.fetch())
    }
}

#[cfg(test)]
mod tests;
