//! Where the records of a result go: a table, CSV, a JSON array, JSON lines, a Parquet
//! file, or the envelope of `--json`.
//!
//! Owns the layouts. A record goes from the page to the writer without a tree in between.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use super::columns::Columns;
use super::page::{self, PageEnd};
use super::row::{Row, text};
use super::table::Table;
use crate::args::QueryFormat;
use crate::describe::{Kind as Type, Kinds};
use crate::error::{CliError, Kind};
use crate::files;
use crate::output::failure;
use crate::parquet::{self, Misfit};

mod clean;
mod records;

use records::{Page, count};

/// How a result is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Table,
    Csv,
    /// A JSON array.
    Array,
    /// A JSON object a line.
    Lines,
    /// A Parquet file.
    Parquet,
    /// The object of `--json`.
    Envelope,
}

impl Layout {
    pub(crate) const fn of(format: QueryFormat) -> Self {
        match format {
            QueryFormat::Table => Self::Table,
            QueryFormat::Csv => Self::Csv,
            QueryFormat::Json => Self::Array,
            QueryFormat::Ndjson => Self::Lines,
            QueryFormat::Parquet => Self::Parquet,
        }
    }
}

/// Whether the document itself tells of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    No,
}

/// Where a result is written to: a file, or stdout if there is no path.
pub(crate) struct Target {
    pub(crate) path: Option<PathBuf>,
    pub(crate) writer: Box<dyn Write>,
}

/// The writer of one result.
pub(crate) struct Sink {
    layout: Layout,
    columns: Columns,
    kinds: Kinds,
    path: Option<PathBuf>,
    body: Body,
    head: Head,
    rows: u64,
    is_count: bool,
    has_open_children: bool,
    failed: Option<io::Error>,
}

/// What stands before the first record. It is written with that record, or at the end of a whole
/// result without one: of a failure before, nothing is to be seen.
enum Head {
    /// The names of the columns, as far as the pages told them.
    Pending(Vec<String>),
    Written,
}

enum Body {
    Csv(Box<csv::Writer<Box<dyn Write>>>),
    Table(Table),
    Json(Box<dyn Write>),
    Parquet(Box<parquet::Writer<Box<dyn Write>>>),
}

impl Sink {
    pub(crate) fn new(layout: Layout, mut columns: Columns, target: Target) -> Self {
        let Target { path, writer } = target;
        let body = match layout {
            Layout::Csv => Body::Csv(Box::new(csv::Writer::from_writer(writer))),
            Layout::Table => Body::Table(Table::new(writer)),
            Layout::Parquet => Body::Parquet(Box::new(parquet::Writer::new(writer))),
            Layout::Array | Layout::Lines | Layout::Envelope => Body::Json(writer),
        };
        Self {
            layout,
            kinds: std::mem::take(&mut columns.kinds),
            columns,
            path,
            body,
            head: Head::Pending(Vec::new()),
            rows: 0,
            is_count: false,
            has_open_children: false,
            failed: None,
        }
    }

    /// Records that were taken so far.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Says whether the result was that of `COUNT()`: a number and no records.
    pub(crate) const fn is_count(&self) -> bool {
        self.is_count
    }

    /// Says whether a sub-query has more rows than were sent.
    pub(crate) const fn has_open_children(&self) -> bool {
        self.has_open_children
    }

    /// Writes the records of a page that `host` sent.
    pub(crate) fn page(&mut self, body: &[u8], host: &str) -> Result<PageEnd, CliError> {
        let is_first = self.rows == 0;
        let width = if is_first { self.learn(body) } else { 0 };
        let columns = std::mem::take(&mut self.columns);
        let mut visit = Page {
            row: vec![None; width.max(count(&columns))],
            columns: &columns,
            sink: self,
        };
        let read = page::read(body, &mut visit);
        self.columns = columns;
        if let Some(error) = self.failed.take() {
            return Err(self.unwritten(error));
        }
        let end = read.map_err(|fault| fault.explain(host))?;
        if is_first && self.columns.counts && self.rows == 0 && end.done {
            self.write_count(end.total_size)
                .map_err(|error| self.unwritten(error))?;
        }
        let flushed = match &mut self.body {
            Body::Table(table) => table.flush_page(),
            _ => Ok(()),
        };
        flushed.map_err(|error| self.unwritten(error))?;
        Ok(end)
    }

