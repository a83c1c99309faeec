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
use super::ledger::{Entry, Ledger, Pace};
use super::user::User;
use crate::grant::VerifiedAssertion;
use crate::ids::RecordId;
use crate::refusal::Refusal;

/// The most sessions that are kept; the oldest make room.
const SESSIONS_MAX: usize = 200_000;

/// How many more places than sessions there may be in the order of issue.
const ENDED_MAX: usize = 1_024;

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
    pub(crate) client_id: Arc<str>,
    pub(crate) user_id: RecordId,
    pub(crate) username: Arc<str>,
    /// Scopes, separated by blanks.
    pub(crate) scope: Arc<str>,
    pub(crate) issued_at: UnixTime,
    /// The time without use after which it ends.
    pub(crate) timeout: Duration,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Counts up with each session.
    pub(crate) number: u64,
    pub(crate) issue: Issue,
    /// Milliseconds; moves with each use.
    used_at: AtomicU64,
    /// Milliseconds; what the database knows of `used_at`.
    written_at: AtomicU64,
}

impl Session {
    /// A session that was last used at `used_at`, as the database knows.
    pub(crate) fn new(number: u64, issue: Issue, used_at: UnixTime) -> Self {
        Self {
            number,
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
    /// Whether the database keeps up with the sign-ins.
    pub(crate) pace: Pace,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

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

    /// Forgets what is an hour ago, and what is yet to come because the clock was moved back.
    fn forget(&mut self, now: u64) {
        while let Some((second, count)) = self.by_second.back() {
            if *second <= now {
                break;
            }
            self.count = self.count.saturating_sub(*count);
            self.by_second.pop_back();
        }
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
    /// The number of the next session.
    next: u64,
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
            table.next = session.number.saturating_add(1);
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

    /// Makes a session, unless the user had `limit` within the hour; `drawn` is the random part of
    /// its token.
    pub(crate) fn issue(
        &self,
        verified: &VerifiedAssertion,
        limit: u32,
        now: UnixTime,
        drawn: &str,
    ) -> Result<Issued, Refusal> {
        self.admit(&verified.user().id, limit, now)?;
        let token = Secret::new(format!("{}{drawn}", self.prefix));
        let issue = Issue {
            token: digest_of(token.expose()),
            client_id: Arc::clone(&verified.client().key),
            user_id: verified.user().id.clone(),
            username: Arc::clone(&verified.user().name),
            scope: Arc::clone(verified.scope()),
            issued_at: now,
            timeout: verified.client().session_timeout(),
        };
        let mut table = self.table();
        let session = Arc::new(Session::new(table.next, issue, now));
        let dropped = table.insert(Arc::clone(&session), now);
        // With the table locked, so that the end of a session is queued after its begin.
        let pace = self.ledger.write(Entry::Begin(Arc::clone(&session)));
        for number in dropped {
            self.ledger.write(Entry::End(number));
        }
        drop(table);
        Ok(Issued {
            token,
            session,
            pace,
        })
    }

    /// Counts a sign-in, unless the user had `limit` within the hour.
    fn admit(&self, user: &RecordId, limit: u32, now: UnixTime) -> Result<(), Refusal> {
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match logins.get_mut(user) {
            Some(times) => times,
            None => logins.entry(user.clone()).or_default(),
        };
        times.forget(now.as_secs());
        if times.count >= limit {
            return Err(Refusal::LoginRate { limit });
        }
        times.add(now.as_secs());
        Ok(())
    }

    /// Waits until the database keeps up with the sign-ins.
    pub(crate) fn wait_for_room(&self) {
        self.ledger.wait_for_room();
    }

    /// Finds a session by its token, if its time is not over.
    pub(crate) fn find(&self, token: &str, now: UnixTime) -> Option<Arc<Session>> {
        let session = self.table().by_token.get(&digest_of(token)).cloned()?;
        (now < session.expires_at()).then_some(session)
    }

    /// Notes a use. The clock may have been moved back since the last.
    pub(crate) fn touch(&self, session: &Session, now: UnixTime) {
        let millis = now.as_millis();
        session.used_at.store(millis, Ordering::Relaxed);
        let written_at = UnixTime::from_millis(session.written_at.load(Ordering::Relaxed));
        if now.since(written_at) <= WRITE_AFTER && written_at.since(now) <= WRITE_AFTER {
            return;
        }
        if self.ledger.write(Entry::Used(session.number, now)) == Pace::Even {
            session.written_at.store(millis, Ordering::Relaxed);
        }
    }

    /// Ends a session. `false` if there is none.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let mut table = self.table();
        let found = table.by_token.remove(&digest_of(token));
        if let Some(session) = &found {
            self.ledger.write(Entry::End(session.number));
        }
        found.is_some()
    }

    /// Ends all sessions of which `is_over` says so.
    pub(crate) fn end_where(&self, is_over: impl Fn(&Issue) -> bool) {
        self.table().by_token.retain(|_, session| {
            let stays = !is_over(&session.issue);
            if !stays {
                self.ledger.write(Entry::End(session.number));
            }
            stays
        });
    }

    /// Tells the database of all sessions, which it forgot.
    pub(crate) fn write_again(&self) {
        let table = self.table();
        let known = |token| table.by_token.get(token);
        for session in table.order.iter().filter_map(known) {
            self.ledger.write(Entry::Begin(Arc::clone(session)));
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

    /// Forgets all sessions and sign-ins. The database still knows those that were queued.
    pub(crate) fn clear(&self) {
        *self.table() = Table::default();
        self.logins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Waits for the database.
    pub(crate) fn flush(&self) {
        self.ledger.flush();
    }
}

impl Table {
    /// Adds a session. Gives the numbers of those in front that had to go: they are over, or there
    /// are too many.
    fn insert(&mut self, session: Arc<Session>, now: UnixTime) -> Vec<u64> {
        self.next = self.next.saturating_add(1);
        self.order.push_back(session.issue.token);
        self.by_token.insert(session.issue.token, session);
        let mut dropped = Vec::new();
        while let Some(token) = self.order.front() {
            let is_full = self.by_token.len() > SESSIONS_MAX;
            if let Some(oldest) = self.by_token.get(token) {
                if !is_full && now < oldest.expires_at() {
                    break;
                }
                dropped.push(oldest.number);
            }
            self.by_token.remove(token);
            self.order.pop_front();
        }
        // Behind one that lives on, those that were ended may pile up.
        if self.order.len() > 2 * self.by_token.len() + ENDED_MAX {
            self.order.retain(|token| self.by_token.contains_key(token));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u64) -> Arc<Session> {
        let now = UnixTime::from_secs(1_000);
        let issue = Issue {
            token: digest_of(&number.to_string()),
            client_id: "".into(),
            user_id: RecordId::numbered("005", 1),
            username: "".into(),
            scope: "".into(),
            issued_at: now,
            timeout: Duration::from_secs(60),
        };
        Arc::new(Session::new(number, issue, now))
    }

    #[test]
    fn sessions_that_ended_take_no_place_from_those_that_live() {
        let mut table = Table::default();
        let now = UnixTime::from_secs(1_000);
        for number in 0..10_000 {
            assert!(table.insert(session(number), now).is_empty());
            if number > 0 {
                table.by_token.remove(&session(number).issue.token);
            }
            assert!(table.order.len() <= 2 * 2 + ENDED_MAX);
        }
        assert_eq!(table.by_token.len(), 1);
        let later = UnixTime::from_secs(1_060);
        assert_eq!(table.insert(session(10_000), later), [0, 10_000]);
    }

    #[test]
    fn a_clock_that_is_moved_back_forgets_what_is_yet_to_come() {
        let mut logins = Logins::default();
        for at in [100, 5_000, 5_000, 6_000] {
            logins.forget(at);
            logins.add(at);
        }
        assert_eq!(logins.count, 3);
        logins.forget(5_500);
        assert_eq!(logins.count, 2);
        logins.forget(50);
        assert_eq!((logins.count, logins.by_second.len()), (0, 0));
    }
}
