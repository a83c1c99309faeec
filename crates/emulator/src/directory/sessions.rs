//! Sessions: what access tokens stand for (fact sheet §4.6).
//!
//! Owns their life: they slide with each use and end by time, by being revoked, or with their app
//! or user. Only the SHA-256 of a token is kept. Also owns the count of sign-ins in the last hour.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::secret::Secret;
use aws_lc_rs::digest;

use super::client::Client;
use super::ledger::{Entry, Ledger};
use super::user::User;
use crate::grant::VerifiedAssertion;
use crate::ids::RecordId;
use crate::refusal::Refusal;

/// The most sessions that are kept; the oldest make room.
const SESSIONS_MAX: usize = 200_000;

/// How far a session may slide before the database hears of it.
const WRITE_AFTER: Duration = Duration::from_secs(60);

/// The span that the login limit counts.
const LOGIN_SPAN: Duration = Duration::from_secs(3_600);

/// The SHA-256 of a token.
pub(crate) type TokenDigest = [u8; 32];

/// What never changes about a session.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) token: TokenDigest,
    pub(crate) client_id: String,
    pub(crate) user_id: RecordId,
    pub(crate) username: String,
    /// Scopes, separated by blanks.
    pub(crate) scope: String,
    pub(crate) issued_at: UnixTime,
    /// The time without use after which it ends.
    pub(crate) timeout: Duration,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) issue: Issue,
    /// Milliseconds; moves with each use.
    used_at: AtomicU64,
    /// Milliseconds; what the database knows of `used_at`.
    written_at: AtomicU64,
}

impl Session {
    /// A session that was last used at `used_at`, as the database knows.
    pub(crate) fn new(issue: Issue, used_at: UnixTime) -> Self {
        Self {
            issue,
            used_at: AtomicU64::new(used_at.as_millis()),
            written_at: AtomicU64::new(used_at.as_millis()),
        }
    }

    /// When the session ends if it is not used again.
    pub(crate) fn expires_at(&self) -> UnixTime {
        self.used_at().saturating_add(self.issue.timeout)
    }

    /// The last use.
    pub(crate) fn used_at(&self) -> UnixTime {
        UnixTime::from_millis(self.used_at.load(Ordering::Relaxed))
    }
}

/// A session that is alive, with its app and user as they are now.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) session: Arc<Session>,
    pub(crate) client: Arc<Client>,
    pub(crate) user: Arc<User>,
}

/// A new session and its token.
pub(crate) struct Issued {
    pub(crate) token: Secret<String>,
    pub(crate) session: Arc<Session>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

/// Leave to sign in: holds the place among the sign-ins of the hour.
#[derive(Debug)]
pub(crate) struct Permit(());

/// The sessions of an org.
pub(crate) struct Sessions {
    /// What tokens of this org begin with.
    prefix: String,
    all: Mutex<Table>,
    logins: Mutex<HashMap<RecordId, Logins>>,
    ledger: Ledger,
}

/// The sign-ins of one user: how many in each second of the last hour, so that many cost no more.
#[derive(Default)]
struct Logins {
    by_second: VecDeque<(u64, u32)>,
    count: u32,
}

impl Logins {
    fn add(&mut self, at: u64) {
        self.count = self.count.saturating_add(1);
        match self.by_second.back_mut() {
            Some((second, count)) if *second >= at => *count = count.saturating_add(1),
            _ => self.by_second.push_back((at, 1)),
        }
    }

