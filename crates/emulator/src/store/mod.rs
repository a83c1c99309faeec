//! The SQLite database that holds everything the emulator remembers.
//!
//! Owns the connection. One lock guards it: each piece of work is one short transaction or
//! statement. What belongs together is done in `Store::together`: all of it or nothing, and
//! nobody else's work comes in between.

mod dates;
mod display;
mod distance;
mod images;
mod open;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

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
    held: Mutex<Held>,
    /// Told when nobody has the connection to himself any more.
    free: Condvar,
    images: Images,
}

struct Held {
    connection: Connection,
    /// The thread whose pieces of work belong together just now.
    owner: Option<ThreadId>,
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
        dates::register(&connection)?;
        display::register(&connection)?;
        distance::register(&connection)?;
        Ok(Self {
            held: Mutex::new(Held {
                connection,
                owner: None,
            }),
            free: Condvar::new(),
            images: Images::of(place),
        })
    }

    /// Says whether the database outlives the process.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self.images, Images::Folder(_))
    }

    /// Does one piece of work with the connection to itself.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        work(&mut self.hold().connection)
    }

    /// Lets everything that `work` runs become true at once, or, after an error, not at all.
    pub(crate) fn together<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.hold();
        if held.owner.is_some() {
            drop(held);
            return work();
        }
        held.connection.execute_batch("BEGIN IMMEDIATE")?;
        held.owner = Some(thread::current().id());
        drop(held);
        let turn = Turn(self);
        let value = work()?;
        turn.0
            .run(|connection| connection.execute_batch("COMMIT"))?;
        Ok(value)
    }

    /// Waits until this thread may use the connection.
    fn hold(&self) -> MutexGuard<'_, Held> {
        let me = thread::current().id();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.free
            .wait_while(held, |held| held.owner.is_some_and(|owner| owner != me))
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends when the work that belongs together does; undoes what was not committed.
struct Turn<'a>(&'a Store);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut held = self.0.hold();
        if !held.connection.is_autocommit()
            && let Err(error) = held.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        held.owner = None;
        drop(held);
        self.0.free.notify_all();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

#[cfg(test)]
mod tests;
