//! Undoing what travel does to the text of a key.
//!
//! Owns the damages that can be undone without a doubt, and their names: each one that was undone
//! is told. Changes no digit of a key. Copies are wiped.

use std::fmt;

use accredit::secret::Secret;

use crate::armor::{find, is_pem};

/// Something that was wrong with the text of a key and was put right.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The text was UTF-16.
    Utf16,
    /// A byte order mark stood before the text.
    ByteOrderMark,
    /// Lines ended with carriage return and line feed.
    WindowsLines,
    /// Lines ended with a backslash and an `n`.
    EscapedLines,
    /// The whole block was on one line.
    OneLine,
    /// The file was encoded in base64 once more.
    Base64,
    /// The BEGIN and END lines were missing.
    NoLabels,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16 => "it is UTF-16 text and was read as such",
            Self::ByteOrderMark => "the byte order mark before it was left out",
            Self::WindowsLines => "its lines end as on Windows and were read as such",
            Self::EscapedLines => {
                "a backslash and an n stood where its lines should end; real line ends were put \
                 there"
            }
            Self::OneLine => "its lines were joined into one and were taken apart",
            Self::Base64 => "it was encoded in base64 once more and was decoded",
            Self::NoLabels => "its BEGIN and END lines are missing; its base64 was decoded as DER",
        })
    }
}

/// The text in `bytes` and what was put right; `None` if it says to be UTF-16 and is not.
pub(crate) fn repaired(bytes: &[u8]) -> Option<(Secret<Vec<u8>>, Vec<Repair>)> {
    let mut repairs = Vec::new();
    let mut text = match bytes {
        [0xff, 0xfe, rest @ ..] => {
            repairs.push(Repair::Utf16);
            utf8(rest, u16::from_le_bytes)?
        }
        [0xfe, 0xff, rest @ ..] => {
            repairs.push(Repair::Utf16);
            utf8(rest, u16::from_be_bytes)?
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            repairs.push(Repair::ByteOrderMark);
            Secret::new(rest.to_vec())
        }
        plain => Secret::new(plain.to_vec()),
    };
    // JSON has escapes of its own.
    let trimmed = text.expose().trim_ascii();
    let is_json = matches!(trimmed, [b'{' | b'[', ..] | [b'"', b'{', ..]);
    if is_pem(text.expose()) && !is_json {
        if find(text.expose(), b"\\n").is_some() {
            repairs.push(Repair::EscapedLines);
            text = unescaped(text.expose());
        }
        if find(text.expose(), b"\r\n").is_some() {
            repairs.push(Repair::WindowsLines);
        }
        if is_one_line(text.expose()) {
            repairs.push(Repair::OneLine);
        }
    }
    Some((text, repairs))
}

fn utf8(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Secret<Vec<u8>>> {
    let units = bytes
        .chunks(2)
        .map(|two| two.try_into().map(unit))
        .collect::<Result<Vec<u16>, _>>();
    let mut units = units.ok()?;
    let text = String::from_utf16(&units).ok();
    zeroize::Zeroize::zeroize(&mut units);
    text.map(|text| Secret::new(text.into_bytes()))
}

/// Backslashes, however many, and an `n` or `r` become a line end.
fn unescaped(text: &[u8]) -> Secret<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        match rest.get(slashes) {
            Some(b'n' | b'r') if slashes > 0 => {
                plain.push(b'\n');
                rest = rest.get(slashes + 1..).unwrap_or_default();
            }
            _ => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    Secret::new(plain)
}

/// Says whether no line of the first block ends.
fn is_one_line(text: &[u8]) -> bool {
    const END: &[u8] = b"-----END";
    let Some(begin) = find(text, b"-----BEGIN ") else {
        return false;
    };
    let block = text.get(begin..).unwrap_or_default();
    let end = find(block, END).unwrap_or_default();
    !block
        .get(..end)
        .is_none_or(|block| block.is_empty() || block.contains(&b'\n') || block.contains(&b'\r'))
}