    /// Forgets what is an hour ago.
    fn forget(&mut self, now: u64) {
        while let Some((second, count)) = self.by_second.front() {
            if now.saturating_sub(*second) < LOGIN_SPAN.as_secs() {
                break;
            }
            self.count = self.count.saturating_sub(*count);
            self.by_second.pop_front();
        }
    }
}

#[derive(Default)]
struct Table {
    by_token: HashMap<TokenDigest, Arc<Session>>,
    /// In the order of issue; may name sessions that are gone.
    order: VecDeque<TokenDigest>,
}

impl Sessions {
    /// Takes over what the database holds.
    pub(crate) fn new(org_id: &RecordId, ledger: Ledger, stored: Vec<Session>) -> Self {
        let mut table = Table::default();
        let mut logins: HashMap<RecordId, Logins> = HashMap::new();
        for session in stored {
            let issue = &session.issue;
            let times = logins.entry(issue.user_id.clone()).or_default();
            times.add(issue.issued_at.as_secs());
            table.order.push_back(issue.token);
            table.by_token.insert(issue.token, Arc::new(session));
        }
        Self {
            prefix: format!("{}!", org_id.short()),
            all: Mutex::new(table),
            logins: Mutex::new(logins),
            ledger,
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a sign-in, unless the user had `limit` within the hour.
    pub(crate) fn admit(&self, user: &User, limit: u32, now: UnixTime) -> Result<Permit, Refusal> {
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match logins.get_mut(&user.id) {
            Some(times) => times,
            None => logins.entry(user.id.clone()).or_default(),
        };
        times.forget(now.as_secs());
        if times.count >= limit {
            return Err(Refusal::LoginRate { limit });
        }
        times.add(now.as_secs());
        Ok(Permit(()))
    }

    /// Makes a session; `drawn` is the random part of its token.
    pub(crate) fn issue(
        &self,
        _permit: Permit,
        verified: &VerifiedAssertion,
        now: UnixTime,
        drawn: &str,
    ) -> Issued {
        let token = Secret::new(format!("{}{drawn}", self.prefix));
        let session = Arc::new(Session::new(
            Issue {
                token: digest_of(token.expose()),
                client_id: verified.client().id.as_str().to_owned(),
                user_id: verified.user().id.clone(),
                username: verified.user().username().to_owned(),
                scope: verified.scope().to_owned(),
                issued_at: now,
                timeout: verified.client().session_timeout(),
            },
            now,
        ));
        let dropped = self.table().insert(Arc::clone(&session), now);
        self.ledger.write(Entry::Begin(Arc::clone(&session)));
        for token in dropped {
            self.ledger.write(Entry::End(token));
        }
        Issued { token, session }
    }

    /// Finds a session by its token, if its time is not over.
    pub(crate) fn find(&self, token: &str, now: UnixTime) -> Option<Arc<Session>> {
        let session = self.table().by_token.get(&digest_of(token)).cloned()?;
        (now < session.expires_at()).then_some(session)
    }

    /// Notes a use.
    pub(crate) fn touch(&self, session: &Arc<Session>, now: UnixTime) {
        let millis = now.as_millis();
        session.used_at.fetch_max(millis, Ordering::Relaxed);
        let written_at = UnixTime::from_millis(session.written_at.load(Ordering::Relaxed));
        if now.since(written_at) > WRITE_AFTER {
            session.written_at.store(millis, Ordering::Relaxed);
            self.ledger.write(Entry::Used(session.issue.token, now));
        }
    }

    /// Ends a session. `false` if there is none.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let token = digest_of(token);
        let found = self.table().by_token.remove(&token).is_some();
        if found {
            self.ledger.write(Entry::End(token));
        }
        found
    }

    /// Ends all sessions of which `is_over` says so.
    pub(crate) fn end_where(&self, is_over: impl Fn(&Issue) -> bool) {
        let mut ended = Vec::new();
        self.table().by_token.retain(|token, session| {
            let stays = !is_over(&session.issue);
            if !stays {
                ended.push(*token);
            }
            stays
        });
        for token in ended {
            self.ledger.write(Entry::End(token));
        }
    }

    /// The sessions in the order of issue, at most `count`, the newest if there are more.
    pub(crate) fn list(&self, count: usize) -> Vec<Arc<Session>> {
        let table = self.table();
        let found = table.order.iter().rev();
        let known = found.filter_map(|token| table.by_token.get(token).cloned());
        let mut newest: Vec<_> = known.take(count).collect();
        newest.reverse();
        newest
    }

    /// Forgets all sessions and sign-ins.
    pub(crate) fn clear(&self) {
        *self.table() = Table::default();
        self.logins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.ledger.flush();
    }

    /// Waits for the database.
    pub(crate) fn flush(&self) {
        self.ledger.flush();
    }
}

impl Table {
    /// Adds a session and drops those in front that are over or too many.
    fn insert(&mut self, session: Arc<Session>, now: UnixTime) -> Vec<TokenDigest> {
        self.order.push_back(session.issue.token);
        self.by_token.insert(session.issue.token, session);
        let mut dropped = Vec::new();
        while let Some(token) = self.order.front().copied() {
            let is_over = match self.by_token.get(&token) {
                Some(oldest) => self.order.len() > SESSIONS_MAX || oldest.expires_at() <= now,
                None => true,
            };
            if !is_over {
                break;
            }
            self.order.pop_front();
            if self.by_token.remove(&token).is_some() {
                dropped.push(token);
            }
        }
        dropped
    }
}

fn digest_of(token: &str) -> TokenDigest {
    let mut bytes = [0; 32];
    let found = digest::digest(&digest::SHA256, token.as_bytes());
    for (to, from) in bytes.iter_mut().zip(found.as_ref()) {
        *to = *from;
    }
    bytes
}
