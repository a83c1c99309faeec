//! What a store of replicas can do, whichever it is.

use std::fmt;
use std::time::Duration;

use accredit::BoxFuture;

/// Something is wrong with the store.
#[derive(Debug)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

/// An answer of the store.
pub type Stored<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What became of a wish for the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It is the owner's. Its number grows with each.
    Taken(u64),
    /// Another has it.
    Held,
    /// Nobody may sign in for this long: somebody failed a moment ago.
    Paused(Duration),
}

/// What replicas share. Each method is one step that happens whole or not at all, within half a
/// second or with an error.
pub trait SharedStore: Send + Sync + fmt::Debug {
    /// The value that was written last, if it has not ended.
    fn value<'a>(&'a self, name: &'a str) -> Stored<'a, Option<Vec<u8>>>;

    /// Takes the lease, if it is free and nobody has to pause.
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str, span: Duration) -> Stored<'a, Lease>;

    /// Makes a lease last longer; says whether it is still the owner's.
    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, span: Duration) -> Stored<'a, bool>;

    /// Gives a lease back, if it is still the owner's.
    fn release<'a>(&'a self, name: &'a str, owner: &'a str) -> Stored<'a, ()>;

    /// Writes a value for `span`, unless one was written under a later lease; says whether it did.
    /// Then the failures before it are over.
    fn write<'a>(&'a self, name: &'a str, value: Fenced, span: Duration) -> Stored<'a, bool>;

    /// Takes one login out of the budget; gives how long to wait for one if there is none.
    fn admit<'a>(&'a self, name: &'a str, budget: Budget) -> Stored<'a, Option<Duration>>;

    /// Counts a failure; gives how many there have been in a row.
    fn fail<'a>(&'a self, name: &'a str) -> Stored<'a, u32>;

    /// Lets nobody sign in for `span`.
    fn pause<'a>(&'a self, name: &'a str, span: Duration) -> Stored<'a, ()>;
}

/// How many logins there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// In an hour.
    pub hourly: u32,
    /// In a row; after that one each [`interval`](Self::interval).
    pub burst: u32,
    /// The time between two in the long run.
    pub interval: Duration,
}

/// A value, and the number of the lease under which it was made.
#[derive(Debug)]
pub struct Fenced {
    /// The number of the lease.
    pub lease: u64,
    /// Sealed bytes.
    pub bytes: Vec<u8>,
}
