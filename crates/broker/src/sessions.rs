//! Who is one and the same, and how many are remembered.
//!
//! Owns the names of sessions and the room for them. Users whom Salesforce has never let in take no
//! room from the others: of those, each caller has few at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use accredit::assertion::Subject;
use accredit::audience::InstanceHost;
use accredit::clock::UnixTime;
use accredit::source::Token;
use http::StatusCode;

use crate::config::ConnectionConfig;
use crate::failure::Failure;
use crate::key_source::HeldKey;
use crate::session::{Session, Which, World};
use crate::setup::Connection;
use crate::shared::{Place, Sharing};
use crate::vault::{self, Vault};

/// The most identities that are remembered at a time.
const SESSIONS_MAX: usize = 10_000;

/// How many of them make room at a time, so that it is rarely looked for.
const ROOM: usize = SESSIONS_MAX / 10;

/// How many users that are not known to exist a caller may have named in a moment.
const STRANGERS_MAX: usize = 1_000;

/// How many users that Salesforce refused a caller may have named in a moment.
const REFUSED_MAX: usize = 50;

/// How long that moment is.
const MOMENT: Duration = Duration::from_secs(300);

/// A user who is to be signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User<'a> {
    pub(crate) subject: &'a Subject,
    /// The caller who named it; `None` if the connection did.
    pub(crate) named_by: Option<&'a str>,
}

/// All sessions. Connections that sign in as the same user with the same app share one, so that
/// they share its budget; so do a connection and what it was before a reload.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    book: Mutex<Book>,
    sharing: Option<Sharing>,
}

#[derive(Debug, Default)]
struct Book {
    /// By identity; one for each key, and for each choice of hosts.
    all: HashMap<String, Vec<Arc<Session>>>,
    /// By caller, whom it named and who is not known to exist.
    strangers: HashMap<String, Vec<Weak<Session>>>,
}

impl Sessions {
    /// None yet; they will share what they get, if there is a store.
    pub(crate) fn new(sharing: Option<Sharing>) -> Self {
        Self {
            book: Mutex::default(),
            sharing,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of a user of a connection.
    pub(crate) fn of(
        &self,
        connection: &ConnectionConfig,
        key: &HeldKey,
        user: User<'_>,
        world: &World,
    ) -> Result<Arc<Session>, Failure> {
        let place = place_of(connection, key, user.subject);
        let hosts = connection.endpoint.instance_hosts();
        let mut book = self.lock();
        let session = match book.find(&place, hosts) {
            Some(known) => known,
            None => {
                let now = world.clock.now();
                book.make_room(now)?;
                if let Some(caller) = user.named_by {
                    book.check_strangers(caller, now)?;
                }
                let before = book.before(&place);
                let named = (place, user.subject.clone());
                let outside = (world, self.sharing.clone());
                let session = Session::new((connection, key), named, outside, before);
                book.add(Arc::new(session), user.named_by)
            }
        };
        session.record().shorten(connection.token_lifetime);
        Ok(session)
    }

    /// What opens that which is shared, if anything is.
    pub(crate) fn vault(&self) -> Option<&Vault> {
        self.sharing.as_ref().map(|sharing| sharing.vault.as_ref())
    }

    /// Forgets these tokens; gives each once.
    pub(crate) fn let_go(&self, which: Which) -> Vec<Token> {
        let sessions: Vec<Arc<Session>> = self.lock().all.values().flatten().cloned().collect();
        let mut tokens = Vec::<Token>::new();
        for token in sessions.iter().flat_map(|session| session.let_go(which)) {
            let is_known = |one: &Token| one.access_token.is_same(&token.access_token);
            if !tokens.iter().any(is_known) {
                tokens.push(token);
            }
        }
        tokens
    }

    /// Forgets those with keys that none of these connections has, but for those that go on until a
    /// new key is accepted, and lets these say anew how long tokens live.
    pub(crate) fn keep<'a>(&self, connections: impl Iterator<Item = &'a Connection> + Clone) {
        let signers = connections.clone().map(|one| &one.key.signer);
        let signers: HashMap<String, _> = signers
            .map(|signer| (signer.public_key().fingerprint(), signer))
            .collect();
        let mut book = self.lock();
        book.all.retain(|_, same| {
            same.retain(|one| match signers.get(&one.place.key) {
                // The key may have been moved.
                Some(signer) => {
                    one.sign_with(signer);
                    true
                }
                None => false,
            });
            !same.is_empty()
        });
        for session in book.all.values().flatten() {
            session.record().forget_lifetime();
        }
        for connection in connections {
            if let Some(own) = connection.own() {
                own.record().shorten(connection.config.token_lifetime);
            }
        }
    }
}

/// What makes two sessions one and the same. Salesforce does not tell `A@example.com` from
/// `a@example.com`. While a key is changed, those with the old and the new one are one identity.
fn place_of(connection: &ConnectionConfig, key: &HeldKey, subject: &Subject) -> Place {
    let endpoint = &connection.endpoint;
    let parts = [
        endpoint.login_url().as_str(),
        endpoint.audience().as_str(),
        connection.issuer.as_str(),
        &subject.as_str().to_lowercase(),
    ];
    Place {
        identity: vault::name_of(&parts),
        key: key.signer.public_key().fingerprint(),
    }
}

impl Book {
    fn same(&self, place: &Place) -> &[Arc<Session>] {
        self.all.get(&place.identity).map_or(&[], Vec::as_slice)
    }

