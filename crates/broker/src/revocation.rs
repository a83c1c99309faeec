//! The end of all tokens at once: those in the store, and those that a broker holds in memory.
//!
//! Owns what is said to Salesforce (RFC 7009), and that running replicas hear of it. What is not
//! confirmed as over stays in the store, so that it can be tried again.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::source::Token;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, StatusCode};

use crate::app::App;
use crate::config::{Config, StoreConfig};
use crate::key_source::KeySource;
use crate::session::{Which, World};
use crate::shared::{RedisStore, SharedStore as _, StoreError};
use crate::vault::Vault;

/// Where tokens are revoked.
const PATH: &str = "/services/oauth2/revoke";

/// Under which name the time of the last revocation is sealed.
const NAME: &str = "revocation";

/// How often a replica asks the store whether its tokens are over.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What became of the tokens of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// How many are over.
    pub ended: usize,
    /// How many could not be opened: they are of another key, or of no connection. They are still
    /// in the store, and Salesforce was not told.
    pub strange: usize,
    /// Why others may still be good. They are still in the store.
    pub failed: Vec<String>,
}

/// Revokes every token that lies in the store of `config`, and has running replicas let go of
/// theirs.
///
/// # Errors
/// There is no store, its key or URL cannot be read, or it does not answer.
pub async fn revoke_all(
    config: &Config,
    keys: &dyn KeySource,
    world: &World,
) -> Result<Revoked, Error> {
    let Some(store) = &config.store else {
        return Err(Error::setting(
            "the tokens of a broker without [store] are in its memory alone: with revoke_on_exit = \
             true it revokes them when it ends",
        ));
    };
    let (redis, vault) = open(store, keys).await?;
    let failed = |error: StoreError| Error::transport(error.to_string());
    // Replicas hear of it first: what is revoked below may take a while.
    let sealed = vault.seal_time(NAME, world.clock.now(), world.random.as_ref());
    let sealed = sealed.ok_or_else(|| Error::setting("there are no random numbers"))?;
    redis.announce_revocation(sealed).await.map_err(failed)?;
    let mut revoked = Revoked::default();
    for (place, sealed) in redis.tokens().await.map_err(failed)? {
        let endpoints = config.connections.iter().map(|one| &one.endpoint);
        let opened = endpoints
            .into_iter()
            .find_map(|endpoint| vault.open(&place.identity, &sealed, endpoint));
        let Some(token) = opened else {
            revoked.strange += 1;
            continue;
        };
        if let Err(error) = revoke(world.http.as_ref(), &token).await {
            revoked.failed.push(error.to_string());
            continue;
        }
        revoked.ended += 1;
        // A replica may have taken it out, and what stays ends by itself.
        if let Err(error) = redis.remove(&place, sealed).await {
            revoked.failed.push(error.to_string());
        }
    }
    Ok(revoked)
}

/// The store of a configuration, and what opens its tokens.
pub(crate) async fn open(
    store: &StoreConfig,
    keys: &dyn KeySource,
) -> Result<(RedisStore, Vault), Error> {
    let vault = Vault::new(&keys.secret(&store.key).await?)?;
    let url = keys.secret(&store.url).await?;
    let url = String::from_utf8_lossy(url.expose()).trim().to_owned();
    let authorities = match &store.ca {
        None => None,
        Some(path) => Some(keys.file(path).await?),
    };
    let authorities = authorities.as_ref().map(|read| read.expose().as_slice());
    let redis = RedisStore::new(&url, authorities);
    let redis = redis.map_err(|error| Error::setting(error.to_string()))?;
    Ok((redis, vault))
}

/// Has Salesforce end a token. One that is over already is a success.
async fn revoke(http: &dyn HttpClient, token: &Token) -> Result<(), Error> {
    let mut body = String::from("token=");
    for byte in token.access_token.expose().bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => body.push(char::from(byte)),
            false => body.push_str(&format!("%{byte:02X}")),
        }
    }
    let url = format!("{}{PATH}", token.instance_url.as_str());
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let request = Request::post(url).header(CONTENT_TYPE, form);
    let request = request
        .body(body.into_bytes())
        .map_err(|source| Error::setting("the instance is no URL").with_source(source))?;
    let reply = http.send(request).await?;
    match reply.status() {
        StatusCode::OK | StatusCode::BAD_REQUEST => Ok(()),
        status => Err(Error::response(format!(
            "{} answered {} to a revocation",
            token.instance_url.as_str(),
            status.as_u16()
        ))),
    }
}

impl App {
    /// Lets go of these tokens, and has Salesforce end them.
    pub(crate) async fn revoke_held(&self, which: Which) {
        for token in self.sessions().let_go(which) {
            if let Err(error) = revoke(self.world().http.as_ref(), &token).await {
                tracing::warn!(%error, "a token could not be revoked");
            }
        }
    }

    /// Lets go of tokens whenever the store says so; never ends.
    pub(crate) async fn watch_revocations(&self) {
        let (Some(store), Some(vault)) = (self.store(), self.sessions().vault()) else {
            return std::future::pending().await;
        };
        let clock = &self.world().clock;
        let mut heard = Heard::default();
        loop {
            if let Ok(kept) = store.revocation().await {
                let announced = kept.and_then(|sealed| vault.open_time(NAME, &sealed));
                if let Some(which) = heard.take(announced, clock.now()) {
                    self.revoke_held(which).await;
                }
            }
            clock.sleep(LOOK_EVERY).await;
        }
    }
}

/// What a replica has heard of revocations.
#[derive(Debug, Default)]
struct Heard {
    /// The last that was announced.
    last: Option<UnixTime>,
    /// Until when tokens that were got here are over, by the clock here.
    until: Option<UnixTime>,
    /// When the store was last read.
    read_at: Option<UnixTime>,
}

impl Heard {
    /// Which tokens are to be let go of `now`. An announcement that is gone or cannot be opened
    /// says nothing; neither does one that is older than another.
    fn take(&mut self, announced: Option<UnixTime>, now: UnixTime) -> Option<Which> {
        let is_first = self.read_at.replace(now).is_none();
        if announced <= self.last {
            // A login that was under way may have landed since.
            return self.until.map(Which::GotHere);
        }
        self.last = announced;
        if is_first {
            // It may be long ago, or have been missed while the store could not be reached.
            self.until = announced.map(|announced| announced.min(now));
            return self.until.map(Which::GotHere);
        }
        tracing::info!("all tokens were revoked");
        self.until = Some(now);
        Some(Which::All)
    }
}

#[cfg(test)]
mod tests;
