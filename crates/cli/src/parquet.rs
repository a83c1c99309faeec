//! Tables as Parquet files, written from the first byte to the last without going back.
//!
//! Owns the part of the format that a result needs: columns of one level that may be null, plain
//! values, no compression. A group of rows is held until it has [`GROUP_LENGTH`] bytes, so memory
//! does not grow with the table. Without [`Writer::finish`] there is no footer, and no reader takes
//! the file for whole. (Apache Parquet format 2.10; packages that write all of it are many times
//! the size of this program's part.)

use std::fmt;
use std::io::{self, Write};

use crate::describe::Kind;

mod column;
mod thrift;
mod value;

use column::Column;
use thrift::{Fields, Type};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// So many bytes of values make a group of rows.
const GROUP_LENGTH: usize = 4 * 1024 * 1024;

/// So many rows make one at the latest.
const GROUP_ROWS: u32 = 1_000_000;

/// A value that is none of its column's type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    column: String,
    value: String,
    kind: Kind,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column,
            value,
            kind,
        } = self;
        let what = match kind {
            Kind::Text => "text",
            Kind::Boolean => "true or false",
            Kind::Integer => "a whole number",
            Kind::Double => "a number",
            Kind::Date => "a date",
            Kind::Moment => "a date with a time",
        };
        write!(f, "{value:?} in column {column} is not {what}")
    }
}

impl std::error::Error for Misfit {}

/// A file on its way to a writer.
pub(crate) struct Writer<W> {
    to: W,
    at: u64,
    columns: Vec<Column>,
    rows_in_group: u32,
    rows: u64,
    groups: Vec<u8>,
    group_count: usize,
}

impl<W: Write> Writer<W> {
    /// A table without columns; nothing is written yet.
    pub(crate) const fn new(to: W) -> Self {
        Self {
            to,
            at: 0,
            columns: Vec::new(),
            rows_in_group: 0,
            rows: 0,
            groups: Vec::new(),
            group_count: 0,
        }
    }

    /// Names the columns and begins the file.
    pub(crate) fn start(
        &mut self,
        columns: impl IntoIterator<Item = (String, Kind)>,
    ) -> io::Result<()> {
        let columns = columns.into_iter();
        self.columns = columns
            .map(|(name, kind)| Column::new(name, kind))
            .collect();
        self.put(MAGIC)
    }

    /// Adds a row. A column without a value is null.
    pub(crate) fn row<'v>(
        &mut self,
        values: impl IntoIterator<Item = Option<&'v str>>,
    ) -> io::Result<()> {
        let mut values = values.into_iter();
        let mut length = 0;
        for column in &mut self.columns {
            column
                .push(values.next().flatten())
                .map_err(|misfit| io::Error::new(io::ErrorKind::InvalidData, misfit))?;
            length += column.length();
        }
        self.rows_in_group += 1;
        self.rows += 1;
        if length >= GROUP_LENGTH || self.rows_in_group >= GROUP_ROWS {
            self.end_group()?;
        }
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.end_group()?;
        let footer = self.footer();
        self.put(&footer)?;
        let length = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.to.flush()
    }

    /// Hands on what was written, without an end.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    fn end_group(&mut self) -> io::Result<()> {
        if self.rows_in_group == 0 {
            return Ok(());
        }
        let rows = i64::from(std::mem::take(&mut self.rows_in_group));
        let mut columns = std::mem::take(&mut self.columns);
        let mut chunks = Vec::new();
        let mut total = 0;
        for column in &mut columns {
            let offset = self.at;
            let (head, levels) = column.page_head();
            self.put(&head)?;
            self.put(&levels)?;
            self.put(column.values())?;
            let length = self.at - offset;
            total += length;
            column.chunk(&mut chunks, (offset, length));
            column.clear();
        }
        let mut group = Fields::new(&mut self.groups);
        group.list(1, Type::Struct, columns.len(), &chunks);
        group.i64(2, signed(total));
        group.i64(3, rows);
        group.end();
        self.group_count += 1;
        self.columns = columns;
        Ok(())
    }

    fn footer(&self) -> Vec<u8> {
        let mut schema = Vec::new();
        let mut root = Fields::new(&mut schema);
        root.text(4, "record");
        root.i32(5, i32::try_from(self.columns.len()).unwrap_or(i32::MAX));
        root.end();
        for column in &self.columns {
            column.element(&mut schema);
        }
        let mut footer = Vec::new();
        let mut file = Fields::new(&mut footer);
        file.i32(1, 1);
        file.list(2, Type::Struct, self.columns.len() + 1, &schema);
        file.i64(3, signed(self.rows));
        file.list(4, Type::Struct, self.group_count, &self.groups);
        file.text(6, concat!("accredit ", env!("CARGO_PKG_VERSION")));
        file.end();
        footer
    }
}

/// The format counts in signed numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
