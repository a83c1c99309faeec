//! Where one identity keeps what it shares.
//!
//! Owns what stands there in the words of this program: seals are made and opened here, and what
//! cannot be opened was put there by somebody else and is not there.

use std::sync::{Arc, PoisonError};

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::secret::{AccessToken, hex};
use accredit::source::Token;

use super::logins::Logins;
use super::setback::{self, Setback};
use super::{Fenced, LEASE, Place, RENEW_EVERY, REST, Sharing, StoreError};

/// The place of an identity in the store.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) sharing: Sharing,
    pub(super) place: Arc<Place>,
    pub(super) endpoint: TokenEndpoint,
}

/// What stands there.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) token: Option<Token>,
    pub(super) setback: Option<Setback>,
    pub(super) logins: Logins,
}

/// A lease while it is held.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) owner: String,
    pub(super) number: u64,
}

impl Shelf {
    pub(super) fn now(&self) -> UnixTime {
        self.sharing.clock.now()
    }

    pub(super) async fn look(&self) -> Result<View, StoreError> {
        let seen = self.sharing.store.look(&self.place).await?;
        let (vault, name) = (&self.sharing.vault, &self.place.identity);
        let token = seen.token.as_deref();
        let token = token.and_then(|sealed| vault.open(name, sealed, &self.endpoint));
        let failure = seen.failure.as_deref();
        let failure = failure.and_then(|sealed| vault.open_bytes(&self.failure_name(), sealed));
        Ok(View {
            token: token.filter(|token| self.now() < token.expiry.at()),
            setback: failure.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            logins: Logins(seen.logins),
        })
    }

    fn failure_name(&self) -> String {
        format!("failure:{}:{}", self.place.identity, self.place.key)
    }

    /// Takes the lease, if it is free.
    pub(super) async fn lease(&self) -> Result<Option<Hold>, StoreError> {
        let mut bytes = [0; 16];
        let drawn = self.sharing.random.fill(&mut bytes);
        drawn.map_err(|_| StoreError("no random numbers".to_owned()))?;
        let owner = hex(&bytes);
        let number = self.sharing.store.lease(&self.place, &owner, LEASE).await?;
        Ok(number.map(|number| Hold { owner, number }))
    }

    /// Keeps the lease for as long as it is ours; never ends.
    pub(super) async fn renew(&self, hold: &Hold) {
        let store = self.sharing.store.as_ref();
        loop {
            self.sharing.clock.sleep(RENEW_EVERY).await;
            if !matches!(store.renew(&self.place, &hold.owner, LEASE).await, Ok(true)) {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Gives the lease back. One that is not given back ends by itself.
    pub(super) async fn release(&self, hold: &Hold) {
        let _released = self.sharing.store.release(&self.place, &hold.owner).await;
    }

    /// Shares how a login ended, behind the back of those who waited for it.
    pub(super) fn publish(&self, outcome: &Result<Token, Error>, last: View, hold: Hold) {
        let (this, outcome) = (self.clone(), outcome.clone());
        self.sharing.spawn.spawn(Box::pin(async move {
            let shared = match &outcome {
                Ok(token) => this.write(token, hold.number).await,
                Err(error) if setback::is_of_all(error) => {
                    this.fail(error, last.setback.as_ref()).await
                }
                Err(_) => Ok(()),
            };
            match shared {
                Ok(()) => this.release(&hold).await,
                Err(error) => this.rest_after(&error),
            }
        }));
    }

    pub(super) async fn write(&self, token: &Token, lease: u64) -> Result<(), StoreError> {
        let (name, random) = (&self.place.identity, self.sharing.random.as_ref());
        let Some(bytes) = self.sharing.vault.seal(name, token, random) else {
            return Ok(());
        };
        let left = token.expiry.at().since(self.now());
        let fenced = Fenced { lease, bytes };
        if !self.sharing.store.write(&self.place, fenced, left).await? {
            tracing::warn!("a token came after a newer one, and was not shared");
        }
        Ok(())
    }

    async fn fail(&self, error: &Error, last: Option<&Setback>) -> Result<(), StoreError> {
        let setback = Setback::after(last, error, self.now());
        let (name, random) = (self.failure_name(), self.sharing.random.as_ref());
        let bytes = serde_json::to_vec(&setback).unwrap_or_default();
        let Some(sealed) = self.sharing.vault.seal_bytes(&name, bytes, random) else {
            return Ok(());
        };
        let span = setback.span(self.now());
        self.sharing.store.fail(&self.place, sealed, span).await
    }

    /// Takes a token away that a resource refused, behind the back of who was refused.
    pub(super) fn forget(&self, refused: &AccessToken) {
        let (this, refused) = (self.clone(), refused.clone());
        self.sharing.spawn.spawn(Box::pin(async move {
            if let Err(error) = this.remove(&refused).await {
                tracing::warn!(%error, "a token that is over stays in the store");
            }
        }));
    }

    pub(super) async fn remove(&self, refused: &AccessToken) -> Result<(), StoreError> {
        let store = self.sharing.store.as_ref();
        let Some(sealed) = store.look(&self.place).await?.token else {
            return Ok(());
        };
        let vault = &self.sharing.vault;
        let token = vault.open(&self.place.identity, &sealed, &self.endpoint);
        match token.is_some_and(|token| token.access_token.is_same(refused)) {
            true => store.remove(&self.place, sealed).await,
            false => Ok(()),
        }
    }

    pub(super) fn is_resting(&self) -> bool {
        let resting = &self.sharing.resting;
        let resting = *resting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        resting.is_some_and(|since| now >= since && now.since(since) < REST)
    }

    /// Leaves a store alone for a while that has failed.
    pub(super) fn rest_after(&self, error: &StoreError) {
        tracing::warn!(%error, "the store is of no help; this replica goes on alone");
        let resting = &self.sharing.resting;
        let mut resting = resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = Some(self.now());
    }
}
