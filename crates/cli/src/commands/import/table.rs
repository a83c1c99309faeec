//! The table that is imported: looked through once, and cut into parts that a job takes.
//!
//! Owns what is known before anybody is asked: encoding, delimiter, line ends, header, the number
//! of records, and where each part begins. It is read piece by piece and never held. The parts are
//! the same whenever the same table is looked through, so that jobs can be matched to them later.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use crate::args::import::Delimiter;
use crate::error::CliError;
use crate::files;

mod dialect;
mod scan;

use dialect::{Dialect, Header};
use scan::Scan;

/// The most bytes of one job. The limit of 150 MB is for data in base64, which is a third longer.
pub(super) const PART_LENGTH_MAX: u64 = 100_000_000;

/// A part of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    start: u64,
    end: u64,
    /// How many records it has.
    pub(super) records: u64,
}

/// A table that can be uploaded.
#[derive(Debug)]
pub(super) struct Table {
    file: File,
    header: Header,
    pub(super) dialect: Dialect,
    pub(super) parts: Vec<Part>,
}

impl Table {
    /// Opens a file, or stdin for `-`, and looks through it.
    pub(super) fn open(
        name: &str,
        delimiter: Option<Delimiter>,
        part_length_max: u64,
    ) -> Result<Self, CliError> {
        let file = if name == "-" {
            kept(io::stdin().lock()).map_err(|error| unreadable("stdin", error))?
        } else {
            let unreadable = |error| unreadable(name, error);
            let file = File::open(Path::new(name)).map_err(unreadable)?;
            match file.metadata().map_err(unreadable)?.is_file() {
                true => file,
                false => kept(file).map_err(unreadable)?,
            }
        };
        let title = if name == "-" { "stdin" } else { name };
        Self::of(file, (title, delimiter), part_length_max)
    }

    fn of(
        mut file: File,
        (title, delimiter): (&str, Option<Delimiter>),
        part_length_max: u64,
    ) -> Result<Self, CliError> {
        let refused = |what: String| CliError::usage(format!("{title} cannot be imported: {what}"));
        let read = |error| unreadable(title, error);
        file.rewind().map_err(read)?;
        let start = dialect::header(&mut file).map_err(read)?;
        let (header, dialect) = start.read(delimiter).map_err(refused)?;
        file.seek(SeekFrom::Start(header.end)).map_err(read)?;
        let mut scan = Scan::new(&header, dialect, part_length_max);
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = file.read(&mut piece).map_err(read)?;
            if length == 0 {
                break;
            }
            scan.feed(piece.get(..length).unwrap_or_default())
                .map_err(refused)?;
        }
        let parts = scan.finish().map_err(refused)?;
        Ok(Self {
            file,
            header,
            dialect,
            parts,
        })
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.header.columns
    }

    /// How many records there are.
    pub(super) fn records(&self) -> u64 {
        self.parts.iter().map(|part| part.records).sum()
    }

    /// A part with the header before it, and its length in bytes.
    pub(super) fn read(&self, part: Part) -> io::Result<(impl Read + Send + 'static, u64)> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(part.start))?;
        let header = io::Cursor::new(self.header.line.clone());
        let length = part.end - part.start;
        let whole = self.header.line.len() as u64 + length;
        Ok((header.chain(file.take(length)), whole))
    }
}

/// Keeps what can be read once in a file without a name.
fn kept(mut from: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile_in(files::scratch_folder())?;
    io::copy(&mut from, &mut file)?;
    Ok(file)
}

fn unreadable(name: &str, error: io::Error) -> CliError {
    CliError::usage(format!("{name} cannot be read")).with_source(error)
}

#[cfg(test)]
mod tests;
