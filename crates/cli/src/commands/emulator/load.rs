//! `accredit emulator load`: sends files to a running emulator, which loads them all or none.
//!
//! Owns finding the files. What is in them is the emulator's business.

use std::fs;
use std::path::{Path, PathBuf};

use accredit_emulator::{LoadFile, LoadReport, is_loadable, is_searched};
use serde_json::json;

use crate::args::emulator::LoadArgs;
use crate::emulator_client::EmulatorClient;
use crate::error::CliError;
use crate::files::{self, Access};
use crate::output::Output;

/// The most files of a load.
const FILES_MAX: usize = 100_000;

/// The most bytes of a load; what is sent may be somewhat longer.
const LENGTH_MAX: u64 = 192 << 20;

/// How deeply folders may be nested.
const DEPTH_MAX: usize = 64;

/// Finds the files, sends them, and says what became of them.
pub(crate) fn run(
    args: &LoadArgs,
    client: &EmulatorClient,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut found = Found::default();
    for path in &args.paths {
        found.take(path)?;
    }
    out.step(&format!(
        "Loading {} ({} KB)...",
        counted(found.paths.len(), "file"),
        found.length.div_ceil(1024)
    ));
    let files: Result<Vec<LoadFile>, CliError> = found
        .paths
        .iter()
        .map(|path| read(path, args.sobject.as_deref()))
        .collect();
    let answer = client.post("/load", &json!({"files": files?}))?;
    let report: LoadReport = serde_json::from_value(answer).map_err(|error| {
        CliError::other("the emulator's answer is not the report of a load").with_source(error)
    })?;
    for warning in &report.warnings {
        out.warn(warning);
    }
    if let Some(path) = &args.ids {
        let ids = format!("{:#}\n", json!(report.ids));
        files::write(path, ids.as_bytes(), Access::Everybody)?;
    }
    if report.objects.is_empty() && report.records.is_empty() && report.apps.is_empty() {
        out.warn("nothing was loaded: the files are neither metadata nor records");
    }
    out.result(&summary(&report), &report)
}

/// A line for each object that got records, and one for everything.
fn summary(report: &LoadReport) -> String {
    let lines = report.records.iter();
    let mut text: String = lines
        .map(|(object, count)| format!("{count}\t{object}\n"))
        .collect();
    text.push_str(&format!(
        "{} with {}, {}, {}\n",
        counted(report.objects.len(), "object"),
        counted(report.fields, "custom field"),
        counted(report.records.values().sum(), "record"),
        counted(report.apps.len(), "app"),
    ));
    text
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn read(path: &Path, object: Option<&str>) -> Result<LoadFile, CliError> {
    let content = fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    let is_csv = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    Ok(LoadFile {
        path: path.to_string_lossy().into_owned(),
        content,
        object: object.filter(|_| is_csv).map(str::to_owned),
    })
}

fn unreadable(path: &Path, error: std::io::Error) -> CliError {
    CliError::settings(format!("{} could not be read as text", path.display())).with_source(error)
}

/// Files that were found.
#[derive(Default)]
struct Found {
    paths: Vec<PathBuf>,
    length: u64,
}

impl Found {
    /// Takes in a file, or what is to be loaded of a folder.
    fn take(&mut self, path: &Path) -> Result<(), CliError> {
        let about = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if about.is_dir() {
            return self.search(path, 1);
        }
        self.put(path.to_owned(), about.len())
    }

    /// Looks through a folder, by name. Links to other folders are not followed.
    fn search(&mut self, folder: &Path, depth: usize) -> Result<(), CliError> {
        let unreadable = |error| unreadable(folder, error);
        let mut entries = fs::read_dir(folder)
            .map_err(unreadable)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let about = entry.metadata().map_err(unreadable)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if about.is_dir() && depth < DEPTH_MAX && is_searched(&name) {
                self.search(&entry.path(), depth + 1)?;
            } else if about.is_file() && is_loadable(&entry.path().to_string_lossy()) {
                self.put(entry.path(), about.len())?;
            }
        }
        Ok(())
    }

    fn put(&mut self, path: PathBuf, length: u64) -> Result<(), CliError> {
        self.length = self.length.saturating_add(length);
        self.paths.push(path);
        if self.paths.len() > FILES_MAX || self.length > LENGTH_MAX {
            let message = format!(
                "expected at most {FILES_MAX} files and {} MB in one load",
                LENGTH_MAX >> 20
            );
            return Err(CliError::usage(message).hint("load folders one after the other"));
        }
        Ok(())
    }
}
