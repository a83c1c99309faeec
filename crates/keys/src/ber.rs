//! From BER to DER, as far as PKCS#12 needs it (X.690 §8).
//!
//! Owns two liberties that writers of PKCS#12 take: lengths that are left open, and texts in
//! pieces. Everything else passes as it is. Invariant: what comes out is no longer than what went
//! in, but for lengths, and nested no deeper than [`DEPTH_MAX`].

use crate::writing::wrap;

/// Deeper than any PKCS#12 nests.
const DEPTH_MAX: usize = 16;

const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;

/// The value at the start of `ber` in DER, if it is the only one and has no mistakes.
pub(crate) fn to_der(ber: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { rest: ber };
    let value = reader.value(0)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// The length, or `None` inside if it is left open.
    fn length(&mut self) -> Option<Option<usize>> {
        match self.byte()? {
            0x80 => Some(None),
            short @ ..0x80 => Some(Some(usize::from(short))),
            long => {
                let digits = self.bytes(usize::from(long & 0x7f))?;
                (digits.len() <= 4).then(|| {
                    Some(
                        digits
                            .iter()
                            .fold(0, |length, digit| length << 8 | usize::from(*digit)),
                    )
                })
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Vec<u8>> {
        let tag = self.byte()?;
        // Tags above 30 have more bytes; no format here has them.
        if depth > DEPTH_MAX || tag & 0x1f == 0x1f {
            return None;
        }
        let length = self.length()?;
        if tag & CONSTRUCTED == 0 {
            return Some(wrap(tag, self.bytes(length?)?));
        }
        let parts = match length {
            Some(length) => {
                let mut inside = Reader {
                    rest: self.bytes(length)?,
                };
                let mut parts = Vec::new();
                while !inside.rest.is_empty() {
                    parts.push(inside.value(depth + 1)?);
                }
                parts
            }
            None => {
                let mut parts = Vec::new();
                while !self.rest.starts_with(&[0, 0]) {
                    parts.push(self.value(depth + 1)?);
                }
                self.bytes(2)?;
                parts
            }
        };
        // The pieces of a text become one.
        if tag == OCTET_STRING | CONSTRUCTED {
            let body: Option<Vec<&[u8]>> = parts.iter().map(|part| body(part)).collect();
            return Some(wrap(tag & !CONSTRUCTED, &body?.concat()));
        }
        Some(wrap(tag, &parts.concat()))
    }
}

/// The body of a value that this module wrote.
fn body(value: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader { rest: value };
    reader.byte()?;
    reader.length()?;
    Some(reader.rest)
}
