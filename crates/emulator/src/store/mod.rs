//! The SQLite database that holds everything the emulator remembers.
//!
//! Owns the connection. One lock guards it: each piece of work is one short transaction or
//! statement.

mod dates;
mod display;
mod distance;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

/// Where the database lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In memory: gone when the emulator ends.
    #[default]
    Memory,
    /// In a file: kept.
    File(PathBuf),
}

/// The database.
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database, or makes an empty one.
    pub(crate) fn open(place: &Place) -> Result<Self, rusqlite::Error> {
        let connection = match place {
            Place::Memory => Connection::open_in_memory()?,
            Place::File(path) => Connection::open(path)?,
        };
        // A crash may lose the last moments of an emulator; it may not lose the file.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.set_prepared_statement_cache_capacity(256);
        text::register(&connection)?;
        dates::register(&connection)?;
        display::register(&connection)?;
        distance::register(&connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Does one piece of work with the connection to itself.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        work(
            &mut self
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}
