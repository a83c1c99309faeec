//! The tables of the directory and the statements on them.

use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;
use aws_lc_rs::digest;
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;

use super::client::{Client, NewApp};
use super::ledger::Entry;
use super::sessions::{Issue, Session};
use super::user::{NewUser, User};
use crate::grant::SKEW;
use crate::ids::RecordId;
use crate::store::Store;

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
             token BLOB PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL,
             username TEXT NOT NULL, scope TEXT NOT NULL, issued_at INTEGER NOT NULL,
             timeout INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS accredit_replay (
             assertion BLOB PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE INDEX IF NOT EXISTS accredit_replay_forget_at ON accredit_replay (forget_at);",
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
            "SELECT token, client_id, user_id, username, scope, issued_at, timeout, used_at
             FROM accredit_session ORDER BY issued_at",
        )?;
        let rows = statement.query_map([], |row| {
            let issue = Issue {
                token: row.get(0)?,
                client_id: row.get(1)?,
                user_id: record_id(row, 2)?,
                username: row.get(3)?,
                scope: row.get(4)?,
                issued_at: UnixTime::from_millis(natural(row, 5)?),
                timeout: Duration::from_secs(natural(row, 6)?),
            };
            Ok(Session::new(issue, UnixTime::from_millis(natural(row, 7)?)))
        })?;
        rows.collect()
    })
}

pub(crate) fn put_app(store: &Store, client: &Client) -> Result<()> {
    let definition = text(&client.definition)?;
    store.run(|connection| {
        connection.execute(
            "INSERT INTO accredit_app VALUES (?1, ?2)
             ON CONFLICT (client_id) DO UPDATE SET definition = excluded.definition",
            params![client.id.as_str(), definition],
        )?;
        Ok(())
    })
}

pub(crate) fn delete_app(store: &Store, id: &str) -> Result<()> {
    store.run(|connection| {
        connection.execute("DELETE FROM accredit_app WHERE client_id = ?1", [id])?;
        Ok(())
    })
}

pub(crate) fn put_user(store: &Store, user: &User) -> Result<()> {
    let definition = text(&user.definition)?;
    store.run(|connection| {
        // An upsert would count the sequence up although no user came.
        let values = params![user.id.as_str(), definition];
        let update = "UPDATE accredit_user SET definition = ?2 WHERE id = ?1";
        if connection.execute(update, values)? == 0 {
            let insert = "INSERT INTO accredit_user (id, definition) VALUES (?1, ?2)";
            connection.execute(insert, values)?;
        }
        Ok(())
    })
}

pub(crate) fn delete_user(store: &Store, id: &RecordId) -> Result<()> {
    store.run(|connection| {
        connection.execute("DELETE FROM accredit_user WHERE id = ?1", [id.as_str()])?;
        Ok(())
    })
}

/// Notes that an assertion was used: one statement, which says `false` if it was used before. What
/// can no longer be replayed, because it expired, is forgotten.
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
    let forget_at = expires_at.saturating_add(SKEW).as_secs();
    store.run(|connection| {
        connection
            .prepare_cached("DELETE FROM accredit_replay WHERE forget_at < ?1")?
            .execute([integer(now.as_secs())])?;
        let inserted = connection
            .prepare_cached("INSERT INTO accredit_replay VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![key.as_ref(), integer(forget_at)])?;
        Ok(inserted == 1)
    })
}

/// Writes what happened to sessions, in one transaction.
pub(crate) fn write_sessions(store: &Store, entries: &[Entry]) -> Result<()> {
    store.run(|connection| {
        let transaction = connection.transaction()?;
        for entry in entries {
            write_session(&transaction, entry)?;
        }
        transaction.commit()
    })
}

/// Keeps these sessions and no others.
pub(crate) fn replace_sessions(store: &Store, sessions: &[Arc<Session>]) -> Result<()> {
    store.run(|connection| {
        let transaction = connection.transaction()?;
        transaction.execute_batch("DELETE FROM accredit_session")?;
        for session in sessions {
            write_session(&transaction, &Entry::Begin(Arc::clone(session)))?;
        }
        transaction.commit()
    })
}

fn write_session(connection: &Connection, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Begin(session) => {
            let issue = &session.issue;
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO accredit_session
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    issue.token,
                    issue.client_id,
                    issue.user_id.as_str(),
                    issue.username,
                    issue.scope,
                    integer(issue.issued_at.as_millis()),
                    integer(issue.timeout.as_secs()),
                    integer(session.used_at().as_millis()),
                ])?;
        }
        Entry::Used(token, at) => {
            connection
                .prepare_cached("UPDATE accredit_session SET used_at = ?2 WHERE token = ?1")?
                .execute(params![token, integer(at.as_millis())])?;
        }
        Entry::End(token) => {
            connection
                .prepare_cached("DELETE FROM accredit_session WHERE token = ?1")?
                .execute(params![token])?;
        }
    }
    Ok(())
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
