//! One identity that can be signed in as, and what is remembered of it.
//!
//! Owns how an identity asks for tokens: its policy, the store it shares, the key before this one.
//! When to ask is decided in core.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::assertion::Subject;
use accredit::cache::{Cached, Spawn};
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::policy::{Pause, RefreshPolicy};
use accredit::random::Random;
use accredit::secret::AccessToken;
use accredit::source::{Exchange, Identity, JwtBearer, Outside, Token, TokenSource as _};

use crate::config::ConnectionConfig;
use crate::failure::Failure;
use crate::key_source::HeldKey;
use crate::record::{LOGINS_MAX, Record, Recorded, Standing};
use crate::shared::{Shared, Sharing};
use crate::vault;

mod readiness;
mod revocation;

/// The most identities that are remembered at a time.
const SESSIONS_MAX: usize = 10_000;

/// When the broker asks: as core does, but whoever changes a setting in Salesforce sees it work
/// within a minute, however long it was wrong. The bound of an hour is kept by [`Recorded`].
pub(crate) fn policy() -> RefreshPolicy {
    let usual = RefreshPolicy::default();
    let minute = Duration::from_secs(60);
    RefreshPolicy {
        permanent_pause: Pause {
            first: minute,
            longest: minute,
        },
        // One a minute in the long run.
        hourly_budget: LOGINS_MAX + usual.burst,
        // Another replica's lease, and a login after it.
        flight_timeout: Duration::from_secs(25),
        ..usual
    }
}

/// What the broker needs of the outside.
#[derive(Clone, Debug)]
pub struct World {
    /// The network, for token requests.
    pub http: Arc<dyn HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers, fit for secrets.
    pub random: Arc<dyn Random>,
    /// What runs tasks.
    pub spawn: Arc<dyn Spawn>,
}

/// One identity: its token, and the exchanges it took.
#[derive(Debug)]
pub(crate) struct Session {
    cached: Cached<Shared<Recorded>>,
    record: Arc<Record>,
    /// The same identity with the key before this one, until the org has accepted this one.
    before: Mutex<Option<Arc<Self>>>,
}

impl Session {
    fn new(
        connection: &ConnectionConfig,
        key: &HeldKey,
        name: &Name,
        subject: Subject,
        (world, sharing): (&World, Option<Sharing>),
    ) -> Self {
        let identity = Identity {
            issuer: connection.issuer.clone(),
            subject,
        };
        let outside = Outside {
            http: Arc::clone(&world.http),
            clock: Arc::clone(&world.clock),
            random: Arc::clone(&world.random),
        };
        let endpoint = connection.endpoint.clone();
        let source = JwtBearer::new(identity, Arc::clone(&key.signer), endpoint, outside)
            .with_token_lifetime(connection.token_lifetime);
        let record = Arc::new(Record::default());
        let recorded = Recorded::new(source, Arc::clone(&record), Arc::clone(&world.clock));
        let endpoint = connection.endpoint.clone();
        let shared = Shared::new(recorded, sharing, name.stored_as(), endpoint);
        let cached = Cached::new(
            shared,
            policy(),
            Arc::clone(&world.clock),
            Arc::clone(&world.random),
            Arc::clone(&world.spawn),
        );
        Self {
            cached,
            record,
            before: Mutex::default(),
        }
    }

    /// A token that may be used now. While the org does not accept a new key, the old one goes on.
    pub(crate) async fn token(&self) -> Result<Token, Error> {
        let outcome = self.cached.token().await;
        let before = match &outcome {
            Ok(_) => self.before().take(),
            Err(_) => self.before().clone(),
        };
        match (outcome, before) {
            (Err(error), Some(before)) => before.cached.token().await.map_err(|_| error),
            (outcome, _) => outcome,
        }
    }

    fn before(&self) -> MutexGuard<'_, Option<Arc<Self>>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a token that was refused, if it is the one that is held.
    pub(crate) fn invalidate(&self, refused: &AccessToken) {
        self.cached.invalidate(refused);
        if let Some(before) = self.before().as_ref() {
            before.cached.invalidate(refused);
        }
        self.record.forget(refused);
    }

    /// Counts a use.
    pub(crate) fn used(&self, now: UnixTime) {
        self.record.used(now);
    }

    /// The last exchange, if there was one.
    pub(crate) fn last_exchange(&self) -> Option<Arc<Exchange>> {
        self.record.last_exchange()
    }

    /// What is known at `now`.
    pub(crate) fn standing(&self, now: UnixTime) -> Standing {
        self.record.standing(now)
    }
}

/// Everything that makes two sessions one and the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    login_url: String,
    audience: String,
    issuer: String,
    subject: String,
    key: String,
    token_lifetime: Duration,
    instance_hosts: Vec<accredit::audience::InstanceHost>,
}

impl Name {
    /// Says whether both are the same user of the same app, with another key.
    fn differs_in_key_from(&self, other: &Self) -> bool {
        self.key != other.key && self.stored_as() == other.stored_as()
    }

    /// The name under which the token is kept in a store. The key is no part of it: while a key is
    /// changed, replicas with the old and the new one share the token.
    fn stored_as(&self) -> String {
        vault::name_of(&[&self.login_url, &self.audience, &self.issuer, &self.subject])
    }
}

/// All sessions. Connections that sign in as the same user with the same app share one, so that
/// they share its budget; so do a connection and what it was before a reload.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Mutex<HashMap<Name, Arc<Session>>>,
    sharing: Option<Sharing>,
}

impl Sessions {
    /// None yet; they will share what they get, if there is a store.
    pub(crate) fn new(sharing: Option<Sharing>) -> Self {
        Self {
            all: Mutex::default(),
            sharing,
        }
    }

    /// The session of a user of a connection.
    pub(crate) fn of(
        &self,
        connection: &ConnectionConfig,
        key: &HeldKey,
        subject: &Subject,
        world: &World,
    ) -> Result<Arc<Session>, Failure> {
        let name = Name {
            login_url: connection.endpoint.login_url().as_str().to_owned(),
            audience: connection.endpoint.audience().as_str().to_owned(),
            issuer: connection.issuer.as_str().to_owned(),
            subject: subject.as_str().to_owned(),
            key: key.signer.public_key().fingerprint(),
            token_lifetime: connection.token_lifetime,
            instance_hosts: connection.endpoint.instance_hosts().to_vec(),
        };
        let mut sessions = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(&name) {
            return Ok(Arc::clone(session));
        }
        if sessions.len() >= SESSIONS_MAX {
            // Those that nobody holds and that hold nothing make room.
            let now = world.clock.now();
            sessions.retain(|_, one| {
                let standing = one.standing(now);
                Arc::strong_count(one) > 1 || standing.token.is_some() || standing.asked > 0
            });
        }
        if sessions.len() >= SESSIONS_MAX {
            return Err(Failure::new(
                http::StatusCode::SERVICE_UNAVAILABLE,
                "too_many_users",
                "tokens of too many users are held; try again later",
            ));
        }
        let outside = (world, self.sharing.clone());
        let session = Session::new(connection, key, &name, subject.clone(), outside);
        let now = world.clock.now();
        let before = sessions
            .iter()
            .filter(|(other, _)| other.differs_in_key_from(&name))
            .filter_map(|(_, one)| Some((one.standing(now).token?.issued_at, one)))
            .max_by_key(|(issued_at, _)| *issued_at)
            .map(|(_, one)| Arc::clone(one));
        *session.before() = before;
        let session = Arc::new(session);
        sessions.insert(name, Arc::clone(&session));
        Ok(session)
    }
}
