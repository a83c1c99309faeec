//! The compact protocol of Thrift, as far as the headers of a Parquet file need it: written only.

/// The types of fields and elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Type {
    I32 = 5,
    I64 = 6,
    Binary = 8,
    List = 9,
    Struct = 12,
}

/// The fields of a struct, in ascending order.
pub(super) struct Fields<'o> {
    out: &'o mut Vec<u8>,
    last: u8,
}

impl<'o> Fields<'o> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, last: 0 }
    }

    fn head(&mut self, id: u8, of: Type) {
        let delta = id - self.last;
        self.last = id;
        self.out.push(delta << 4 | of as u8);
    }

    pub(super) fn i32(&mut self, id: u8, value: i32) {
        self.head(id, Type::I32);
        integer(self.out, i64::from(value));
    }

    pub(super) fn i64(&mut self, id: u8, value: i64) {
        self.head(id, Type::I64);
        integer(self.out, value);
    }

    pub(super) fn text(&mut self, id: u8, value: &str) {
        self.head(id, Type::Binary);
        text(self.out, value);
    }

    /// A list whose elements are written already.
    pub(super) fn list(&mut self, id: u8, of: Type, length: usize, elements: &[u8]) {
        self.head(id, Type::List);
        match u8::try_from(length) {
            Ok(length) if length < 15 => self.out.push(length << 4 | of as u8),
            _ => {
                self.out.push(0xF0 | of as u8);
                varint(self.out, length as u64);
            }
        }
        self.out.extend_from_slice(elements);
    }

    /// A struct whose fields, and their end, are written already.
    pub(super) fn structure(&mut self, id: u8, fields: &[u8]) {
        self.head(id, Type::Struct);
        self.out.extend_from_slice(fields);
    }

    pub(super) fn end(self) {
        self.out.push(0);
    }
}

/// A number of seven bits a byte.
pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low seven bits are meant"
        )]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is below 0x80")]
    out.push(value as u8);
}

/// A signed number, small for small ones of either sign.
pub(super) fn integer(out: &mut Vec<u8>, value: i64) {
    varint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

pub(super) fn text(out: &mut Vec<u8>, value: &str) {
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_compact_protocol() {
        for (value, expected) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-65, &[0x81, 1]),
            (
                i64::MAX,
                &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            ),
        ] {
            let mut out = Vec::new();
            integer(&mut out, value);
            assert_eq!(out, expected, "{value}");
        }
    }

    #[test]
    fn fields_count_from_the_one_before_and_long_lists_say_their_length() {
        let mut out = Vec::new();
        let mut fields = Fields::new(&mut out);
        fields.i32(1, 1);
        fields.text(4, "ab");
        fields.list(5, Type::I32, 20, &[]);
        fields.end();
        assert_eq!(out, [0x15, 2, 0x38, 2, b'a', b'b', 0x19, 0xF5, 20, 0]);
    }
}
