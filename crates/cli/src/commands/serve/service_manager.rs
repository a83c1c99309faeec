//! What the broker tells the manager that started it, and what it asks of the system.
//!
//! Owns the protocol of `sd_notify` (a line in a datagram) as far as it is of use here.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::env_vars;
use crate::settings::{Environment, lookup};

/// Where the manager listens, if there is one: a path, or a name that begins with `@`.
pub(super) fn find(environment: &dyn Environment) -> Option<Vec<u8>> {
    let place = lookup(environment, env_vars::NOTIFY_SOCKET.name)?;
    Some(place.as_bytes().to_vec())
}

/// Tells the manager something. One that does not listen is no reason to stop.
pub(super) fn tell(manager: Option<&[u8]>, what: &str) {
    let Some(place) = manager else {
        return;
    };
    let address = match place.strip_prefix(b"@") {
        Some(name) => abstract_name(name),
        None => SocketAddr::from_pathname(OsStr::from_bytes(place)),
    };
    let told = address.and_then(|address| {
        let socket = UnixDatagram::unbound()?;
        socket.send_to_addr(what.as_bytes(), &address)
    });
    if let Err(error) = told {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

#[cfg(target_os = "linux")]
fn abstract_name(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

/// Only Linux has names that are no files.
#[cfg(not(target_os = "linux"))]
fn abstract_name(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Keeps what the process holds out of files and debuggers: a core dump would hold every key.
pub(super) fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A process may always lower its own limits; where the system forbids it, nothing is lost.
    let _refused = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _refused = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Files that are open besides connections: keys, logs, the store.
const OTHER_FILES: u64 = 128;

/// Lets the process have as many connections as the system allows it: often it begins with 1,024.
/// Gives how many callers can then be connected: each may need another connection to Salesforce.
pub(super) fn raise_open_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What cannot be raised stays as it is.
    let _kept = setrlimit(Resource::Nofile, limit);
    let files = getrlimit(Resource::Nofile).current;
    let callers = files.map(|files| files.saturating_sub(OTHER_FILES) / 2);
    callers.map_or(usize::MAX, |callers| {
        usize::try_from(callers).unwrap_or(usize::MAX).max(1)
    })
}
