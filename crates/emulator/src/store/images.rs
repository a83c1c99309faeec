//! Images of the whole database: what a snapshot is.
//!
//! Owns where they are: in memory for an org in memory, else in a folder next to its file. An image
//! is copied page by page, so that putting it back takes no longer than copying it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{Place, Store};

/// The most images of an org.
const IMAGES_MAX: usize = 64;

/// How many bytes of an image are read without being copied first.
const MAPPED_MAX: i64 = 256 << 20;

/// Why an image could not be made or put back.
#[derive(Debug)]
pub enum ImageError {
    /// There is no image of this name.
    Unknown(String),
    /// A name may have 1 to 64 letters, digits, `-`, `_` and `.`, and begins with a letter or
    /// digit.
    Name(String),
    /// There are as many images as there may be.
    Full,
    /// The folder of images cannot be used.
    Folder(io::Error),
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no snapshot {name:?}"),
            Self::Name(name) => write!(
                f,
                "{name:?} is no name for a snapshot: expected 1 to 64 letters, digits, - _ and ."
            ),
            Self::Full => write!(f, "the org has {IMAGES_MAX} snapshots, expected fewer"),
            Self::Folder(error) => write!(f, "the folder of snapshots cannot be used: {error}"),
            Self::Sqlite(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl std::error::Error for ImageError {}

impl From<rusqlite::Error> for ImageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for ImageError {
    fn from(error: io::Error) -> Self {
        Self::Folder(error)
    }
}

/// Where images are.
pub(super) enum Images {
    Memory(Mutex<BTreeMap<String, Connection>>),
    Folder(PathBuf),
}

impl Images {
    pub(super) fn of(place: &Place) -> Self {
        match place {
            Place::Memory => Self::Memory(Mutex::default()),
            Place::File(path) => {
                let mut name = path.file_name().unwrap_or_default().to_owned();
                name.push(".snapshots");
                Self::Folder(path.with_file_name(name))
            }
        }
    }
}

impl Store {
    /// Makes an image called `name`, in place of one that was called so.
    pub(crate) fn save_image(&self, name: &str) -> Result<(), ImageError> {
        check_name(name)?;
        let known = self.images()?;
        if known.len() >= IMAGES_MAX && !known.iter().any(|known| known == name) {
            return Err(ImageError::Full);
        }
        match &self.images {
            Images::Memory(images) => {
                let mut image = Connection::open_in_memory()?;
                self.run(|connection| copy(connection, &mut image))?;
                let mut images = images.lock().unwrap_or_else(PoisonError::into_inner);
                images.insert(name.to_owned(), image);
            }
            Images::Folder(folder) => {
                fs::create_dir_all(folder)?;
                let unfinished = folder.join(format!(".{name}.unfinished"));
                remove(&unfinished)?;
                let mut image = Connection::open(&unfinished)?;
                // It is not in use before it has its name.
                image.pragma_update(None, "synchronous", "OFF")?;
                self.run(|connection| copy(connection, &mut image))?;
                image.close().map_err(|(_, error)| error)?;
                fs::rename(&unfinished, path(folder, name))?;
            }
        }
        Ok(())
    }

    /// Puts the database back to the image called `name`.
    pub(crate) fn restore_image(&self, name: &str) -> Result<(), ImageError> {
        check_name(name)?;
        let unknown = || ImageError::Unknown(name.to_owned());
        match &self.images {
            Images::Memory(images) => {
                let images = images.lock().unwrap_or_else(PoisonError::into_inner);
                let image = images.get(name).ok_or_else(unknown)?;
                self.run(|connection| copy(image, connection))?;
            }
            Images::Folder(folder) => {
                let path = path(folder, name);
                if !path.is_file() {
                    return Err(unknown());
                }
                let image = Connection::open(path)?;
                // An image is replaced as a whole and never cut short, so that it can be mapped.
                image.pragma_update(None, "mmap_size", MAPPED_MAX)?;
                self.run(|connection| copy(&image, connection))?;
            }
        }
        Ok(())
    }

    /// Removes the image called `name`; `false` if there is none.
    pub(crate) fn remove_image(&self, name: &str) -> Result<bool, ImageError> {
        check_name(name)?;
        match &self.images {
            Images::Memory(images) => {
                let mut images = images.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(images.remove(name).is_some())
            }
            Images::Folder(folder) => Ok(remove(&path(folder, name))?),
        }
    }

    /// The names of all images.
    pub(crate) fn images(&self) -> Result<Vec<String>, ImageError> {
        let folder = match &self.images {
            Images::Memory(images) => {
                let images = images.lock().unwrap_or_else(PoisonError::into_inner);
                return Ok(images.keys().cloned().collect());
            }
            Images::Folder(folder) => folder,
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".db"));
            names.extend(
                name.filter(|name| check_name(name).is_ok())
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.db"))
}

/// Removes a file; `false` if there is none.
fn remove(path: &Path) -> Result<bool, io::Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn check_name(name: &str) -> Result<(), ImageError> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    if begins && name.len() <= 64 && name.bytes().all(is_part) {
        return Ok(());
    }
    Err(ImageError::Name(name.to_owned()))
}

/// Copies all pages at once.
fn copy(from: &Connection, to: &mut Connection) -> Result<(), rusqlite::Error> {
    let backup = Backup::new(from, to)?;
    match backup.step(-1)? {
        StepResult::Done => Ok(()),
        // Nobody else has either of them.
        _ => Err(rusqlite::Error::InvalidQuery),
    }
}
