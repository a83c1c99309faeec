//! Files that this program keeps for itself and that nobody else may read.
//!
//! Owns their folder, the lock that lets one process at a time change them, and how they are
//! replaced: whole or not at all. Files that a person asked for are the matter of `files`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

/// The right to change what it guards, until dropped.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// How often the lock is tried: for longer than any login takes.
const LOCK_TRIES_MAX: u32 = 1_500;

/// The pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Makes the folder and those above it, if they are not there.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Waits for its turn; an error of the kind `WouldBlock` if it does not come.
pub(crate) fn lock(path: &Path) -> io::Result<Lock> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    for _ in 0..LOCK_TRIES_MAX {
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Ok(Lock(file));
        }
        thread::park_timeout(LOCK_PAUSE);
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Writes `NAME.new` beside the file and puts it in its place. The lock makes that name ours.
pub(crate) fn replace(_lock: &Lock, path: &Path, contents: &[u8]) -> io::Result<()> {
    let passing = path.with_extension("new");
    // What a process that was killed has left behind.
    let _none = fs::remove_file(&passing);
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&passing)?;
    let written = file
        .write_all(contents)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&passing, path));
    if written.is_err() {
        let _gone = fs::remove_file(&passing);
    }
    written
}
