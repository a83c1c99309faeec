//! Apps, users and sessions of the org.
//!
//! Owns what the authorization server remembers. Apps and users are read from memory and written
//! through; sessions live in memory and are written behind, so that a sign-in waits for no disk.

mod certificate;
mod client;
mod follow;
mod ledger;
mod replace;
mod sessions;
mod tables;
mod user;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use accredit::clock::UnixTime;
use accredit::oauth::ClientId;
use accredit::random::Random;

pub use self::certificate::Upload;
pub(crate) use self::client::Client;
pub use self::client::{AppKind, IpRestrictions, NewApp, PermittedUsers, SessionPolicy, Switch};
pub(crate) use self::sessions::{Issued, Live, Session, TokenDigest};
pub(crate) use self::user::User;
pub use self::user::{NewUser, UserRecord, UserState};

use self::ledger::Ledger;
use self::replace::{clients, users};
use self::sessions::Sessions;
use crate::grant::{Lookup, VerifiedAssertion};
use crate::ids::RecordId;
use crate::org::OrgError;
use crate::refusal::Refusal;
use crate::store::{ImageError, Store};

/// The most apps, and the most users, that an org may have.
const ENTRIES_MAX: usize = 10_000;

/// Why the directory could not do what was asked.
#[derive(Debug)]
pub enum DirectoryError {
    /// The definition is unfit, or names something that is there already; the text says why.
    Unfit(String),
    /// The database failed.
    Store(rusqlite::Error),
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(reason) => f.write_str(reason),
            Self::Store(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl From<OrgError> for DirectoryError {
    fn from(error: OrgError) -> Self {
        match error {
            OrgError::Database(error) => Self::Store(error),
            other => Self::Unfit(other.to_string()),
        }
    }
}

impl From<ImageError> for DirectoryError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Sqlite(error) => Self::Store(error),
            other => Self::Unfit(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for DirectoryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

/// Apps, users and sessions.
pub(crate) struct Directory {
    store: Arc<Store>,
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
            clients: RwLock::new(clients),
            users: RwLock::new(users),
            sessions,
        })
    }

    /// Registers an app and gives its client id.
    pub(crate) fn add_app(
        &self,
        mut definition: NewApp,
        random: &dyn Random,
    ) -> Result<ClientId, DirectoryError> {
        let id = match definition.client_id.take() {
            Some(id) => id,
            None => consumer_key(random)?,
        };
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if clients.contains_key(&id) {
            return Err(unfit("an app with this client id is there already"));
        }
        if clients.len() >= ENTRIES_MAX {
            return Err(unfit("the org has as many apps as it can"));
        }
        let client = checked(&id, definition)?;
        tables::put_app(&self.store, &client)?;
        let client_id = client.id.clone();
        clients.insert(id, Arc::new(client));
        Ok(client_id)
    }

    /// Replaces the definition of an app; its sessions end if it is switched off. `false` if there
    /// is no such app.
    pub(crate) fn change_app(&self, id: &str, to: NewApp) -> Result<bool, DirectoryError> {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if !clients.contains_key(id) {
            return Ok(false);
        }
        let client = checked(id, to)?;
        tables::put_app(&self.store, &client)?;
        if client.definition.enabled == Switch::Off {
            self.sessions.end_where(|session| session.client_id == id);
        }
        clients.insert(id.to_owned(), Arc::new(client));
        Ok(true)
    }

    /// Removes an app and ends its sessions. `false` if there is no such app.
    pub(crate) fn remove_app(&self, id: &str) -> Result<bool, DirectoryError> {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        tables::delete_app(&self.store, id)?;
        self.sessions.end_where(|session| session.client_id == id);
        Ok(clients.remove(id).is_some())
    }

    /// All apps, by client id.
    pub(crate) fn apps(&self) -> Vec<Arc<Client>> {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
        clients.values().cloned().collect()
    }

    /// Makes a user. `record` makes the record that shows it, and gives the id.
    pub(crate) fn new_user(
        &self,
        definition: NewUser,
        record: impl FnOnce(&UserRecord) -> Result<RecordId, DirectoryError>,
    ) -> Result<UserRecord, DirectoryError> {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if users.contains_key(&key(&definition.username)) {
            return Err(unfit("a user with this username is there already"));
        }
        if users.len() >= ENTRIES_MAX {
            return Err(unfit("the org has as many users as it can"));
        }
        let mut user =
            User::new(RecordId::numbered("005", 0), definition).map_err(DirectoryError::Unfit)?;
        user.id = record(&user.record())?;
        tables::put_user(&self.store, &user)?;
        let record = user.record();
        users.insert(key(user.username()), Arc::new(user));
        Ok(record)
    }

