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

/// A value, and the number of the lease under which it was made.
#[derive(Debug)]
pub struct Fenced {
    /// The number of the lease.
    pub lease: u64,
    /// Sealed bytes.
    pub bytes: Vec<u8>,
}

/// What replicas share. Each method is one step that happens whole or not at all, within half a
/// second or with an error.
pub trait SharedStore: Send + Sync + fmt::Debug {
    /// The value that was written last, if it has not ended.
    fn value<'a>(&'a self, name: &'a str) -> Stored<'a, Option<Vec<u8>>>;

    /// Takes the lease; gives its number, which grows with each, or `None` if another has it.
    fn lease<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        span: Duration,
    ) -> Stored<'a, Option<u64>>;

    /// Makes a lease last longer; says whether it is still the owner's.
    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, span: Duration) -> Stored<'a, bool>;

    /// Gives a lease back, if it is still the owner's.
    fn release<'a>(&'a self, name: &'a str, owner: &'a str) -> Stored<'a, ()>;

    /// Writes a value for `span`, unless one was written under a later lease; says whether it did.
    fn write<'a>(&'a self, name: &'a str, value: Fenced, span: Duration) -> Stored<'a, bool>;

    /// Counts a login of this hour; gives how many there were.
    fn count<'a>(&'a self, name: &'a str) -> Stored<'a, u64>;

    /// Lets nobody sign in for `span`.
    fn pause<'a>(&'a self, name: &'a str, span: Duration) -> Stored<'a, ()>;

    /// How long nobody may sign in.
    fn paused<'a>(&'a self, name: &'a str) -> Stored<'a, Option<Duration>>;
}
