//! One identity that can be signed in as.
//!
//! Owns how an identity asks for tokens: its policy, the store it shares, the key before this one.
//! When to ask is decided in core.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::assertion::Subject;
use accredit::audience::InstanceHost;
use accredit::cache::{Cached, Spawn};
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::key::Signer;
use accredit::policy::{Pause, RefreshPolicy};
use accredit::random::Random;
use accredit::secret::AccessToken;
use accredit::source::{Exchange, Identity, JwtBearer, Outside, Token, TokenSource as _};

use crate::config::ConnectionConfig;
use crate::key_source::HeldKey;
use crate::proxy::Renewals;
use crate::record::{LOGINS_MAX, Record, Recorded, Tally};
use crate::shared::{Place, Shared, Sharing};
use crate::traffic::MINUTES;

mod renewal;
mod revocation;
mod signing;

pub(crate) use revocation::Which;
use signing::Signing;

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
    /// What makes it one and the same.
    pub(crate) place: Place,
    /// Where its tokens may go besides Salesforce's own hosts.
    pub(crate) instance_hosts: Vec<InstanceHost>,
    cached: Cached<Shared<Recorded>>,
    record: Arc<Record>,
    signing: Arc<Signing>,
    opened_at: UnixTime,
    /// The same identity with the key before this one, until the org has accepted this one.
    before: Mutex<Option<Arc<Self>>>,
    renewals: Renewals,
}

/// What is known of an identity at a moment, for those who look on.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The token that is held, if it is good, whoever got it.
    pub(crate) token: Option<Token>,
    /// The last failure since the last success, and when it was.
    pub(crate) failure: Option<(UnixTime, Error)>,
    /// How token requests ended.
    pub(crate) tally: Tally,
    /// Uses in each of the last minutes, the present one last.
    pub(crate) traffic: [u32; MINUTES],
    logins_left: u32,
}

impl Standing {
    /// How many token requests the budgets allow now, one after the other.
    pub(crate) fn logins_left(&self) -> u64 {
        u64::from(self.logins_left)
    }
}

impl Session {
    /// A session of `subject`. If it comes after one with another key, that goes
    /// on until the org has accepted this key.
    pub(crate) fn new(
        (connection, key): (&ConnectionConfig, &HeldKey),
        (place, subject): (Place, Subject),
        (world, sharing): (&World, Option<Sharing>),
        before: Option<Arc<Self>>,
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
        let signing = Arc::new(Signing::new(Arc::clone(&key.signer)));
        let signer = Arc::clone(&signing) as Arc<dyn Signer>;
        let source = JwtBearer::new(identity, signer, endpoint.clone(), outside);
        let record = Arc::new(Record::default());
        let recorded = Recorded::new(source, Arc::clone(&record), Arc::clone(&world.clock));
        let shared = Shared::new(recorded, sharing, place.clone(), endpoint);
        let cached = Cached::new(
            shared,
            policy(),
            Arc::clone(&world.clock),
            Arc::clone(&world.random),
            Arc::clone(&world.spawn),
        );
        Self {
            place,
            instance_hosts: connection.endpoint.instance_hosts().to_vec(),
            cached,
            record,
            signing,
            opened_at: world.clock.now(),
            before: Mutex::new(before),
            renewals: Renewals::default(),
        }
    }

    /// Signs from now on with the same key in another place.
    pub(crate) fn sign_with(&self, signer: &Arc<dyn Signer>) {
        self.signing.replace(Arc::clone(signer));
    }

    /// Which resources made us sign in again.
    pub(crate) const fn renewals(&self) -> &Renewals {
        &self.renewals
    }

    /// A token that may be used now. While the org does not accept a new key, the old one goes on.
    pub(crate) async fn token(&self) -> Result<Token, Error> {
        let outcome = self.cached.token().await;
        match (outcome, self.outlived()) {
            (Err(error), Some(before)) => before.cached.token().await.map_err(|_| error),
            (outcome, _) => outcome,
        }
    }

    /// The session with the key before, unless the org has accepted this one.
    fn outlived(&self) -> Option<Arc<Self>> {
        if self.record.accepted_at().is_some() {
            *self.lock_before() = None;
        }
        self.before()
    }

    fn lock_before(&self) -> MutexGuard<'_, Option<Arc<Self>>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same identity with the key that goes on meanwhile.
    pub(crate) fn before(&self) -> Option<Arc<Self>> {
        self.lock_before().clone()
    }

    /// The token that is held, if it is good.
    pub(crate) fn held(&self) -> Option<Token> {
        let held = self.cached.known().token;
        held.or_else(|| self.before()?.cached.known().token)
    }

    /// Forgets a token that was refused, here and for other replicas, if it is the one held.
    pub(crate) fn invalidate(&self, refused: &AccessToken) {
        if self.cached.invalidate(refused) {
            self.cached.source().forget(refused);
        }
        if let Some(before) = self.before() {
            before.invalidate(refused);
        }
    }

    /// What there is to remember of it beside its token.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// When this key was last known to be good for a token.
    pub(crate) fn proved_at(&self) -> Option<UnixTime> {
        let held = self.cached.known().token.map(|token| token.issued_at);
        held.max(self.record.accepted_at())
    }

    /// Since when it is not known whether there is such a user, if that is so.
    pub(crate) fn is_strange_since(&self) -> Option<UnixTime> {
        let is_known = self.proved_at().is_some();
        let since = self.record.refused_at().unwrap_or(self.opened_at);
        (!is_known).then_some(since)
    }

    /// The exchange that an outcome came from, if it was made here.
    pub(crate) fn exchange_of(&self, outcome: &Result<Token, Error>) -> Option<Arc<Exchange>> {
        let own = self.record.exchange_of(outcome);
        own.or_else(|| self.before()?.record.exchange_of(outcome))
    }

    /// What is known at `now`.
    pub(crate) fn standing(&self, now: UnixTime) -> Standing {
        let known = self.cached.known();
        let (tally, traffic) = self.record.counts(now);
        let in_hour = LOGINS_MAX.saturating_sub(self.record.asked(now));
        let of_all = self.cached.source().logins_left();
        Standing {
            token: self.held(),
            failure: known.failure,
            tally,
            traffic,
            logins_left: known.requests_left.min(in_hour).min(of_all),
        }
    }
}
