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
use accredit::error::{Error, ErrorKind};
use accredit::exchange::TokenEndpoint;
use accredit::oauth::ErrorResponse;
use accredit::random::Random;
use accredit::secret::hex;
use accredit::source::{Token, TokenSource};

use crate::record::LOGINS_MAX;
use crate::session::policy;
use crate::vault::Vault;

mod redis;
mod store;

pub use redis::RedisStore;
pub use store::{Budget, Fenced, Lease, SharedStore, StoreError, Stored};

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
            match store.lease(name, &owner, LEASE).await? {
                Lease::Held => {}
                Lease::Taken(number) => {
                    let outcome = self.sign_in(sharing, &owner, number).await;
                    return Ok(Flight::Done(outcome));
                }
                Lease::Paused(wait) => {
                    let what = "no token was asked for: another replica failed a moment ago";
                    return Ok(Flight::Done(Err(Error::withheld(what, wait))));
                }
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
        let outcome = match self.ask(sharing, owner).await {
            Asked::Told(outcome) => outcome,
            Asked::Made(outcome) => {
                let shared = match &outcome {
                    Ok(token) => self.publish(sharing, token, lease).await,
                    Err(error) => self.hold_back(sharing, error).await,
                };
                if let Err(error) = shared {
                    tracing::warn!(%error, "the store did not take the outcome of a login");
                    sharing.rest();
                    return outcome;
                }
                outcome
            }
        };
        // A lease that is not given back ends by itself.
        let _released = store.release(&self.name, owner).await;
        outcome
    }

    /// Asks for a token, unless another has one or the budget is spent.
    async fn ask(&self, sharing: &Sharing, owner: &str) -> Asked {
        let store = sharing.store.as_ref();
        let budget = Budget {
            hourly: LOGINS_MAX,
            burst: policy().burst,
            interval: Duration::from_secs(3600) / LOGINS_MAX,
        };
        // Between our look and the lease another may have finished.
        let known = self.look(sharing).await;
        let admitted = match known {
            Ok(Some(token)) => return Asked::Told(Ok(token)),
            Ok(None) => store.admit(&self.name, budget).await,
            Err(error) => Err(error),
        };
        if let Ok(Some(wait)) = admitted {
            let what = "no token was asked for: the login budget of all replicas is spent";
            return Asked::Told(Err(Error::withheld(what, wait)));
        }
        let renewing = async {
            loop {
                sharing.clock.sleep(RENEW_EVERY).await;
                if let Ok(false) | Err(_) = store.renew(&self.name, owner, LEASE).await {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            outcome = self.source.token() => Asked::Made(outcome),
            () = renewing => Asked::Told(Err(Error::transport("a lease was renewed without end"))),
        }
    }

    async fn publish(
        &self,
        sharing: &Sharing,
        token: &Token,
        lease: u64,
    ) -> Result<(), StoreError> {
        let random = sharing.random.as_ref();
        let Some(bytes) = sharing.vault.seal(&self.name, token, random) else {
            return Ok(());
        };
        let left = token.expiry.at().since(sharing.clock.now());
        let fenced = Fenced { lease, bytes };
        if !sharing.store.write(&self.name, fenced, left).await? {
            tracing::warn!("a token came after a newer one, and was not shared");
        }
        Ok(())
    }

    /// After a failure nobody asks for a while: all replicas together are as patient as one.
    async fn hold_back(&self, sharing: &Sharing, error: &Error) -> Result<(), StoreError> {
        if error.kind() == ErrorKind::Withheld {
            return Ok(());
        }
        let (store, policy) = (sharing.store.as_ref(), policy());
        let failures = store.fail(&self.name).await?;
        let is_rate_limit = error.refusal().is_some_and(ErrorResponse::is_rate_limit);
        let own = if is_rate_limit || !error.is_transient() {
            policy.permanent_pause.after(failures)
        } else if failures >= policy.breaker_threshold {
            policy.transient_pause.longest
        } else {
            policy.transient_pause.after(failures)
        };
        let span = own.max(error.retry_after().unwrap_or_default());
        store.pause(&self.name, span).await
    }
}

/// How a login went.
enum Asked {
    /// It was made, and this is what came of it.
    Made(Result<Token, Error>),
    /// None was needed, or none allowed.
    Told(Result<Token, Error>),
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
