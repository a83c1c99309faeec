//! Apps, users and sessions of the org.
//!
//! Owns what the authorization server remembers. Apps and users are read from memory and written
//! through; sessions live in memory and are written behind, so that a sign-in waits for no disk.
//!
//! What waits for the database says so, and belongs on a thread of its own. While it waits it holds
//! no lock that a sign-in needs.

mod certificate;
mod client;
mod error;
mod follow;
mod ledger;
mod replace;
mod sessions;
mod tables;
#[cfg(test)]
mod tests;
mod user;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use accredit::clock::UnixTime;
use accredit::oauth::ClientId;
use accredit::random::Random;

pub(crate) use self::certificate::Certificate;
pub use self::certificate::Upload;
pub(crate) use self::client::Client;
pub use self::client::{AppKind, IpRestrictions, NewApp, PermittedUsers, SessionPolicy, Switch};
pub use self::error::DirectoryError;
pub(crate) use self::ledger::Pace;
pub(crate) use self::sessions::{Issued, Live, Session, TokenDigest};
pub(crate) use self::user::User;
pub use self::user::{NewUser, UserRecord, UserState};

use self::error::unfit;
use self::ledger::Ledger;
use self::replace::{clients, users};
use self::sessions::Sessions;
use crate::grant::{Lookup, VerifiedAssertion};
use crate::ids::RecordId;
use crate::refusal::Refusal;
use crate::store::Store;

/// The most apps, and the most users, that an org may have.
const ENTRIES_MAX: usize = 10_000;

/// Apps, users and sessions.
pub(crate) struct Directory {
    store: Arc<Store>,
    /// Held by whoever changes apps or users, also while the database is being written.
    changing: Mutex<()>,
    clients: RwLock<BTreeMap<String, Arc<Client>>>,
    /// By username in lower case.
    users: RwLock<HashMap<String, Arc<User>>>,
    sessions: Sessions,
}