    fn find(&mut self, place: &Place, hosts: &[InstanceHost]) -> Option<Arc<Session>> {
        let is_it = |one: &Arc<Session>| one.place == *place && one.instance_hosts == hosts;
        let same = self.same(place);
        if let Some(known) = same.iter().find(|one| is_it(one)) {
            return Some(Arc::clone(known));
        }
        // A key that was given up too early.
        let known = same.iter().filter_map(|one| one.before()).find(is_it)?;
        Some(self.add(known, None))
    }

    fn add(&mut self, session: Arc<Session>, named_by: Option<&str>) -> Arc<Session> {
        if let Some(caller) = named_by {
            let strangers = self.strangers.entry(caller.to_owned()).or_default();
            strangers.push(Arc::downgrade(&session));
        }
        let identity = session.place.identity.clone();
        let same = self.all.entry(identity).or_default();
        same.push(Arc::clone(&session));
        session
    }

    /// The session of the same identity whose key was the last to be good.
    fn before(&self, place: &Place) -> Option<Arc<Session>> {
        let same = self.same(place).iter();
        same.flat_map(|one| [Some(Arc::clone(one)), one.before()])
            .flatten()
            .filter(|one| one.place.key != place.key)
            .filter_map(|one| Some((one.proved_at()?, one)))
            .max_by_key(|(proved_at, _)| *proved_at)
            .map(|(_, one)| one)
    }

    /// Forgets, if there are too many, those that nobody holds and that cost least: at most one
    /// login of this hour goes uncounted.
    fn make_room(&mut self, now: UnixTime) -> Result<(), Failure> {
        if self.all.len() < SESSIONS_MAX {
            return Ok(());
        }
        let cost = |one: &Arc<Session>| {
            let asked = match one.is_strange_since() {
                Some(_) => 0,
                None => one.record().asked(now),
            };
            let is_free = Arc::strong_count(one) == 1 && asked <= 1;
            is_free.then(|| (asked, one.record().used_in()))
        };
        let mut cheap: Vec<_> = self
            .all
            .iter()
            .filter_map(|(identity, same)| {
                let costs: Option<Vec<_>> = same.iter().map(cost).collect();
                Some((costs?, identity.clone()))
            })
            .collect();
        cheap.sort();
        for (_, identity) in cheap.iter().take(ROOM) {
            self.all.remove(identity);
        }
        match cheap.is_empty() {
            true => Err(too_many("tokens of too many users are held")),
            false => Ok(()),
        }
    }

    /// Lets no caller make up names: at Salesforce, each would be a failed login.
    fn check_strangers(&mut self, caller: &str, now: UnixTime) -> Result<(), Failure> {
        let Some(strangers) = self.strangers.get_mut(caller) else {
            return Ok(());
        };
        let mut refused = 0;
        strangers.retain(|one| {
            let Some(one) = one.upgrade() else {
                return false;
            };
            let is_recent = one
                .is_strange_since()
                .is_some_and(|since| now.since(since) < MOMENT);
            refused += usize::from(is_recent && one.record().refused_at().is_some());
            is_recent
        });
        if refused >= REFUSED_MAX || strangers.len() >= STRANGERS_MAX {
            return Err(too_many(
                "this caller named too many users that Salesforce does not let in",
            ));
        }
        Ok(())
    }
}

fn too_many(what: &str) -> Failure {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Failure::new(status, "too_many_users", format!("{what}; try again later"))
        .with_retry_after(Duration::from_secs(60))
}

#[cfg(test)]
mod tests;
