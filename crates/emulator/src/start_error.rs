//! Why an emulator did not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::directory::DirectoryError;
use crate::org::OrgError;
use crate::store::StoreError;
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
    /// The management key is empty: everybody could show it.
    ManagementKey,
    /// There are no certificates for TLS.
    Authority(AuthorityError),
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
            Self::ManagementKey => f.write_str("the management key is empty"),
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
