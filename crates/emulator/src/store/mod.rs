//! The SQLite database that holds everything the emulator remembers.
//!
//! Owns the connection. One lock guards it: each piece of work is one short transaction or
//! statement.

mod images;
mod open;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use self::images::Images;

pub use self::images::ImageError;
pub use self::open::StoreError;

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
    images: Images,
}

impl Store {
    /// Opens the database, or makes an empty one.
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let connection = match place {
            Place::Memory => Connection::open_in_memory()?,
            Place::File(path) => open::file(path)?,
        };
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.set_prepared_statement_cache_capacity(256);
        text::register(&connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
            images: Images::of(place),
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
