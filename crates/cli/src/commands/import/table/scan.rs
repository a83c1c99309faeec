//! One look through the records of a table: are they text, do they end as they should, and where
//! may the table be cut.

use super::Part;
use super::dialect::{Dialect, Header, LineEnding};

/// A look through a table.
pub(super) struct Scan {
    line_ending: LineEnding,
    length_max: u64,
    header_length: u64,
    at: u64,
    line: u64,
    /// The line in which the quotes were opened.
    quoted_since: Option<u64>,
    before: u8,
    /// Where the record began that is looked at.
    record: u64,
    text: Text,
    part: Part,
    parts: Vec<Part>,
}

impl Scan {
    pub(super) fn new(header: &Header, dialect: Dialect, length_max: u64) -> Self {
        Self {
            line_ending: dialect.line_ending,
            length_max,
            header_length: header.line.len() as u64,
            at: header.end,
            line: 2,
            quoted_since: None,
            before: b'\n',
            record: header.end,
            text: Text::default(),
            part: Part {
                start: header.end,
                end: header.end,
                records: 0,
            },
            parts: Vec::new(),
        }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), String> {
        for byte in bytes {
            self.at += 1;
            match byte {
                b'"' => {
                    self.quoted_since = match self.quoted_since {
                        Some(_) => None,
                        None => Some(self.line),
                    };
                }
                b'\n' => {
                    if self.quoted_since.is_none() {
                        self.end_record()?;
                    }
                    self.line += 1;
                }
                _ => {}
            }
            self.before = *byte;
        }
        let line = self.line;
        self.text.feed(bytes).ok_or_else(|| {
            format!("there is something before line {line} that is not UTF-8: save it as CSV UTF-8")
        })
    }

    /// Ends the record before a line break.
    fn end_record(&mut self) -> Result<(), String> {
        let found = match self.before {
            b'\r' => LineEnding::Crlf,
            _ => LineEnding::Lf,
        };
        if found != self.line_ending {
            return Err(format!(
                "line {} ends in {} and the header in {}: a job takes one or the other",
                self.line,
                found.as_str(),
                self.line_ending.as_str()
            ));
        }
        let empty = match found {
            LineEnding::Lf => 1,
            LineEnding::Crlf => 2,
        };
        self.take_record(self.at - self.record > empty)
    }

    fn take_record(&mut self, counts: bool) -> Result<(), String> {
        let fits = |start: u64| self.at - start + self.header_length <= self.length_max;
        if !fits(self.record) {
            let (line, most) = (self.line, self.length_max);
            return Err(format!(
                "the record that ends in line {line} is longer than {most} bytes"
            ));
        }
        if !fits(self.part.start) {
            self.parts.push(self.part);
            self.part = Part {
                start: self.record,
                end: self.record,
                records: 0,
            };
        }
        self.part.end = self.at;
        self.part.records += u64::from(counts);
        self.record = self.at;
        Ok(())
    }

    /// Ends the table and gives its parts.
    pub(super) fn finish(mut self) -> Result<Vec<Part>, String> {
        if let Some(line) = self.quoted_since {
            return Err(format!(
                "the quotes that are opened in line {line} do not end"
            ));
        }
        if !self.text.is_whole() {
            return Err("its end is cut off in the middle of a letter".to_owned());
        }
        if self.at > self.record {
            self.take_record(true)?;
        }
        if self.part.records > 0 {
            self.parts.push(self.part);
        }
        match self.parts.is_empty() {
            true => Err("it has a header and no records".to_owned()),
            false => Ok(self.parts),
        }
    }
}

/// Text that comes in pieces, which may be cut within a letter.
#[derive(Default)]
struct Text {
    cut: Vec<u8>,
}

impl Text {
    /// Takes the next bytes; nothing if they are not UTF-8.
    fn feed(&mut self, mut bytes: &[u8]) -> Option<()> {
        while !self.cut.is_empty() {
            let (first, rest) = bytes.split_first()?;
            self.cut.push(*first);
            bytes = rest;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() && !bytes.is_empty() => {}
                Err(error) if error.error_len().is_none() => return Some(()),
                Err(_) => return None,
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => Some(()),
            Err(error) if error.error_len().is_none() => {
                self.cut = bytes.get(error.valid_up_to()..)?.to_vec();
                Some(())
            }
            Err(_) => None,
        }
    }

    fn is_whole(&self) -> bool {
        self.cut.is_empty()
    }
}
