//! Files that appear whole or not at all.
//!
//! Owns the writing of results: into a temporary file in the same folder first, then renamed. A set
//! of files is published together; when one of them cannot be, none is there and what was there
//! before is there again. A device or a pipe is written as it is, and a link stays a link.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::CliError;
use crate::interrupt;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The owner alone (0600).
    Owner,
    /// Everybody whom the umask allows (0644).
    Everybody,
}

/// What happens to a file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is kept, and the new one refused.
    Keep,
    /// It is replaced.
    Replace,
}

/// Files that will be published together.
#[derive(Debug)]
pub(crate) struct FileSet {
    existing: Existing,
    staged: Vec<(PathBuf, NamedTempFile)>,
}

impl FileSet {
    pub(crate) const fn new(existing: Existing) -> Self {
        Self {
            existing,
            staged: Vec::new(),
        }
    }

    /// Refuses names that are taken before any work is done for them.
    pub(crate) fn check(&self, paths: &[&Path]) -> Result<(), CliError> {
        let taken = paths.iter().find(|path| fs::symlink_metadata(path).is_ok());
        match (self.existing, taken) {
            (Existing::Keep, Some(path)) => Err(exists(path)),
            _ => Ok(()),
        }
    }

    /// Writes `contents` beside `path`, where nobody sees it yet.
    pub(crate) fn stage(
        &mut self,
        path: PathBuf,
        contents: &[u8],
        access: Access,
    ) -> Result<(), CliError> {
        self.check(&[&path])?;
        let mut file = temporary(&path, access)?;
        file.write_all(contents)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| unwritable(&path, error))?;
        self.staged.push((path, file));
        Ok(())
    }

    /// Takes a file that is written already.
    pub(crate) fn adopt(&mut self, path: PathBuf, file: NamedTempFile) {
        self.staged.push((path, file));
    }

    /// Gives all staged files their names, or none; an interruption waits until it is done.
    pub(crate) fn publish(self) -> Result<(), CliError> {
        interrupt::undisturbed(|| self.publish_all())
    }

    fn publish_all(self) -> Result<(), CliError> {
        let mut done: Vec<Published> = Vec::new();
        for (path, file) in self.staged {
            match publish_one(&path, file, self.existing) {
                Ok(published) => done.push(published),
                Err(error) => {
                    done.into_iter().rev().for_each(Published::undo);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// A file that has its name, and the one that had it before.
struct Published {
    path: PathBuf,
    before: Option<TempPath>,
}

impl Published {
    fn undo(self) {
        // The first failure is the one that is told; undoing is best effort on the same disk.
        let _undone = match self.before {
            Some(before) => before.persist(&self.path).map_err(|error| error.error),
            None => fs::remove_file(&self.path),
        };
    }
}

fn publish_one(
    path: &Path,
    file: NamedTempFile,
    existing: Existing,
) -> Result<Published, CliError> {
    if existing == Existing::Keep {
        file.persist_noclobber(path)
            .map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => exists(path),
                _ => unwritable(path, error.error),
            })?;
        return Ok(Published {
            path: path.to_owned(),
            before: None,
        });
    }
    let before = set_aside(path)?;
    file.persist(path)
        .map_err(|error| unwritable(path, error.error))?;
    Ok(Published {
        path: path.to_owned(),
        before,
    })
}

/// Keeps a second name for the file that is about to be replaced.
fn set_aside(path: &Path) -> Result<Option<TempPath>, CliError> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let linked = Builder::new()
        .prefix(".accredit-")
        .make_in(folder_of(path), |name| fs::hard_link(path, name));
    match linked {
        Ok(kept) => Ok(Some(kept.into_temp_path())),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// A temporary file in the folder of `path`; removed when dropped, and when the program is
/// interrupted.
pub(crate) fn temporary(path: &Path, access: Access) -> Result<NamedTempFile, CliError> {
    let mut builder = Builder::new();
    builder.prefix(".accredit-");
    builder.permissions(Permissions::from_mode(match access {
        Access::Owner => 0o600,
        Access::Everybody => 0o644,
    }));
    interrupt::passing(|| {
        let file = builder.tempfile_in(folder_of(path))?;
        let name = file.path().to_owned();
        Ok((file, name))
    })
    .map_err(|error| unwritable(path, error))
}

/// What a name that is to be written stands for.
#[derive(Debug)]
pub(crate) enum Place {
    /// A file that appears whole, or takes the place of the one that is there. Its name is free of
    /// links, so that a link stays one.
    File(PathBuf),
    /// A device or an open stream: written as it comes, never replaced.
    Stream,
    /// A pipe with a name: opening it waits for a reader.
    Pipe,
}

/// As many links as Linux follows.
const LINKS_MAX: usize = 40;

impl Place {
    /// Looks at `path`. What it stands for need not exist.
    pub(crate) fn of(path: &Path) -> Result<Self, CliError> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() && !is_open_stream(path) => {}
            Ok(found) if found.file_type().is_fifo() => return Ok(Self::Pipe),
            Ok(_) => return Ok(Self::Stream),
            Err(_) => {}
        }
        let mut path = path.to_owned();
        for _ in 0..LINKS_MAX {
            match fs::read_link(&path) {
                Ok(next) => path = folder_of(&path).join(next),
                Err(_) => return Ok(Self::File(path)),
            }
        }
        let error = io::Error::other("too many links, one after the other");
        Err(unwritable(&path, error))
    }
}

/// Opens what is no file, to be written as it comes.
pub(crate) fn stream(path: &Path) -> Result<File, CliError> {
    File::options()
        .append(true)
        .open(path)
        .map_err(|error| unwritable(path, error))
}

/// Says whether `path` is another name of a stream that this process has open (`/dev/stdout`): it
/// may be a log that others write to as well.
fn is_open_stream(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if fs::canonicalize(folder_of(&path)).is_ok_and(|folder| folder.starts_with("/proc")) {
            return true;
        }
        match fs::read_link(&path) {
            Ok(next) => path = folder_of(&path).join(next),
            Err(_) => return false,
        }
    }
    false
}