impl Directory {
    /// Reads what the database holds, after making its tables if need be.
    pub(crate) fn open(store: Arc<Store>, org_id: &RecordId) -> Result<Self, DirectoryError> {
        store.run(|connection| tables::create(connection))?;
        let clients = clients(&store)?;
        let users = users(&store)?;
        let ledger = Ledger::start(Arc::clone(&store));
        let sessions = Sessions::new(org_id, ledger, tables::sessions(&store)?);
        Ok(Self {
            store,
            changing: Mutex::new(()),
            clients: RwLock::new(clients),
            users: RwLock::new(users),
            sessions,
        })
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Client>>> {
        self.clients.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Client>>> {
        self.clients.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn users_by_name(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<User>>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn users_mut(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<User>>> {
        self.users.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an app and gives its client id. Waits for the database.
    pub(crate) fn add_app(
        &self,
        mut definition: NewApp,
        random: &dyn Random,
    ) -> Result<ClientId, DirectoryError> {
        let id = match definition.client_id.take() {
            Some(id) => id,
            None => consumer_key(random)?,
        };
        let _changing = self.change();
        if self.client(&id).is_some() {
            return Err(unfit("an app with this client id is there already"));
        }
        if self.clients().len() >= ENTRIES_MAX {
            return Err(unfit("the org has as many apps as it can"));
        }
        let client = checked(&id, definition)?;
        tables::put_app(&self.store, &client)?;
        let client_id = client.id.clone();
        self.clients_mut().insert(id, Arc::new(client));
        Ok(client_id)
    }

    /// Replaces the definition of an app; its sessions end if it is switched off. `false` if there
    /// is no such app. Waits for the database.
    pub(crate) fn change_app(&self, id: &str, to: NewApp) -> Result<bool, DirectoryError> {
        let _changing = self.change();
        if self.client(id).is_none() {
            return Ok(false);
        }
        let client = checked(id, to)?;
        tables::put_app(&self.store, &client)?;
        let is_off = client.definition.enabled == Switch::Off;
        let mut clients = self.clients_mut();
        clients.insert(id.to_owned(), Arc::new(client));
        if is_off {
            self.sessions.end_where(|session| *session.client_id == *id);
        }
        Ok(true)
    }

    /// Removes an app and ends its sessions. `false` if there is no such app. Waits for the
    /// database.
    pub(crate) fn remove_app(&self, id: &str) -> Result<bool, DirectoryError> {
        let _changing = self.change();
        tables::delete_app(&self.store, id)?;
        let mut clients = self.clients_mut();
        let was_there = clients.remove(id).is_some();
        self.sessions.end_where(|session| *session.client_id == *id);
        Ok(was_there)
    }

    /// All apps, by client id.
    pub(crate) fn apps(&self) -> Vec<Arc<Client>> {
        self.clients().values().cloned().collect()
    }

    /// The app that metadata made under this name.
    pub(crate) fn developed_as(&self, kind: AppKind, name: &str) -> Option<Arc<Client>> {
        let is_it = |client: &&Arc<Client>| {
            let definition = &client.definition;
            definition.kind == kind && definition.developer_name.as_deref() == Some(name)
        };
        self.clients().values().find(is_it).cloned()
    }

    /// Makes a user. `record` makes the record that shows it, and gives the id. Waits for the
    /// database.
    pub(crate) fn new_user(
        &self,
        definition: NewUser,
        record: impl FnOnce(&UserRecord) -> Result<RecordId, DirectoryError>,
    ) -> Result<UserRecord, DirectoryError> {
        let _changing = self.change();
        if self.user(&definition.username).is_some() {
            return Err(unfit("a user with this username is there already"));
        }
        if self.users_by_name().len() >= ENTRIES_MAX {
            return Err(unfit("the org has as many users as it can"));
        }
        definition.check_name().map_err(DirectoryError::Unfit)?;
        let mut user =
            User::new(RecordId::numbered("005", 0), definition).map_err(DirectoryError::Unfit)?;
        user.id = record(&user.record())?;
        if self.users_by_name().values().any(|one| one.id == user.id) {
            return Err(unfit("the record of this username belongs to another user"));
        }
        let user = Arc::new(user);
        tables::put_users(&self.store, std::slice::from_ref(&user))?;
        self.users_mut()
            .insert(key(user.username()).into_owned(), Arc::clone(&user));
        Ok(user.record())
    }

    /// Replaces the definition of a user, except the username; the user's sessions end if the user
    /// is deactivated or frozen. `None` if there is no such user. Waits for the database.
    pub(crate) fn change_user(
        &self,
        username: &str,
        mut to: NewUser,
    ) -> Result<Option<UserRecord>, DirectoryError> {
        let _changing = self.change();
        let Some(before) = self.user(username) else {
            return Ok(None);
        };
        to.check_name().map_err(DirectoryError::Unfit)?;
        before.username().clone_into(&mut to.username);
        let user = User::new(before.id.clone(), to).map_err(DirectoryError::Unfit)?;
        let user = Arc::new(user);
        tables::put_users(&self.store, std::slice::from_ref(&user))?;
        let mut users = self.users_mut();
        users.insert(key(username).into_owned(), Arc::clone(&user));
        if !user.definition.state.keeps_sessions() {
            self.sessions
                .end_where(|session| session.user_id == user.id);
        }
        Ok(Some(user.record()))
    }

    /// Removes a user and ends the sessions. `None` if there is no such user. Waits for the
    /// database.
    pub(crate) fn remove_user(&self, username: &str) -> Result<Option<UserRecord>, DirectoryError> {
        let _changing = self.change();
        let Some(user) = self.user(username) else {
            return Ok(None);
        };
        tables::delete_user(&self.store, &user.id)?;
        let mut users = self.users_mut();
        users.remove(&*key(username));
        self.sessions
            .end_where(|session| session.user_id == user.id);
        Ok(Some(user.record()))
    }

    /// All users, by id.
    pub(crate) fn users(&self) -> Vec<Arc<User>> {
        let mut all: Vec<_> = self.users_by_name().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Notes that an app used the assertion with this `jti`; refuses if it did before. Waits for
    /// the database.
    pub(crate) fn redeem(
        &self,
        (issuer, assertion_id): (&str, &str),
        expires_at: UnixTime,
        now: UnixTime,
    ) -> Result<(), Refusal> {
        match tables::redeem(&self.store, (issuer, assertion_id), expires_at, now) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Replayed),
            Err(error) => {
                tracing::error!(%error, "the replay table could not be written");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// The last rung, which changes with each sign-in, and then the token (fact sheet §4.7).
    ///
    /// `token` is the random part of the token's text.
    pub(crate) fn issue(
        &self,
        verified: &VerifiedAssertion,
        login_limit: u32,
        now: UnixTime,
        token: &str,
    ) -> Result<Issued, Refusal> {
        // Held until the session is there: whoever switches app or user off then ends it, too.
        let (clients, users) = (self.clients(), self.users_by_name());
        let client = clients.get(verified.client().id.as_str());
        let user = users.get(&*key(verified.user().username()));
        let is_same = client.is_some_and(|client| Arc::ptr_eq(client, verified.client()))
            && user.is_some_and(|user| Arc::ptr_eq(user, verified.user()));
        if !is_same {
            return Err(Refusal::Changed);
        }
        self.sessions.issue(verified, login_limit, now, token)
    }

    /// Waits until the database keeps up with the sign-ins.
    pub(crate) fn wait_for_room(&self) {
        self.sessions.wait_for_room();
    }

    /// The session that `token` stands for, if it is alive; this use prolongs it.
    pub(crate) fn use_session(&self, token: &str, now: UnixTime) -> Option<Live> {
        self.live(token, now).inspect(|live| {
            self.sessions.touch(&live.session, now);
        })
    }

    /// The session that `token` stands for, if its time is not over; app and user are not looked
    /// at.
    pub(crate) fn session(&self, token: &str, now: UnixTime) -> Option<Arc<Session>> {
        self.sessions.find(token, now)
    }

    /// The session that `token` stands for, if it is alive.
    pub(crate) fn live(&self, token: &str, now: UnixTime) -> Option<Live> {
        let session = self.sessions.find(token, now)?;
        // App and user are looked at anew at each use: what was switched off since must not go on.
        let client = self.client(&session.issue.client_id)?;
        let user = self.user(&session.issue.username)?;
        let is_on = client.definition.enabled == Switch::On;
        let is_same = user.id == session.issue.user_id && user.definition.state.keeps_sessions();
        (is_on && is_same).then_some(Live {
            session,
            client,
            user,
        })
    }

    /// Ends the session that `token` stands for. `false` if there is none.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.sessions.revoke(token)
    }

    /// Ends the session whose token has this digest.
    pub(crate) fn end_session(&self, token: &TokenDigest) {
        self.sessions.end_where(|session| session.token == *token);
    }

    /// Ends every session.
    pub(crate) fn end_sessions(&self) {
        self.sessions.end_where(|_| true);
    }

    /// All sessions, the oldest first, at most `count`.
    pub(crate) fn sessions(&self, count: usize) -> Vec<Arc<Session>> {
        self.sessions.list(count)
    }

    /// Waits until everything said so far is in the database.
    pub(crate) fn flush(&self) {
        self.sessions.flush();
    }

    /// Forgets everything. Waits for the database.
    pub(crate) fn clear(&self) -> Result<(), DirectoryError> {
        let _changing = self.change();
        {
            let (mut clients, mut users) = (self.clients_mut(), self.users_mut());
            clients.clear();
            users.clear();
            self.sessions.clear();
        }
        // Nobody can sign in now: once the queue is empty it stays so.
        self.sessions.flush();
        Ok(tables::clear(&self.store)?)
    }
}

impl Lookup for Directory {
    fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.clients().get(id).cloned()
    }

    fn user(&self, username: &str) -> Option<Arc<User>> {
        self.users_by_name().get(&*key(username)).cloned()
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory")
    }
}

fn checked(id: &str, definition: NewApp) -> Result<Client, DirectoryError> {
    let id = ClientId::new(id).map_err(|error| DirectoryError::Unfit(error.to_string()))?;
    Client::new(id, definition).map_err(DirectoryError::Unfit)
}

/// Usernames do not care for case.
fn key(username: &str) -> Cow<'_, str> {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if username.bytes().all(is_lower) {
        Cow::Borrowed(username)
    } else {
        Cow::Owned(username.to_lowercase())
    }
}

/// Draws a consumer key of the usual length.
fn consumer_key(random: &dyn Random) -> Result<String, DirectoryError> {
    let drawn = crate::token_text::draw(random, 80)
        .map_err(|error| DirectoryError::Unfit(format!("no random numbers: {error}")))?;
    Ok(format!("3MVG9{drawn}"))
}
