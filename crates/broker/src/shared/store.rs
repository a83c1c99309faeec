//! What a store of replicas can do, whichever it is.

use std::fmt;
use std::time::Duration;

use accredit::BoxFuture;
use accredit::clock::UnixTime;

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

/// Where something is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A user of an app, whatever the key is: token, lease and logins are of it.
    pub identity: String,
    /// The key it signs in with: failures are of both.
    pub key: String,
}

/// What stands in the store at a moment.
#[derive(Debug, Default)]
pub struct Seen {
    /// The value that was written last, if it has not ended.
    pub token: Option<Vec<u8>>,
    /// The last failure with this key, if nothing was written since.
    pub failure: Option<Vec<u8>>,
    /// The last logins, oldest first; no more than were kept by [`SharedStore::admit`].
    pub logins: Vec<UnixTime>,
}

/// A value, and the number of the lease under which it was made.
#[derive(Debug)]
pub struct Fenced {
    /// The number of the lease.
    pub lease: u64,
    /// Sealed bytes.
    pub bytes: Vec<u8>,
}

/// A login that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// When.
    pub now: UnixTime,
    /// The last of the logins that were seen.
    pub after: Option<UnixTime>,
    /// How many logins are kept.
    pub kept: u32,
    /// For how long.
    pub span: Duration,
}

/// What replicas share. Each method is one step that happens whole or not at all, within half a
/// second or with an error. Nothing stays for ever.
pub trait SharedStore: Send + Sync + fmt::Debug {
    /// What stands there.
    fn look<'a>(&'a self, place: &'a Place) -> Stored<'a, Seen>;

    /// Takes the lease, if it is free; gives its number, which grows with each.
    fn lease<'a>(
        &'a self,
        place: &'a Place,
        owner: &'a str,
        span: Duration,
    ) -> Stored<'a, Option<u64>>;

    /// Makes a lease last longer; says whether it is still the owner's.
    fn renew<'a>(&'a self, place: &'a Place, owner: &'a str, span: Duration) -> Stored<'a, bool>;

    /// Gives a lease back, if it is still the owner's.
    fn release<'a>(&'a self, place: &'a Place, owner: &'a str) -> Stored<'a, ()>;

    /// Counts a login, unless another was counted since; says whether it did.
    fn admit<'a>(&'a self, place: &'a Place, login: Login) -> Stored<'a, bool>;

    /// Writes a value for `span`, unless one was written under a later lease; says whether it did.
    /// Then the failures with this key are over.
    fn write<'a>(&'a self, place: &'a Place, value: Fenced, span: Duration) -> Stored<'a, bool>;

    /// Keeps a failure for `span`.
    fn fail<'a>(&'a self, place: &'a Place, bytes: Vec<u8>, span: Duration) -> Stored<'a, ()>;

    /// Takes a value away, if it still is this one.
    fn remove<'a>(&'a self, place: &'a Place, bytes: Vec<u8>) -> Stored<'a, ()>;
}
