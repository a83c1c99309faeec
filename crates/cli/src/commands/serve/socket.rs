//! The Unix socket of the broker.
//!
//! Owns the place where it stands: a folder into which nobody else may write, so that nobody can
//! put a socket of their own there. Who connects is asked of the system, so that everybody may.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use accredit_broker::Door;
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
    if found.mode() & 0o022 != 0 {
        return Err(CliError::settings(format!(
            "others may write into {}, and so put a socket of their own there",
            folder.display()
        ))
        .hint(format!("chmod go-w {}", folder.display())));
    }
    let is_left_behind = fs::symlink_metadata(path)
        .is_ok_and(|found| found.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path).is_err();
    if is_left_behind {
        fs::remove_file(path).map_err(refused)?;
    }
    let listener = UnixListener::bind(path).map_err(refused)?;
    // Whoever connects is asked who it is before a byte is read.
    fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(refused)?;
    let own_uid = rustix::process::geteuid().as_raw();
    Ok(Door::Unix { listener, own_uid })
}
