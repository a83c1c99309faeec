//! One identity that can be signed in as, and what is remembered of it.
//!
//! Owns the record of exchanges beside core's cache: the last one for the report, the times of the
//! last hour for the budget that is shown. When to ask is decided in core.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::assertion::Subject;
use accredit::audience::InstanceHost;
use accredit::cache::{Cached, Spawn};
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::policy::RefreshPolicy;
use accredit::random::Random;
use accredit::secret::AccessToken;
use accredit::source::{Exchange, Identity, JwtBearer, Outside, Token, TokenSource};

use crate::config::ConnectionConfig;
use crate::failure::Failure;
use crate::key_source::HeldKey;
use crate::shared::{Shared, Sharing};
use crate::vault;

mod readiness;

/// The most identities that are remembered at a time.
const SESSIONS_MAX: usize = 10_000;

const HOUR: Duration = Duration::from_secs(3600);

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

/// How many minutes of uses are remembered.
pub(crate) const MINUTES: usize = 60;

/// One identity: its token, and the exchanges it took.
#[derive(Debug)]
pub(crate) struct Session {
    cached: Cached<Shared<Recorded>>,
    record: Arc<Record>,
    /// The same identity with the key before this one, until the org has accepted this one.
    before: Mutex<Option<Arc<Self>>>,
}

/// A source that keeps what passed over the wire.
#[derive(Debug)]
struct Recorded {
    source: JwtBearer,
    record: Arc<Record>,
    clock: Arc<dyn Clock>,
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
        let budget = u64::from(RefreshPolicy::default().hourly_budget);
        budget.saturating_sub(self.asked as u64)
    }
}

impl TokenSource for Recorded {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async move {
            self.record.begin(self.clock.now());
            let exchange = self.source.exchange().await;
            self.record.end(exchange, self.clock.now())
        })
    }
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, now: UnixTime) {
        let mut memory = self.lock();
        memory.forget_before(now);
        memory.asked_at.push_back(now);
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
        let recorded = Recorded {
            source,
            record: Arc::clone(&record),
            clock: Arc::clone(&world.clock),
        };
        let endpoint = connection.endpoint.clone();
        let shared = Shared::new(recorded, sharing, name.stored_as(), endpoint);
        let cached = Cached::new(
            shared,
            RefreshPolicy::default(),
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
        let mut memory = self.record.lock();
        if memory
            .token
            .as_ref()
            .is_some_and(|token| token.access_token.is_same(refused))
        {
            memory.token = None;
        }
    }

    /// Counts a use.
    pub(crate) fn used(&self, now: UnixTime) {
        self.record.lock().traffic.count(now);
    }

    /// The last exchange, if there was one.
    pub(crate) fn last_exchange(&self) -> Option<Arc<Exchange>> {
        self.record.lock().last.clone()
    }

    /// What is known at `now`.
    pub(crate) fn standing(&self, now: UnixTime) -> Standing {
        let mut memory = self.record.lock();
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
    instance_hosts: Vec<InstanceHost>,
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
