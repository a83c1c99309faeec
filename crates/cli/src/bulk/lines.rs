//! The lines of a table in CSV, found while its bytes go by.
//!
//! Owns the one rule that counts: a line break inside quotes ends no record. No line is held.

/// Counts records, and knows where the header ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    is_quoted: bool,
    /// Whether something came after the last line break.
    is_open: bool,
    ended: u64,
    length: u64,
    header_length: Option<u64>,
}

impl Lines {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let rest = match self.header_length {
            Some(_) => bytes,
            None => self.feed_header(bytes),
        };
        let (mut is_quoted, mut ended) = (self.is_quoted, 0);
        for byte in rest {
            is_quoted ^= *byte == b'"';
            ended += u64::from(!is_quoted & (*byte == b'\n'));
        }
        self.is_quoted = is_quoted;
        self.ended += ended;
        self.length += rest.len() as u64;
        if let Some(last) = bytes.last() {
            self.is_open = *last != b'\n' || is_quoted;
        }
    }

    /// Takes bytes up to the end of the header; gives those after it.
    fn feed_header<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        for (at, byte) in bytes.iter().enumerate() {
            self.is_quoted ^= *byte == b'"';
            if *byte == b'\n' && !self.is_quoted {
                self.ended += 1;
                self.length += at as u64 + 1;
                self.header_length = Some(self.length);
                return bytes.get(at + 1..).unwrap_or_default();
            }
        }
        self.length += bytes.len() as u64;
        &[]
    }

    /// How many bytes the header has, its line break included.
    pub(crate) fn header_length(&self) -> u64 {
        self.header_length.unwrap_or(self.length)
    }

    /// How many records came after the header. The last one may do without a line break.
    pub(crate) const fn records(&self) -> u64 {
        let lines = self.ended + self.is_open as u64;
        lines.saturating_sub(1)
    }

    /// Whether the last record does without a line break.
    pub(crate) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the bytes end inside quotes: the table is cut off.
    pub(crate) const fn is_cut_off(&self) -> bool {
        self.is_quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_however_the_bytes_are_cut() {
        for (table, header, records, is_cut_off) in [
            ("", 0, 0, false),
            ("\"A\"\n", 4, 0, false),
            ("\"A\"", 3, 0, false),
            ("A,B\r\n1,2\r\n3,4", 5, 2, false),
            ("\"A\nB\",C\n\"1\n\"\"2\",x\n", 8, 1, false),
            ("A\n\"1", 2, 1, true),
        ] {
            for size in 1..=table.len().max(1) {
                let mut lines = Lines::default();
                for bytes in table.as_bytes().chunks(size) {
                    lines.feed(bytes);
                }
                let found = (lines.header_length(), lines.records(), lines.is_cut_off());
                assert_eq!(found, (header, records, is_cut_off), "{table:?} by {size}");
            }
        }
    }
}
