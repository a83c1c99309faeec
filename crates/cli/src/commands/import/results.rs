//! What became of each line: the files of an import.
//!
//! Owns their names, that they appear together and whole, and the count of what went wrong. Lines
//! stand in them as Salesforce gives them back, with the id or the error before.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use accredit::diagnosis::Diagnosis;
use tempfile::NamedTempFile;

use crate::args::import::{Delimiter, ImportArgs};
use crate::bulk::pages::Page;
use crate::bulk::{Jobs, Side};
use crate::commands::query::many;
use crate::error::CliError;
use crate::files::{self, Access, Existing, FileSet};
use crate::output::Output;

/// So many different errors are told; all of them stand in the file.
const ERRORS_MAX: usize = 20;

/// How many records became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) unprocessed: u64,
}

impl Counts {
    pub(super) const fn sum(&self) -> u64 {
        self.succeeded + self.failed + self.unprocessed
    }
}

/// One of the three files.
struct Report {
    resource: &'static str,
    path: PathBuf,
    file: Option<NamedTempFile>,
    records: u64,
}

/// The files on their way.
pub(super) struct Results {
    folder: PathBuf,
    existing: Existing,
    reports: [Report; 3],
    errors: BTreeMap<String, (u64, String)>,
}

impl Results {
    /// Names the files, and refuses names that are taken.
    pub(super) fn of(args: &ImportArgs) -> Result<Self, CliError> {
        let source = Path::new(&args.file);
        let beside = source.parent().unwrap_or(Path::new(""));
        let folder = args.results_dir.as_deref().unwrap_or(beside);
        let stem = match (args.file.as_str(), source.file_stem()) {
            ("-", _) | (_, None) => "import".into(),
            (_, Some(stem)) => stem.to_string_lossy(),
        };
        let report = |resource, word| Report {
            resource,
            path: folder.join(format!("{stem}.{word}.csv")),
            file: None,
            records: 0,
        };
        let reports = [
            report("successfulResults", "success"),
            report("failedResults", "failed"),
            report("unprocessedrecords", "unprocessed"),
        ];
        let mut paths = reports.iter().map(|report| &report.path);
        let taken = paths.find(|path| fs::symlink_metadata(path).is_ok());
        if let (Some(taken), false) = (taken, args.force) {
            let what = format!("{} is there already, of an earlier import", taken.display());
            return Err(CliError::other(what).hint(
                "nothing was imported; --force replaces it, --results-dir DIR writes elsewhere",
            ));
        }
        let scratch = files::folder_of(&folder.join("x")).to_owned();
        Ok(Self {
            folder: scratch,
            existing: match args.force {
                true => Existing::Replace,
                false => Existing::Keep,
            },
            reports,
            errors: BTreeMap::new(),
        })
    }

    /// Makes a file where the results will be: a folder that takes none is told before anything
    /// is sent.
    pub(super) fn try_folder(&self) -> Result<(), CliError> {
        let [first, ..] = &self.reports;
        files::temporary(&first.path, Access::Owner)
            .map(drop)
            .map_err(|error| {
                error.hint("nothing was imported; --results-dir DIR writes the results elsewhere")
            })
    }

    /// Fetches what became of the lines of a job.
    pub(super) fn take(
        &mut self,
        id: &str,
        delimiter: Delimiter,
        jobs: &mut Jobs,
        out: &mut Output,
    ) -> Result<Counts, CliError> {
        let mut counts = [0; 3];
        for (at, count) in counts.iter_mut().enumerate() {
            let Some(report) = self.reports.get_mut(at) else {
                break;
            };
            let resource = format!("{}/{id}/{}", Side::Ingest.path(), report.resource);
            let path = jobs.path(&resource);
            let mut page = jobs.table(&path, &self.folder, out)?;
            report.append(&mut page)?;
            *count = page.records;
            if report.resource == "failedResults" {
                tally(&mut self.errors, &mut page, delimiter)?;
            }
        }
        let [succeeded, failed, unprocessed] = counts;
        Ok(Counts {
            succeeded,
            failed,
            unprocessed,
        })
    }

    /// Says what went wrong, the most frequent first, each with its entry of the catalogue.
    pub(super) fn warn(&self, out: &mut Output) {
        let mut errors: Vec<_> = self.errors.iter().collect();
        errors.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (code, (count, message)) in errors {
            let entry = Diagnosis::of_rest(code, message).map(|entry| {
                let (code, cause, fix) = (entry.code, entry.cause, entry.fix);
                format!("; {code}: {cause}; {fix}")
            });
            let entry = entry.unwrap_or_default();
            out.warn(format!("{} failed: {message}{entry}", many(*count)));
        }
    }

    /// Gives the files their names; one without lines is not there. Returns the paths.
    pub(super) fn publish(self) -> Result<[Option<PathBuf>; 3], CliError> {
        let mut set = FileSet::new(self.existing);
        let mut left = Vec::new();
        let paths = self.reports.map(|report| match report.file {
            Some(file) if report.records > 0 => {
                set.adopt(report.path.clone(), file);
                Some(report.path)
            }
            _ => {
                left.push(report.path);
                None
            }
        });
        set.publish()?;
        if self.existing == Existing::Replace {
            left.iter().for_each(|path| files::remove(path));
        }
        Ok(paths)
    }
}

impl Report {
    /// Appends the lines of a job; the header stands once.
    fn append(&mut self, page: &mut Page) -> Result<(), CliError> {
        if page.records == 0 {
            return Ok(());
        }
        let path = &self.path;
        let unwritable = |error: io::Error| files::unwritable(path, error);
        let is_first = self.file.is_none();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(files::temporary(path, Access::Owner)?),
        };
        let from = if is_first { page.whole() } else { page.body() };
        let mut from = from.map_err(unwritable)?;
        io::copy(&mut from, file)
            .and_then(|_| file.as_file().sync_all())
            .map_err(unwritable)?;
        self.records += page.records;
        Ok(())
    }
}

/// Counts the errors in `sf__Error`: `CODE:message:fields --`.
fn tally(
    errors: &mut BTreeMap<String, (u64, String)>,
    page: &mut Page,
    delimiter: Delimiter,
) -> Result<(), CliError> {
    let unreadable = |error| {
        CliError::other("the results of the job could not be read again").with_source(error)
    };
    let mut from = page.whole().map_err(unreadable)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .flexible(true)
        .from_reader(&mut from);
    let odd = |error: csv::Error| {
        CliError::other("the results of the job are no table").with_source(error)
    };
    let header = reader.headers().map_err(odd)?;
    let Some(at) = header.iter().position(|name| name == "sf__Error") else {
        return Ok(());
    };
    let mut line = csv::StringRecord::new();
    while reader.read_record(&mut line).map_err(odd)? {
        let text = line.get(at).unwrap_or_default();
        let text = text.trim_end_matches("--").trim_end().trim_end_matches(':');
        let code = text.split(':').next().unwrap_or_default();
        if let Some((count, _)) = errors.get_mut(code) {
            *count += 1;
        } else if errors.len() < ERRORS_MAX {
            errors.insert(code.to_owned(), (1, text.to_owned()));
        }
    }
    Ok(())
}