    /// What to say when the target cannot be written.
    fn unwritten(&self, error: io::Error) -> CliError {
        let inner = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Misfit>());
        if let Some(misfit) = inner {
            return CliError::other(format!(
                "a value is not of the type that the org describes: {misfit}"
            ))
            .hint("--format csv and --format ndjson write values as they come");
        }
        match &self.path {
            Some(path) => files::unwritable(path, error),
            None => CliError::stdout(error),
        }
    }

    /// Learns the columns from a page before the first record. Returns their number.
    fn learn(&mut self, body: &[u8]) -> usize {
        let names = match self.body {
            Body::Json(_) => Vec::new(),
            _ => self.columns.learn(body),
        };
        let width = names.len();
        self.head = Head::Pending(names);
        width
    }

    /// Writes the head, once.
    fn begin(&mut self) -> io::Result<()> {
        let Head::Pending(names) = std::mem::replace(&mut self.head, Head::Written) else {
            return Ok(());
        };
        match &mut self.body {
            Body::Csv(writer) if !names.is_empty() => writer.write_record(&names).map_err(below),
            Body::Csv(_) => Ok(()),
            Body::Table(table) => {
                table.set_head(&names);
                Ok(())
            }
            Body::Parquet(writer) => {
                let kinds = &self.kinds;
                writer.start(names.into_iter().map(|name| {
                    let kind = kinds.of(&name);
                    (name, kind)
                }))
            }
            Body::Json(writer) => match self.layout {
                Layout::Array => writer.write_all(b"["),
                Layout::Envelope => writer.write_all(br#"{"result":{"records":["#),
                _ => Ok(()),
            },
        }
    }

    fn write_count(&mut self, total_size: u64) -> io::Result<()> {
        self.is_count = true;
        self.head = match self.body {
            Body::Json(_) => Head::Pending(Vec::new()),
            _ => Head::Pending(vec!["count".to_owned()]),
        };
        self.kinds.set("count", Type::Integer);
        self.begin()?;
        match &mut self.body {
            Body::Parquet(writer) => writer.row([Some(total_size.to_string().as_str())])?,
            Body::Csv(writer) => {
                let row = [total_size.to_string()];
                writer.write_record(row).map_err(below)?;
            }
            Body::Table(table) => {
                table.add(vec![total_size.to_string()]);
            }
            Body::Json(_) if self.layout == Layout::Envelope => {}
            Body::Json(_) => {
                let record = json!({"count": total_size}).to_string();
                self.write_json(record.as_bytes())?;
            }
        }
        Ok(())
    }

    fn write_row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.begin()?;
        let Self {
            body,
            has_open_children,
            ..
        } = self;
        let cells = row.iter().map(|value| {
            value
                .map(|value| cell(value, has_open_children))
                .transpose()
        });
        match body {
            Body::Csv(writer) => {
                for value in cells {
                    let text = value?.unwrap_or_default();
                    writer.write_field(text.as_bytes()).map_err(below)?;
                }
                writer.write_record(None::<&[u8]>).map_err(below)?;
            }
            Body::Table(table) => {
                let texts = cells.map(|cell| Ok(cell?.unwrap_or_default().into_owned()));
                table.add(texts.collect::<io::Result<_>>()?);
            }
            Body::Parquet(writer) => {
                let cells = cells.collect::<io::Result<Vec<_>>>()?;
                writer.row(cells.iter().map(Option::as_deref))?;
            }
            Body::Json(_) => {}
        }
        Ok(())
    }

    /// Takes a record that is JSON already.
    pub(crate) fn record(&mut self, record: &[u8]) -> Result<(), CliError> {
        let written = self.write_json(record);
        self.rows += 1;
        written.map_err(|error| self.unwritten(error))
    }

    /// Names the columns of rows to come.
    pub(crate) fn name_columns(&mut self, names: Vec<String>, kinds: Kinds) {
        self.kinds = kinds;
        self.head = Head::Pending(names);
    }

    /// Takes a row of texts; an empty one is no value.
    pub(crate) fn texts<'t>(
        &mut self,
        texts: impl Iterator<Item = &'t str>,
    ) -> Result<(), CliError> {
        let written = self.begin().and_then(|()| match &mut self.body {
            Body::Parquet(writer) => {
                writer.row(texts.map(|text| (!text.is_empty()).then_some(text)))
            }
            _ => Ok(()),
        });
        self.rows += 1;
        written.map_err(|error| self.unwritten(error))
    }

    fn write_json(&mut self, record: &[u8]) -> io::Result<()> {
        self.begin()?;
        let Body::Json(writer) = &mut self.body else {
            return Ok(());
        };
        match (self.layout, self.rows) {
            (Layout::Lines, _) => {}
            (Layout::Array, 0) => writer.write_all(b"\n")?,
            (Layout::Array, _) => writer.write_all(b",\n")?,
            (_, 0) => {}
            _ => writer.write_all(b",")?,
        }
        writer.write_all(record)?;
        if self.layout == Layout::Lines {
            writer.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Ends a whole result.
    pub(crate) fn finish(&mut self, total_size: u64, warnings: &[String]) -> Result<(), CliError> {
        self.end(total_size, warnings)
            .map_err(|error| self.unwritten(error))
    }

    fn end(&mut self, total_size: u64, warnings: &[String]) -> io::Result<()> {
        self.begin()?;
        match &mut self.body {
            Body::Csv(writer) => writer.flush(),
            Body::Table(table) => table.finish(),
            Body::Parquet(writer) => writer.finish(),
            Body::Json(writer) => {
                match self.layout {
                    Layout::Array => writer.write_all(b"\n]\n")?,
                    Layout::Envelope => {
                        write!(writer, r#"],"totalSize":{total_size},"done":true}},"#)?;
                        writeln!(writer, r#""warnings":{},"status":0}}"#, json!(warnings))?;
                    }
                    _ => {}
                }
                writer.flush()
            }
        }
    }

    /// Ends a result that broke off. Only the envelope can say so itself; an array stays open, so
    /// that nobody takes it for whole.
    pub(crate) fn abandon(&mut self, error: &CliError, warnings: &[String]) -> io::Result<Told> {
        match &mut self.body {
            Body::Csv(writer) => writer.flush()?,
            Body::Table(table) => table.finish()?,
            // Without its footer nobody takes it for whole.
            Body::Parquet(writer) => writer.flush()?,
            Body::Json(writer) if self.layout == Layout::Envelope => {
                let report = failure(error, warnings).to_string();
                let members = report.strip_prefix('{').unwrap_or(&report);
                let (rows, code) = (self.rows, Kind::Partial.code());
                writeln!(
                    writer,
                    r#"],"returned":{rows},"done":false}},"status":{code},{members}"#
                )?;
                writer.flush()?;
                return Ok(Told::Yes);
            }
            Body::Json(writer) => writer.flush()?,
        }
        Ok(Told::No)
    }
}

/// The text of a value for a cell. A sub-query in it may have more than was sent.
fn cell<'v>(value: &'v str, has_open_children: &mut bool) -> io::Result<Cow<'v, str>> {
    if !value.starts_with(['{', '[']) {
        return Ok(text(value));
    }
    let (text, is_open) = clean::text(value)?;
    *has_open_children |= is_open;
    Ok(Cow::Owned(text))
}

/// The error of the writer itself: the CSV library wraps it, and a reader that went away would not
/// be known any more.
fn below(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
