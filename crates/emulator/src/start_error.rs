//! Why an emulator did not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::app::OpenError;
use crate::directory::DirectoryError;
use crate::management::KEY_MIN;
use crate::org::OrgError;
use crate::store::{Place, StoreError};
use crate::tls::AuthorityError;

/// Why an emulator did not start.
#[derive(Debug)]
pub enum StartError {
    /// Another program listens on the address.
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The database cannot be opened.
    Store(StoreError),
    /// What the database holds of apps, users and sessions cannot be used.
    Directory(DirectoryError),
    /// What the database holds of records cannot be used.
    Org(OrgError),
    /// The management key is so short that it could be guessed.
    ManagementKey,
    /// There are no certificates for TLS.
    Authority(AuthorityError),
}

impl StartError {
    /// Why the org at `place` was not opened.
    pub(crate) fn of(error: OpenError, place: &Place) -> Self {
        let sqlite = match &error {
            OpenError::Org(OrgError::Database(error))
            | OpenError::Directory(DirectoryError::Store(error)) => Some(error),
            _ => None,
        };
        if let (Place::File(path), Some(sqlite)) = (place, sqlite)
            && let Some(full) = StoreError::full(path, sqlite)
        {
            return Self::Store(full);
        }
        match error {
            OpenError::Org(error) => Self::Org(error),
            OpenError::Directory(error) => Self::Directory(error),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse(address) => write!(
                f,
                "another program listens on {address} already: stop it, or choose another port"
            ),
            Self::Listen(address, _) => write!(f, "cannot listen on {address}"),
            Self::Store(error) => write!(f, "cannot open the emulator's database: {error}"),
            Self::Directory(_) | Self::Org(_) => f.write_str("cannot use what the database holds"),
            Self::ManagementKey => write!(
                f,
                "the management key is too short, expected at least {KEY_MIN} characters"
            ),
            Self::Authority(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AddressInUse(_) | Self::ManagementKey | Self::Authority(_) => None,
            Self::Listen(_, error) => Some(error),
            Self::Store(error) => error.source(),
            Self::Directory(error) => Some(error),
            Self::Org(error) => Some(error),
        }
    }
}
