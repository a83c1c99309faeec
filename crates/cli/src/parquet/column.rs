//! One column of a group of rows: its values, which of them are there, and the headers that say so.

use super::Misfit;
use super::thrift::{Fields, Type, integer, text, varint};
use super::value;
use crate::describe::Kind;

/// Values without an encoding of their own.
const PLAIN: i32 = 0;
/// Runs and packed bits: which values are there.
const RLE: i32 = 3;

/// A column.
pub(super) struct Column {
    name: String,
    kind: Kind,
    values: Vec<u8>,
    /// One bit a row: whether it has a value.
    present: Bits,
    /// The values of a boolean column.
    booleans: Bits,
    nulls: u32,
}

/// Bits in the order of the format: the first one is the lowest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    length: u32,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        let at = self.length % 8;
        if at == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << at;
        }
        self.length += 1;
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.length = 0;
    }
}

impl Column {
    pub(super) fn new(name: String, kind: Kind) -> Self {
        Self {
            name,
            kind,
            values: Vec::new(),
            present: Bits::default(),
            booleans: Bits::default(),
            nulls: 0,
        }
    }

    /// Adds a value, or its absence.
    pub(super) fn push(&mut self, value: Option<&str>) -> Result<(), Misfit> {
        self.present.push(value.is_some());
        let Some(text) = value else {
            self.nulls += 1;
            return Ok(());
        };
        self.push_value(text).ok_or_else(|| Misfit {
            column: self.name.clone(),
            value: text.chars().take(100).collect(),
            kind: self.kind,
        })
    }

    fn push_value(&mut self, text: &str) -> Option<()> {
        match self.kind {
            Kind::Text => {
                let length = u32::try_from(text.len()).ok()?;
                self.values.extend_from_slice(&length.to_le_bytes());
                self.values.extend_from_slice(text.as_bytes());
            }
            Kind::Boolean => self.booleans.push(value::boolean(text)?),
            Kind::Integer => self.put(value::integer(text)?.to_le_bytes()),
            Kind::Double => self.put(value::double(text)?.to_le_bytes()),
            Kind::Date => self.put(value::days(text)?.to_le_bytes()),
            Kind::Moment => self.put(value::milliseconds(text)?.to_le_bytes()),
        }
        Some(())
    }

    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.values.extend_from_slice(&bytes);
    }

    /// About how many bytes it holds.
    pub(super) const fn length(&self) -> usize {
        self.values.len() + self.booleans.bytes.len() + self.present.bytes.len()
    }

    /// The values as they stand in the page.
    pub(super) fn values(&self) -> &[u8] {
        match self.kind {
            Kind::Boolean => &self.booleans.bytes,
            _ => &self.values,
        }
    }

    /// Forgets the rows and keeps the room for the next.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.present.clear();
        self.booleans.clear();
        self.nulls = 0;
    }

    /// The header of the page, and what says which values are there.
    pub(super) fn page_head(&self) -> (Vec<u8>, Vec<u8>) {
        let levels = self.levels();
        let length = i32_of(levels.len() + self.values().len());
        let mut of_data = Vec::new();
        let mut data = Fields::new(&mut of_data);
        data.i32(1, self.count());
        data.i32(2, PLAIN);
        data.i32(3, RLE);
        data.i32(4, RLE);
        data.end();
        let mut head = Vec::new();
        let mut page = Fields::new(&mut head);
        page.i32(1, 0);
        page.i32(2, length);
        page.i32(3, length);
        page.structure(5, &of_data);
        page.end();
        (head, levels)
    }

    fn count(&self) -> i32 {
        i32::try_from(self.present.length).unwrap_or(i32::MAX)
    }

    /// The presence of each value: one run if all are alike, else packed bits. Its length before.
    fn levels(&self) -> Vec<u8> {
        let mut runs = Vec::new();
        let rows = self.present.length;
        if self.nulls == 0 || self.nulls == rows {
            varint(&mut runs, u64::from(rows) << 1);
            runs.push(u8::from(self.nulls == 0));
        } else {
            varint(&mut runs, u64::from(rows.div_ceil(8)) << 1 | 1);
            runs.extend_from_slice(&self.present.bytes);
        }
        let length = u32::try_from(runs.len()).unwrap_or(u32::MAX);
        let mut levels = length.to_le_bytes().to_vec();
        levels.append(&mut runs);
        levels
    }

    /// What the footer says of the column in a group: where it is.
    pub(super) fn chunk(&self, out: &mut Vec<u8>, (offset, length): (u64, u64)) {
        let (mut encodings, mut path, mut of_meta) = (Vec::new(), Vec::new(), Vec::new());
        integer(&mut encodings, i64::from(PLAIN));
        integer(&mut encodings, i64::from(RLE));
        text(&mut path, &self.name);
        let mut meta = Fields::new(&mut of_meta);
        meta.i32(1, self.physical());
        meta.list(2, Type::I32, 2, &encodings);
        meta.list(3, Type::Binary, 1, &path);
        meta.i32(4, 0);
        meta.i64(5, i64::from(self.count()));
        meta.i64(6, super::signed(length));
        meta.i64(7, super::signed(length));
        meta.i64(9, super::signed(offset));
        meta.end();
        let mut chunk = Fields::new(out);
        chunk.i64(2, super::signed(offset));
        chunk.structure(3, &of_meta);
        chunk.end();
    }

    /// What the schema says of the column.
    pub(super) fn element(&self, out: &mut Vec<u8>) {
        let mut element = Fields::new(out);
        element.i32(1, self.physical());
        // It may be null.
        element.i32(3, 1);
        element.text(4, &self.name);
        match self.kind {
            Kind::Text => element.i32(6, 0),
            Kind::Date => element.i32(6, 6),
            Kind::Moment => element.i32(6, 9),
            Kind::Boolean | Kind::Integer | Kind::Double => {}
        }
        element.end();
    }

    const fn physical(&self) -> i32 {
        match self.kind {
            Kind::Boolean => 0,
            Kind::Date => 1,
            Kind::Integer | Kind::Moment => 2,
            Kind::Double => 5,
            Kind::Text => 6,
        }
    }
}

fn i32_of(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
