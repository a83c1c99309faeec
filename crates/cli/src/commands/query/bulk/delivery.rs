//! Pages of a bulk result on their way into the document.
//!
//! Owns what becomes of a table: as CSV it goes through as Salesforce wrote it, with one header;
//! as JSON and Parquet its lines are read one by one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::record::Shape;
use crate::bulk::pages::Page;
use crate::commands::query::columns;
use crate::commands::query::many;
use crate::commands::query::sink::{Layout, Sink, Target, Told};
use crate::describe::Kinds;
use crate::error::{CliError, Kind};
use crate::files;
use crate::output::Output;

/// The longest record, in bytes: quotes that never end are found by it.
const RECORD_LENGTH_MAX: u64 = 64 * 1024 * 1024;

/// So many records are written between two looks at the progress.
const STEP: u64 = 1_000;

/// The document, and what of it is written.
pub(super) struct Delivery {
    body: Body,
    header: Option<Vec<u8>>,
    kinds: Option<Kinds>,
    rows: u64,
}

enum Body {
    Csv(Table),
    /// JSON and Parquet.
    Records {
        sink: Box<Sink>,
        layout: Layout,
        shape: Shape,
    },
}

/// A table that is copied.
struct Table {
    path: Option<PathBuf>,
    writer: Box<dyn Write>,
}

impl Delivery {
    pub(super) fn new(layout: Layout, target: Target) -> Self {
        let body = match layout {
            Layout::Csv => Body::Csv(Table {
                path: target.path,
                writer: target.writer,
            }),
            _ => Body::Records {
                sink: Box::new(Sink::new(layout, columns::of_query(""), target)),
                layout,
                shape: Shape::default(),
            },
        };
        Self {
            body,
            header: None,
            kinds: None,
            rows: 0,
        }
    }

    /// Records that were written.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Says whether the types of the columns are to be told before the first page.
    pub(super) const fn needs_types(&self) -> bool {
        matches!(self.body, Body::Records { .. }) && self.kinds.is_none()
    }

    pub(super) fn know(&mut self, kinds: Kinds) {
        self.kinds = Some(kinds);
    }

    /// The names of the columns of a page.
    pub(super) fn columns(&self, page: &mut Page) -> Result<Vec<String>, CliError> {
        let header = page.header().map_err(unreadable)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&header[..]);
        let mut line = csv::StringRecord::new();
        reader.read_record(&mut line).map_err(no_table)?;
        Ok(line.iter().map(str::to_owned).collect())
    }

    /// Writes a page; `seen` hears of the records so far.
    pub(super) fn page(
        &mut self,
        page: &mut Page,
        mut seen: impl FnMut(u64),
    ) -> Result<(), CliError> {
        let header = page.header().map_err(unreadable)?;
        match &self.header {
            None => self.begin(page, header)?,
            Some(first) if *first == header => {}
            Some(_) => {
                let what = "two pages of the result have different columns";
                return Err(CliError::other(what));
            }
        }
        let rows = self.rows;
        match &mut self.body {
            Body::Csv(table) => {
                let mut body = page.body().map_err(unreadable)?;
                // Both ends are told by their own errors as far as the system tells them apart.
                io::copy(&mut body, &mut table.writer).map_err(|error| table.unwritten(error))?;
            }
            Body::Records {
                sink,
                layout,
                shape,
            } => {
                let body = page.body().map_err(unreadable)?;
                let mut read = 0;
                each_line(body, |line| {
                    read += 1;
                    if read % STEP == 0 {
                        seen(rows + read);
                    }
                    match layout {
                        Layout::Parquet => sink.texts(line.iter()),
                        _ => {
                            let mut record = Vec::new();
                            shape.write(line, &mut record).map_err(unreadable)?;
                            sink.record(&record)
                        }
                    }
                })?;
            }
        }
        self.rows += page.records;
        seen(self.rows);
        Ok(())
    }

    fn begin(&mut self, page: &mut Page, header: Vec<u8>) -> Result<(), CliError> {
        let names = self.columns(page)?;
        let kinds = self.kinds.clone().unwrap_or_default();
        match &mut self.body {
            Body::Csv(table) => {
                let written = table.writer.write_all(&header);
                written.map_err(|error| table.unwritten(error))?;
            }
            Body::Records { sink, shape, .. } => {
                *shape = Shape::of(&names, &kinds);
                sink.name_columns(names, kinds);
            }
        }
        self.header = Some(header);
        Ok(())
    }

    /// Ends a whole result.
    pub(super) fn finish(&mut self, total_size: u64, warnings: &[String]) -> Result<(), CliError> {
        match &mut self.body {
            Body::Csv(table) => {
                let flushed = table.writer.flush();
                flushed.map_err(|error| table.unwritten(error))
            }
            Body::Records { sink, .. } => sink.finish(total_size, warnings),
        }
    }

    /// Ends a result of which something cannot be taken back.
    pub(super) fn broken_off(mut self, error: CliError, out: &Output) -> CliError {
        if self.rows == 0 {
            return error;
        }
        let were = if self.rows == 1 { "was" } else { "were" };
        let what = format!(
            "the result is not complete: at most {} {were} written before it broke off",
            many(self.rows)
        );
        let partial = CliError::new(Kind::Partial, what).with_source(error);
        match &mut self.body {
            Body::Csv(table) => {
                // The failure before this one is told.
                let _gone = table.writer.flush();
                partial
            }
            Body::Records { sink, .. } => match sink.abandon(&partial, out.warnings()) {
                Ok(Told::Yes) => partial.told(),
                _ => partial,
            },
        }
    }
}

impl Table {
    fn unwritten(&self, error: io::Error) -> CliError {
        match &self.path {
            Some(path) => files::unwritable(path, error),
            None => CliError::stdout(error),
        }
    }
}

/// Reads lines one by one into the same memory.
fn each_line(
    body: &mut File,
    mut take: impl FnMut(&csv::StringRecord) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .buffer_capacity(64 * 1024)
        .from_reader(Limited {
            from: body,
            left: RECORD_LENGTH_MAX,
        });
    let mut line = csv::StringRecord::new();
    while reader.read_record(&mut line).map_err(no_table)? {
        take(&line)?;
        reader.get_mut().left = RECORD_LENGTH_MAX;
    }
    Ok(())
}

/// A reader that gives up within a record that does not end.
struct Limited<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("a record does not end"));
        }
        let read = self.from.read(out)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

fn no_table(error: csv::Error) -> CliError {
    CliError::other("a page of the result is not the table that was expected").with_source(error)
}

fn unreadable(error: io::Error) -> CliError {
    CliError::other("a page of the result could not be kept until it was written")
        .with_source(error)
}
