//! The Unix socket of the broker.
//!
//! Owns the place where it stands: a folder into which nobody else may write, so that nobody can
//! put a socket of their own there. Who connects is asked of the system, so that everybody may.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use accredit_broker::Door;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::UnixListener;

use crate::error::CliError;

/// Binds a socket at `path`; one that nobody listens on is replaced.
pub(super) fn bind(path: &Path) -> Result<Door, CliError> {
    let refused = |error: io::Error| {
        CliError::settings(format!("{} cannot be listened on", path.display())).with_source(error)
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let found = fs::metadata(folder).map_err(refused)?;
    let own_uid = rustix::process::geteuid().as_raw();
    if ![0, own_uid].contains(&found.uid()) {
        return Err(CliError::settings(format!(
            "{} belongs to another user (id {}), who may put a socket of their own there",
            folder.display(),
            found.uid()
        ))
        .hint(format!("chown {own_uid} {}", folder.display())));
    }
    if found.mode() & 0o022 != 0 {
        return Err(CliError::settings(format!(
            "others may write into {}, and so put a socket of their own there",
            folder.display()
        ))
        .hint(format!("chmod go-w {}", folder.display())));
    }
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket && is_left_behind(path) {
        fs::remove_file(path).map_err(refused)?;
    }
    let listener = UnixListener::bind(path).map_err(refused)?;
    // Whoever connects is asked who it is before a byte is read.
    fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(refused)?;
    Ok(door(listener))
}

/// A socket at which the user of this process may always connect.
pub(super) fn door(listener: UnixListener) -> Door {
    let own_uid = rustix::process::geteuid().as_raw();
    Door::Unix { listener, own_uid }
}

/// Says whether nobody listens on a socket any more. One that is too busy to answer, or of another
/// kind, is somebody's.
fn is_left_behind(path: &Path) -> bool {
    let connected = SocketAddrUnix::new(path).and_then(|address| {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &address)
    });
    connected == Err(Errno::CONNREFUSED)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener};

    use rustix::net::{bind, listen};

    use super::*;

    #[test]
    fn only_a_socket_that_nobody_listens_on_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        drop(UnixListener::bind(place("left")).unwrap());
        assert!(is_left_behind(&place("left")));
        let _datagrams = UnixDatagram::bind(place("datagrams")).unwrap();
        assert!(!is_left_behind(&place("datagrams")));
        // One that lets nobody wait, and somebody waits.
        let busy = socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        bind(&busy, &SocketAddrUnix::new(place("busy")).unwrap()).unwrap();
        listen(&busy, 0).unwrap();
        let _waiting = std::os::unix::net::UnixStream::connect(place("busy")).unwrap();
        assert!(!is_left_behind(&place("busy")));
    }
}