    /// Lets the user of a record sign in, unless it is known already.
    pub(crate) fn adopt(&self, record: UserRecord) -> Result<(), DirectoryError> {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if users.contains_key(&key(&record.username)) || users.len() >= ENTRIES_MAX {
            return Ok(());
        }
        let definition = NewUser {
            state: if record.is_active {
                UserState::Active
            } else {
                UserState::Inactive
            },
            username: record.username,
            profile: record.profile,
            first_name: record.first_name,
            last_name: record.last_name,
            email: record.email,
            ..NewUser::default()
        };
        let user = User::new(record.id, definition).map_err(DirectoryError::Unfit)?;
        tables::put_user(&self.store, &user)?;
        users.insert(key(user.username()), Arc::new(user));
        Ok(())
    }

    /// Replaces the definition of a user, except the username; the user's sessions end if the user
    /// is deactivated or frozen. `None` if there is no such user.
    pub(crate) fn change_user(
        &self,
        username: &str,
        mut to: NewUser,
    ) -> Result<Option<UserRecord>, DirectoryError> {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = users.get_mut(&key(username)) else {
            return Ok(None);
        };
        slot.username().clone_into(&mut to.username);
        let user = User::new(slot.id.clone(), to).map_err(DirectoryError::Unfit)?;
        tables::put_user(&self.store, &user)?;
        if !user.definition.state.keeps_sessions() {
            self.sessions
                .end_where(|session| session.user_id == user.id);
        }
        let record = user.record();
        *slot = Arc::new(user);
        Ok(Some(record))
    }

    /// Removes a user and ends the sessions. `None` if there is no such user.
    pub(crate) fn remove_user(&self, username: &str) -> Result<Option<UserRecord>, DirectoryError> {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get(&key(username)).cloned() else {
            return Ok(None);
        };
        tables::delete_user(&self.store, &user.id)?;
        self.sessions
            .end_where(|session| session.user_id == user.id);
        users.remove(&key(username));
        Ok(Some(user.record()))
    }

    /// All users, by id.
    pub(crate) fn users(&self) -> Vec<Arc<User>> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = users.values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The last rungs, which change with each sign-in, and then the token (fact sheet §4.7).
    ///
    /// `token` is the random part of the token's text.
    pub(crate) fn issue(
        &self,
        verified: &VerifiedAssertion,
        login_limit: u32,
        now: UnixTime,
        token: &str,
    ) -> Result<Issued, Refusal> {
        let permit = self.sessions.admit(verified.user(), login_limit, now)?;
        if let Some(id) = verified.assertion_id() {
            let issuer = verified.client().id.as_str();
            let is_new = tables::redeem(&self.store, (issuer, id), verified.expires_at(), now);
            match is_new {
                Ok(true) => {}
                Ok(false) => return Err(Refusal::Replayed),
                Err(error) => {
                    tracing::error!(%error, "the replay table could not be written");
                    return Err(Refusal::Unavailable);
                }
            }
        }
        Ok(self.sessions.issue(permit, verified, now, token))
    }

    /// The session that `token` stands for, if it is alive; this use prolongs it.
    pub(crate) fn use_session(&self, token: &str, now: UnixTime) -> Option<Live> {
        self.live(token, now).inspect(|live| {
            self.sessions.touch(&live.session, now);
        })
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

    /// Forgets everything.
    pub(crate) fn clear(&self) -> Result<(), DirectoryError> {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        self.sessions.clear();
        tables::clear(&self.store)?;
        clients.clear();
        users.clear();
        Ok(())
    }
}

impl Lookup for Directory {
    fn client(&self, id: &str) -> Option<Arc<Client>> {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
        clients.get(id).cloned()
    }

    fn user(&self, username: &str) -> Option<Arc<User>> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.get(&key(username)).cloned()
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory")
    }
}

fn unfit(reason: &str) -> DirectoryError {
    DirectoryError::Unfit(reason.to_owned())
}

fn checked(id: &str, definition: NewApp) -> Result<Client, DirectoryError> {
    let id = ClientId::new(id).map_err(|error| DirectoryError::Unfit(error.to_string()))?;
    Client::new(id, definition).map_err(DirectoryError::Unfit)
}

/// Usernames do not care for case.
fn key(username: &str) -> String {
    username.to_lowercase()
}

/// Draws a consumer key of the usual length.
fn consumer_key(random: &dyn Random) -> Result<String, DirectoryError> {
    let drawn = crate::token_text::draw(random, 80)
        .map_err(|error| DirectoryError::Unfit(format!("no random numbers: {error}")))?;
    Ok(format!("3MVG9{drawn}"))
}
