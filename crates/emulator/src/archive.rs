//! ZIP archives (APPNOTE.TXT 6.3) with stored and deflated files.
//!
//! Owns the reading of what strangers send: every length is checked against the archive, every file
//! against its checksum, and all of them together against a limit. Encrypted, split and ZIP64
//! archives are refused.

use std::collections::BTreeSet;
use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// The most files of an archive: an app has five.
const FILES_MAX: usize = 2_000;

/// The longest path, in bytes.
const PATH_LENGTH_MAX: usize = 512;

/// The most bytes of all files together, unpacked.
const LENGTH_MAX: u64 = 16 << 20;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Its path, with slashes.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

/// The files in the order of the archive, without folders. The error says what is wrong.
pub(crate) fn unpack(archive: &[u8]) -> Result<Vec<Packed>, String> {
    let damaged = || "the archive is damaged".to_owned();
    let end = end_of(archive).ok_or("this is no ZIP archive")?;
    let count = usize::from(short(end, 10).ok_or_else(damaged)?);
    if count > FILES_MAX {
        return Err(format!("expected at most {FILES_MAX} files, found {count}"));
    }
    let mut at = long(end, 16).ok_or_else(damaged)?;
    let (mut files, mut names, mut left) = (Vec::new(), BTreeSet::new(), LENGTH_MAX);
    for _ in 0..count {
        let entry = archive.get(at..).ok_or_else(damaged)?;
        let (entry, length) = Entry::read(entry).ok_or_else(damaged)?;
        at += length;
        if entry.path.ends_with('/') {
            continue;
        }
        check_path(&entry.path)?;
        if !names.insert(entry.path.clone()) {
            return Err(format!("{} is there twice", entry.path));
        }
        let content = entry.unpack(archive, left)?;
        left -= content.len() as u64;
        files.push(Packed {
            path: entry.path,
            content,
        });
    }
    Ok(files)
}

/// What the archive ends with: it may be followed by a comment.
fn end_of(archive: &[u8]) -> Option<&[u8]> {
    let from = archive.len().saturating_sub(22 + usize::from(u16::MAX));
    let tail = archive.get(from..)?;
    let at = tail.windows(4).rposition(|window| window == END)?;
    let end = tail.get(at..)?;
    (end.len() == 22 + usize::from(short(end, 20)?)).then_some(end)
}

fn check_path(path: &str) -> Result<(), String> {
    let is_safe = path.len() <= PATH_LENGTH_MAX
        && !path.starts_with('/')
        && !path.contains(['\\', '\0', ':'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_safe {
        return Ok(());
    }
    Err(format!("{path:?} is no path of a file in an archive"))
}

/// What the directory says of a file.
struct Entry {
    path: String,
    method: u16,
    is_encrypted: bool,
    checksum: u32,
    packed: usize,
    length: usize,
    offset: usize,
}

impl Entry {
    /// Reads the entry at the start of `text`, and says how long it is.
    fn read(text: &[u8]) -> Option<(Self, usize)> {
        let text_of = |from: usize, length: usize| text.get(from..from.checked_add(length)?);
        if text_of(0, 4)? != ENTRY {
            return None;
        }
        let name = usize::from(short(text, 28)?);
        let more = usize::from(short(text, 30)?) + usize::from(short(text, 32)?);
        let entry = Self {
            path: std::str::from_utf8(text_of(46, name)?).ok()?.to_owned(),
            is_encrypted: short(text, 8)? & 1 == 1,
            method: short(text, 10)?,
            checksum: u32::try_from(long(text, 16)?).ok()?,
            packed: long(text, 20)?,
            length: long(text, 24)?,
            offset: long(text, 42)?,
        };
        Some((entry, 46 + name + more))
    }

    fn data<'a>(&self, archive: &'a [u8]) -> Option<&'a [u8]> {
        let local = archive.get(self.offset..)?;
        if !local.starts_with(LOCAL) {
            return None;
        }
        let start = 30 + usize::from(short(local, 26)?) + usize::from(short(local, 28)?);
        local.get(start..start.checked_add(self.packed)?)
    }

    fn unpack(&self, archive: &[u8], left: u64) -> Result<Vec<u8>, String> {
        let refused = |what: &str| Err(format!("{} {what}", self.path));
        if self.is_encrypted {
            return refused("is encrypted");
        }
        if self.length as u64 > left {
            let megabytes = LENGTH_MAX >> 20;
            return Err(format!("expected at most {megabytes} MB, unpacked"));
        }
        let Some(data) = self.data(archive) else {
            return refused("is damaged");
        };
        let mut content = Vec::new();
        let read = match self.method {
            0 => data.take(left).read_to_end(&mut content),
            // One byte more than it should have shows that it has more.
            8 => DeflateDecoder::new(data)
                .take(self.length as u64 + 1)
                .read_to_end(&mut content),
            other => return refused(&format!("is packed by method {other}")),
        };
        let mut sum = Crc::new();
        sum.update(&content);
        if read.is_err() || content.len() != self.length || sum.sum() != self.checksum {
            return refused("is damaged");
        }
        Ok(content)
    }
}

fn short(text: &[u8], at: usize) -> Option<u16> {
    let bytes = text.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_le_bytes(bytes))
}

fn long(text: &[u8], at: usize) -> Option<usize> {
    let bytes = text.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

#[cfg(test)]
pub(crate) mod tests;
