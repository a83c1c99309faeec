//! Whole orgs are loaded, and what is wrong with a file is said.

mod data;
mod errors;
mod metadata;
mod orgs;

use std::path::{Path, PathBuf};

use super::{LoadFile, LoadReport, is_loadable, is_searched};
use crate::org::tests::{NOW, org};
use crate::org::{Org, Seed};

/// A file of a test.
pub(super) fn file(path: &str, content: &str) -> LoadFile {
    LoadFile {
        path: path.to_owned(),
        content: content.to_owned(),
        object: None,
    }
}

/// An org that real metadata and records are kept of; nothing, said aloud, where it is absent.
pub(super) fn real(name: &str) -> Option<Vec<LoadFile>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/orgs"));
    let folder = root.join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} is absent", folder.display());
        return None;
    }
    let mut paths = Vec::new();
    walk(&folder, &mut paths);
    paths.sort();
    let files = paths.iter().map(|path| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        file(name, &std::fs::read_to_string(path).unwrap())
    });
    Some(files.collect())
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && is_searched(name) {
            walk(&path, paths);
        } else if is_loadable(path.to_str().unwrap()) {
            paths.push(path);
        }
    }
}

pub(super) fn load(files: &[LoadFile]) -> (Org, LoadReport) {
    let org = org(Seed::Empty);
    let report = org.load(files, NOW).unwrap();
    (org, report)
}
