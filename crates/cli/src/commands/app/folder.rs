//! The files of an app in a folder, in either layout.
//!
//! Owns finding them: whatever else a project has is left alone.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use super::metadata::Component;
use crate::error::CliError;
use crate::files;

/// The longest file, in bytes: a certificate and some lines.
const FILE_LENGTH_MAX: u64 = 256 * 1024;

/// As many files are deployed at once.
const FILES_MAX: usize = 1000;

/// How deeply folders may be nested.
const DEPTH_MAX: usize = 32;

/// The components in `folder` and below it, by path.
pub(super) fn components(folder: &Path) -> Result<Vec<Component>, CliError> {
    let mut found = Vec::new();
    search(folder, 1, &mut found)?;
    if found.is_empty() {
        return Err(
            CliError::usage(format!("{} holds no metadata of an app", folder.display()))
                .hint("`accredit app manifest` writes it"),
        );
    }
    found.sort_by_key(|component| component.path(crate::args::app::Layout::Mdapi));
    for (one, next) in found.iter().zip(found.iter().skip(1)) {
        if one.of == next.of && one.name == next.name {
            return Err(CliError::usage(format!(
                "{} holds {} {} twice",
                folder.display(),
                one.of.name,
                one.name
            )));
        }
    }
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<Component>) -> Result<(), CliError> {
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<Vec<DirEntry>>>)
        .map_err(|error| unreadable(folder, error))?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let about = entry
            .file_type()
            .map_err(|error| unreadable(&path, error))?;
        let is_hidden = name.starts_with('.') || name == "node_modules";
        if about.is_dir() && depth < DEPTH_MAX && !is_hidden {
            search(&path, depth + 1, found)?;
        } else if about.is_file() && Component::in_file(&name, String::new()).is_some() {
            let content = files::read(&path, FILE_LENGTH_MAX)
                .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
                .map_err(|error| unreadable(&path, error))?;
            found.extend(Component::in_file(&name, content));
        }
        if found.len() > FILES_MAX {
            return Err(CliError::usage(format!(
                "expected at most {FILES_MAX} files of apps in {}",
                folder.display()
            )));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: io::Error) -> CliError {
    CliError::settings(format!("{} could not be read", path.display())).with_source(error)
}
