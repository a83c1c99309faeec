//! The broker between listener and routes: one request in, one answer out.
//!
//! Owns everything that lives as long as the process, and the change from one configuration to
//! another. How a request is judged is in `answering`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use accredit::error::Error;
use http::Request;
use hyper::body::Incoming;

use crate::audit::AuditLog;
use crate::caller::WrongKeys;
use crate::config::{Config, Mistake, Mistakes};
use crate::handle::Handles;
use crate::key_source::KeySource;
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::proxy::Upstream;
use crate::revocation;
use crate::session::World;
use crate::sessions::Sessions;
use crate::setup::{Listening, Setup};
use crate::shared::{RedisStore, SharedStore, Sharing};

mod answering;

/// The broker. Clones are the same one.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    setup: RwLock<Arc<Setup>>,
    sessions: Sessions,
    world: World,
    upstream: Upstream,
    keys: Arc<dyn KeySource>,
    audit: Arc<dyn AuditLog>,
    listening: Listening,
    wrong_keys: WrongKeys,
    metrics: Metrics,
    handles: Handles,
    store: Option<Arc<RedisStore>>,
    draining: AtomicBool,
}

/// What an app is made of besides its configuration.
#[derive(Debug)]
pub struct Parts {
    /// Time, randomness and the network.
    pub world: World,
    /// The way to Salesforce's REST API.
    pub upstream: Upstream,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Where the lines of the audit log go.
    pub audit: Arc<dyn AuditLog>,
}

/// One request while it is judged.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) app: &'a App,
    pub(crate) setup: &'a Setup,
    pub(crate) request: &'a Request<Incoming>,
    pub(crate) peer: &'a Peer,
}

impl App {
    /// Reads every key of `config` and makes an app that answers as it says.
    ///
    /// # Errors
    /// Every key that cannot be read, and a listener that may not be.
    pub async fn new(
        config: &Config,
        listening: Listening,
        parts: Parts,
    ) -> Result<Self, Mistakes> {
        let (shared, handles) = sharing(config, &parts).await?;
        let (sharing, store) = shared.unzip();
        let sessions = Sessions::new(sharing);
        let keys = parts.keys.as_ref();
        let setup = Setup::build(config, listening, keys, &sessions, &parts.world).await?;
        Ok(Self(Arc::new(Inner {
            setup: RwLock::new(Arc::new(setup)),
            sessions,
            world: parts.world,
            upstream: parts.upstream,
            keys: parts.keys,
            audit: parts.audit,
            listening,
            wrong_keys: WrongKeys::default(),
            metrics: Metrics::default(),
            handles,
            store,
            draining: AtomicBool::new(false),
        })))
    }

    /// Takes over a new configuration, with every key read anew. Requests under way end as they
    /// began; tokens whose identity and key stay the same stay too.
    ///
    /// # Errors
    /// As [`new`](Self::new); then everything stays as it was.
    pub async fn reload(&self, config: &Config) -> Result<(), Mistakes> {
        let inner = &self.0;
        let keys = inner.keys.as_ref();
        let built =
            Setup::build(config, inner.listening, keys, &inner.sessions, &inner.world).await;
        let taken_over = built.map(|setup| {
            let mut current = inner.setup.write().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::new(setup);
        });
        // Keys that are of no use any more go, and those of a configuration that was refused.
        inner.sessions.keep(self.setup().connections.values());
        taken_over
    }

    /// Says from now on that requests are better sent elsewhere.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub(crate) fn setup(&self) -> Arc<Setup> {
        let current = self.0.setup.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn world(&self) -> &World {
        &self.0.world
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.0.handles
    }

    /// The store, if there is one.
    pub(crate) fn store(&self) -> Option<&RedisStore> {
        self.0.store.as_deref()
    }

    pub(crate) fn audit_lines_lost(&self) -> u64 {
        self.0.audit.lost()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

/// What it takes to share with other replicas, if the configuration names a store; then they open
/// each other's handles too.
async fn sharing(
    config: &Config,
    parts: &Parts,
) -> Result<(Option<(Sharing, Arc<RedisStore>)>, Handles), Mistakes> {
    let place = config
        .store
        .as_ref()
        .map_or("handles", |store| &store.place);
    let mistake = |what: String| {
        Mistakes(vec![Mistake {
            place: place.to_owned(),
            what,
        }])
    };
    let Some(store) = &config.store else {
        let handles = Handles::draw(parts.world.random.as_ref());
        return handles
            .map(|handles| (None, handles))
            .map_err(|error| mistake(error.to_string()));
    };
    let told = |error: Error| mistake(error.to_string());
    let opened = revocation::open(store, parts.keys.as_ref()).await;
    let (redis, vault) = opened.map_err(told)?;
    let key = parts.keys.secret(&store.key).await.map_err(told)?;
    let handles = Handles::shared(&key).map_err(told)?;
    let redis = Arc::new(redis);
    let sharing = Sharing {
        store: Arc::clone(&redis) as Arc<dyn SharedStore>,
        vault: Arc::new(vault),
        clock: Arc::clone(&parts.world.clock),
        random: Arc::clone(&parts.world.random),
        spawn: Arc::clone(&parts.world.spawn),
        resting: Arc::default(),
    };
    Ok((Some((sharing, redis)), handles))
}
