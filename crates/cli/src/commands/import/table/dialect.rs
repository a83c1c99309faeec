//! How a table is written: encoding, delimiter and line ends, told by its first line.

use std::io::{self, Read};

use crate::args::import::Delimiter;

/// The longest header, in bytes.
const HEADER_LENGTH_MAX: usize = 1024 * 1024;

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnding {
    Lf,
    Crlf,
}

impl LineEnding {
    /// The word of the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::Crlf => "CRLF",
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: Delimiter,
    pub(crate) line_ending: LineEnding,
}

/// The first line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) columns: Vec<String>,
    /// As it is sent: without a byte order mark, with its line break.
    pub(super) line: Vec<u8>,
    /// Where the first record begins.
    pub(super) end: u64,
}

/// The bytes of a table up to the end of its first line.
pub(super) struct Start(Vec<u8>);

/// Reads that much.
pub(super) fn header(table: &mut impl Read) -> io::Result<Start> {
    let mut bytes = Vec::new();
    let mut is_quoted = false;
    let mut piece = vec![0; 8 * 1024];
    loop {
        let length = table.read(&mut piece)?;
        for byte in piece.get(..length).unwrap_or_default() {
            bytes.push(*byte);
            is_quoted ^= *byte == b'"';
            if *byte == b'\n' && !is_quoted {
                return Ok(Start(bytes));
            }
        }
        if length == 0 || bytes.len() > HEADER_LENGTH_MAX {
            return Ok(Start(bytes));
        }
    }
}

impl Start {
    /// Finds out how the table is written. The error says what is wrong with it.
    pub(super) fn read(self, delimiter: Option<Delimiter>) -> Result<(Header, Dialect), String> {
        let Self(bytes) = self;
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(
                "it is UTF-16, and Salesforce reads UTF-8: save it as CSV UTF-8".to_owned(),
            );
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return Err("it is a workbook and not a table: save it as CSV UTF-8".to_owned());
        }
        let end = bytes.len() as u64;
        let marked = bytes.strip_prefix(b"\xEF\xBB\xBF");
        let line = marked.unwrap_or(&bytes);
        let text = std::str::from_utf8(line)
            .map_err(|_| "its header is not UTF-8: save it as CSV UTF-8".to_owned())?;
        let bare = text.trim_end_matches(['\r', '\n']);
        if bare.is_empty() {
            return Err("it has no header, expected the names of fields in its first line".into());
        }
        if bare.contains('\r') && !bare.contains('"') {
            return Err("its lines end in CR alone: save it with LF or CRLF".to_owned());
        }
        if end > HEADER_LENGTH_MAX as u64 {
            return Err("its first line does not end: a quote may be missing".to_owned());
        }
        let dialect = Dialect {
            delimiter: delimiter.unwrap_or_else(|| likeliest(bare)),
            line_ending: match text.ends_with("\r\n") {
                true => LineEnding::Crlf,
                false => LineEnding::Lf,
            },
        };
        let columns = columns(bare, dialect.delimiter)?;
        let mut line = line.to_vec();
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        let header = Header { columns, line, end };
        Ok((header, dialect))
    }
}

/// The delimiter that stands most often outside of quotes.
fn likeliest(header: &str) -> Delimiter {
    let mut counts = [0_usize; Delimiter::ALL.len()];
    let mut is_quoted = false;
    for byte in header.bytes() {
        is_quoted ^= byte == b'"';
        let place = Delimiter::ALL.iter().position(|one| one.byte() == byte);
        if let Some(count) = place.and_then(|place| counts.get_mut(place))
            && !is_quoted
        {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let of_most = Delimiter::ALL.into_iter().zip(counts);
    let mut of_most = of_most.filter(|(_, count)| *count == most);
    of_most.next().map_or(Delimiter::Comma, |(one, _)| one)
}

fn columns(header: &str, delimiter: Delimiter) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter.byte())
        .from_reader(header.as_bytes());
    let mut line = csv::StringRecord::new();
    reader
        .read_record(&mut line)
        .map_err(|error| error.to_string())?;
    let columns: Vec<String> = line.iter().map(str::to_owned).collect();
    for (at, column) in columns.iter().enumerate() {
        if column.trim() != column {
            return Err(format!("column {column:?} has blanks around its name"));
        }
        if column.is_empty() {
            return Err(format!("column {} has no name", at + 1));
        }
        let before = columns.get(..at).unwrap_or_default();
        if before
            .iter()
            .any(|other| other.eq_ignore_ascii_case(column))
        {
            return Err(format!("column {column} is there twice"));
        }
    }
    Ok(columns)
}