/// Gives a finished temporary file its name, in place of an older one, whose mode it takes.
pub(crate) fn replace(path: &Path, file: NamedTempFile) -> Result<(), CliError> {
    let unwritable = |error| unwritable(path, error);
    if let Ok(before) = fs::metadata(path) {
        let mode = Permissions::from_mode(before.permissions().mode() & 0o7777);
        file.as_file().set_permissions(mode).map_err(unwritable)?;
    }
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path)
        .map(|_: File| ())
        .map_err(|error| unwritable(error.error))
}

/// Writes a small file whole. A pipe gets the contents once somebody reads it, which is not waited
/// for.
pub(crate) fn write(path: &Path, contents: &[u8], access: Access) -> Result<(), CliError> {
    match Place::of(path)? {
        Place::File(path) => {
            let mut file = temporary(&path, access)?;
            file.write_all(contents)
                .map_err(|error| unwritable(&path, error))?;
            replace(&path, file)
        }
        Place::Stream => stream(path)?
            .write_all(contents)
            .map_err(|error| unwritable(path, error)),
        Place::Pipe => {
            let (pipe, contents) = (path.to_owned(), contents.to_owned());
            let write = move || {
                // Whoever opened it and went away has heard of it.
                let _gone = File::options()
                    .write(true)
                    .open(pipe)
                    .and_then(|mut pipe| pipe.write_all(&contents));
            };
            let thread = thread::Builder::new().name("accredit-pipe".to_owned());
            thread
                .spawn(write)
                .map(drop)
                .map_err(|error| unwritable(path, error))
        }
    }
}

/// Removes the file that `path` stands for, if it is one; links, devices and pipes stay.
pub(crate) fn remove(path: &Path) {
    if let Ok(Place::File(path)) = Place::of(path) {
        // A file that somebody removed already is as good.
        let _gone = fs::remove_file(path);
    }
}

/// A folder for files without a name.
pub(crate) fn scratch_folder() -> PathBuf {
    tempfile::env::temp_dir()
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn exists(path: &Path) -> CliError {
    CliError::other(format!("{} is there already", path.display()))
        .hint("nothing was written; --force replaces it, -n NAME or --out-dir DIR writes elsewhere")
}

/// A file that could not be written, and why.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> CliError {
    let this = CliError::other(format!("{} could not be written", path.display()));
    let this = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            this.hint("the disk is full: nothing was left behind; make room and run it again")
        }
        io::ErrorKind::NotFound => this.hint("the folder does not exist: create it first"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            this.hint("choose a folder that you may write to")
        }
        _ => this,
    };
    this.with_source(error)
}

/// Reads a file that may not be longer than `length_max` bytes.
pub(crate) fn read(path: &Path, length_max: u64) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = File::open(path)?;
    // Room for all of it at once: a buffer that grows leaves copies behind, and this may be a key.
    let length = file.metadata()?.len().min(length_max);
    let mut contents = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 64);
    file.take(length_max + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > length_max {
        return Err(io::Error::other(format!(
            "it has more than {length_max} bytes"
        )));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_set_of_which_one_exists_writes_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "old").unwrap();
        let mut set = FileSet::new(Existing::Keep);
        set.stage(folder.path().join("a"), b"new", Access::Owner)
            .unwrap();
        set.stage(folder.path().join("b"), b"new", Access::Owner)
            .unwrap_err();
        drop(set);
        assert_eq!(names(folder.path()), ["b"]);
    }

    #[test]
    fn a_set_that_fails_half_way_restores_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "old").unwrap();
        let mut set = FileSet::new(Existing::Replace);
        set.stage(a.clone(), b"new", Access::Owner).unwrap();
        set.stage(b.clone(), b"new", Access::Owner).unwrap();
        // A folder that is not empty cannot be replaced by a file.
        fs::create_dir_all(b.join("full")).unwrap();
        set.publish().unwrap_err();
        assert_eq!(fs::read_to_string(&a).unwrap(), "old");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, [0; 11]).unwrap();
        assert_eq!(read(&path, 11).unwrap().len(), 11);
        assert!(read(&path, 10).is_err());
    }
}
