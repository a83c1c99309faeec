//! The tables of the directory and the statements on them.

use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;
use aws_lc_rs::digest;
use rusqlite::{Connection, Row, Statement, params};
use serde::de::DeserializeOwned;

use super::client::{Client, NewApp};
use super::ledger::Entry;
use super::sessions::{Issue, Session};
use super::user::{NewUser, User};
use crate::grant::SKEW;
use crate::ids::RecordId;
use crate::store::Store;

/// How many used assertions are remembered after they expired.
const REPLAYS_KEPT: i64 = 100_000;

/// After how many used assertions it is looked whether some can be forgotten.
const REPLAYS_SWEPT: i64 = 1_024;

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// Makes the tables that are not there yet.
pub(crate) fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS accredit_app (
             client_id TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS accredit_user (
             number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
             definition TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS accredit_session (
             number INTEGER PRIMARY KEY, token BLOB NOT NULL, client_id TEXT NOT NULL,
             user_id TEXT NOT NULL, username TEXT NOT NULL, scope TEXT NOT NULL,
             issued_at INTEGER NOT NULL, timeout INTEGER NOT NULL,
             used_at INTEGER NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS accredit_replay (
             number INTEGER PRIMARY KEY, assertion BLOB NOT NULL UNIQUE,
             forget_at INTEGER NOT NULL) STRICT;",
    )
}

/// Empties the tables. Users are counted from one again.
pub(crate) fn clear(store: &Store) -> Result<()> {
    store.run(|connection| {
        connection.execute_batch(
            "BEGIN;
             DELETE FROM accredit_app; DELETE FROM accredit_user; DELETE FROM accredit_session;
             DELETE FROM accredit_replay;
             DELETE FROM sqlite_sequence WHERE name = 'accredit_user';
             COMMIT;",
        )
    })
}

pub(crate) fn apps(store: &Store) -> Result<Vec<NewApp>> {
    store.run(|connection| {
        let mut statement = connection.prepare("SELECT definition FROM accredit_app")?;
        let rows = statement.query_map([], |row| document(row, 0))?;
        rows.collect()
    })
}

pub(crate) fn users(store: &Store) -> Result<Vec<(RecordId, NewUser)>> {
    store.run(|connection| {
        let mut statement = connection.prepare("SELECT id, definition FROM accredit_user")?;
        let rows = statement.query_map([], |row| Ok((record_id(row, 0)?, document(row, 1)?)))?;
        rows.collect()
    })
}

/// All sessions, the oldest first.
pub(crate) fn sessions(store: &Store) -> Result<Vec<Session>> {
    store.run(|connection| {
        let mut statement = connection.prepare(
            "SELECT token, client_id, user_id, username, scope, issued_at, timeout, used_at, number
             FROM accredit_session ORDER BY number",
        )?;
        let rows = statement.query_map([], |row| {
            let issue = Issue {
                token: row.get(0)?,
                client_id: row.get::<_, String>(1)?.into(),
                user_id: record_id(row, 2)?,
                username: row.get::<_, String>(3)?.into(),
                scope: row.get::<_, String>(4)?.into(),
                issued_at: UnixTime::from_millis(natural(row, 5)?),
                timeout: Duration::from_secs(natural(row, 6)?),
            };
            let used_at = UnixTime::from_millis(natural(row, 7)?);
            Ok(Session::new(natural(row, 8)?, issue, used_at))
        })?;
        rows.collect()
    })
}

pub(crate) fn put_app(store: &Store, client: &Client) -> Result<()> {
    put_apps(store, [client])
}

/// Writes apps, all of them or none.
pub(crate) fn put_apps<'a>(
    store: &Store,
    clients: impl IntoIterator<Item = &'a Client>,
) -> Result<()> {
    store.run(|connection| {
        // What is around it may be a transaction already.
        let transaction = connection.savepoint()?;
        for client in clients {
            transaction.execute(
                "INSERT INTO accredit_app VALUES (?1, ?2)
                 ON CONFLICT (client_id) DO UPDATE SET definition = excluded.definition",
                params![client.id.as_str(), text(&client.definition)?],
            )?;
        }
        transaction.commit()
    })
}

pub(crate) fn delete_app(store: &Store, id: &str) -> Result<()> {
    store.run(|connection| {
        connection.execute("DELETE FROM accredit_app WHERE client_id = ?1", [id])?;
        Ok(())
    })
}

