//! Opening the database: what a file may be, and that one process has it.
//!
//! Owns finding out, before a byte is written, whether a file is a database of an emulator. The
//! file stays locked until the process ends.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::text;

/// What a database of an emulator says that it is (`PRAGMA application_id`): `ACCR`.
const APPLICATION: i32 = 0x4143_4352;

/// How many pages wait beside the file before they are written into it: a snapshot of an org of
/// usual size can be put back without waiting for that.
const WAL_PAGES: i32 = 8_192;

/// Files up to this many bytes are looked through when they are opened.
const CHECKED_MAX: u64 = 64 << 20;

/// Why a database cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// The file is no database, or a damaged one. It is left as it is.
    Damaged(PathBuf, String),
    /// The file is a database of another program.
    Foreign(PathBuf),
    /// Another process has the file.
    InUse(PathBuf),
    /// The file cannot be written.
    Full(PathBuf, String),
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(path, problem) => write!(
                f,
                "{} is damaged or no database, and was left as it is: {problem}",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "{} is a database, but not one of an emulator; it was left as it is",
                path.display()
            ),
            Self::InUse(path) => write!(
                f,
                "{} is in use by another process: stop it, or choose another file",
                path.display()
            ),
            Self::Full(path, problem) => write!(
                f,
                "{} could not be written ({problem}): is the disk full, or the size of files \
                 limited?",
                path.display()
            ),
            Self::Sqlite(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Sqlite(error) => Some(error),
            _ => None,
        }
    }
}

impl StoreError {
    /// What an error says about the disk, if it is about that.
    pub(crate) fn full(path: &Path, error: &rusqlite::Error) -> Option<Self> {
        let code = error.sqlite_error_code()?;
        let is_full = matches!(code, ErrorCode::DiskFull | ErrorCode::SystemIoFailure);
        is_full.then(|| Self::Full(path.to_owned(), error.to_string()))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the file, or makes it, and keeps other processes out of it.
pub(super) fn file(path: &Path) -> Result<Connection, StoreError> {
    let is_new = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    let named = |error: rusqlite::Error| name(path, error);
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::ZERO)?;
    text::register(&connection)?;
    if !is_new {
        check(path, &connection)?;
    }
    connection
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .map_err(named)?;
    // A crash may lose the last moments of an emulator; it may not lose the file.
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(named)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    // The first write takes the lock.
    connection
        .pragma_update(None, "application_id", APPLICATION)
        .map_err(named)?;
    Ok(connection)
}

/// Looks at a file without changing it.
fn check(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let named = |error: rusqlite::Error| name(path, error);
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(named)?;
    let sql = "SELECT COUNT(*) FROM sqlite_schema";
    let tables: i64 = connection
        .query_row(sql, [], |row| row.get(0))
        .map_err(named)?;
    if application != APPLICATION && (application != 0 || tables > 0) {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if std::fs::metadata(path).is_ok_and(|file| file.len() > CHECKED_MAX) {
        return Ok(());
    }
    let finding: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(named)?;
    if finding == "ok" {
        return Ok(());
    }
    let finding = finding.lines().next().unwrap_or_default().to_owned();
    Err(StoreError::Damaged(path.to_owned(), finding))
}

/// What an error of SQLite says about the file.
fn name(path: &Path, error: rusqlite::Error) -> StoreError {
    if let Some(full) = StoreError::full(path, &error) {
        return full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::InUse(path.to_owned())
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged(path.to_owned(), error.to_string())
        }
        _ => StoreError::Sqlite(error),
    }
}