/// Writes users, all of them or none.
pub(crate) fn put_users(store: &Store, users: &[Arc<User>]) -> Result<()> {
    store.run(|connection| {
        let transaction = connection.transaction()?;
        for user in users {
            // An upsert would count the sequence up although no user came.
            let definition = text(&user.definition)?;
            let values = params![user.id.as_str(), definition];
            let update = "UPDATE accredit_user SET definition = ?2 WHERE id = ?1";
            if transaction.execute(update, values)? == 0 {
                let insert = "INSERT INTO accredit_user (id, definition) VALUES (?1, ?2)";
                transaction.execute(insert, values)?;
            }
        }
        transaction.commit()
    })
}

pub(crate) fn delete_user(store: &Store, id: &RecordId) -> Result<()> {
    store.run(|connection| {
        connection.execute("DELETE FROM accredit_user WHERE id = ?1", [id.as_str()])?;
        Ok(())
    })
}

/// Notes that an assertion was used: one statement, which says `false` if it was used before.
///
/// One that expired counts as not used, but stays: it would be good again if the clock were moved
/// back. Only when there are more than [`REPLAYS_KEPT`] do the expired ones among the oldest go.
pub(crate) fn redeem(
    store: &Store,
    (issuer, assertion_id): (&str, &str),
    expires_at: UnixTime,
    now: UnixTime,
) -> Result<bool> {
    let mut text = digest::Context::new(&digest::SHA256);
    text.update(&issuer.len().to_be_bytes());
    text.update(issuer.as_bytes());
    text.update(assertion_id.as_bytes());
    let key = text.finish();
    let forget_at = integer(expires_at.saturating_add(SKEW).as_secs());
    let now = integer(now.as_secs());
    store.run(|connection| {
        let written = connection
            .prepare_cached(
                "INSERT INTO accredit_replay (assertion, forget_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET forget_at = excluded.forget_at WHERE forget_at < ?3",
            )?
            .execute(params![key.as_ref(), forget_at, now])?;
        let last = connection.last_insert_rowid();
        if written == 1 && last % REPLAYS_SWEPT == 0 {
            connection
                .prepare_cached("DELETE FROM accredit_replay WHERE number < ?1 AND forget_at < ?2")?
                .execute([last - REPLAYS_KEPT, now])?;
        }
        Ok(written == 1)
    })
}

/// Writes what happened to sessions, in one transaction.
pub(crate) fn write_sessions(store: &Store, entries: &[Entry]) -> Result<()> {
    store.run(|connection| {
        let transaction = connection.transaction()?;
        {
            let mut begin = transaction.prepare_cached(
                "INSERT OR REPLACE INTO accredit_session
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            let mut used = transaction
                .prepare_cached("UPDATE accredit_session SET used_at = ?2 WHERE number = ?1")?;
            let mut end =
                transaction.prepare_cached("DELETE FROM accredit_session WHERE number = ?1")?;
            for entry in entries {
                match entry {
                    Entry::Begin(session) => insert(&mut begin, session)?,
                    Entry::Used(number, at) => {
                        used.execute([integer(*number), integer(at.as_millis())])?
                    }
                    Entry::End(number) => end.execute([integer(*number)])?,
                };
            }
        }
        transaction.commit()
    })
}

fn insert(statement: &mut Statement<'_>, session: &Session) -> Result<usize> {
    let issue = &session.issue;
    statement.execute(params![
        integer(session.number),
        issue.token,
        issue.client_id,
        issue.user_id.as_str(),
        issue.username,
        issue.scope,
        integer(issue.issued_at.as_millis()),
        integer(issue.timeout.as_secs()),
        integer(session.used_at().as_millis()),
    ])
}

/// Forgets all sessions.
pub(crate) fn delete_sessions(store: &Store) -> Result<()> {
    store.run(|connection| connection.execute_batch("DELETE FROM accredit_session"))
}

fn record_id(row: &Row<'_>, column: usize) -> Result<RecordId> {
    let text: String = row.get(column)?;
    RecordId::parse(&text).ok_or_else(|| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, kind, "no record id".into())
    })
}

fn document<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, kind, error.into())
    })
}

fn text(definition: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(definition)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// SQLite's integers are signed; no date or span reaches their end.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn natural(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    Ok(u64::try_from(value).unwrap_or_default())
}
