//! Writing DER (X.690 §10).
//!
//! Owns the few kinds of value that the formats here are made of. Nothing that is written is a
//! secret, or whoever asked for it wipes it.

use der::asn1::ObjectIdentifier;

/// A value with `tag` around `body`.
pub(crate) fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(body.len() + 6);
    written.push(tag);
    let digits = body.len().to_be_bytes();
    let start = digits.iter().position(|digit| *digit != 0);
    let digits = start.and_then(|start| digits.get(start..));
    match digits.unwrap_or(&[0]) {
        [short] if *short < 0x80 => written.push(*short),
        long => {
            // At most eight digits, so the conversion keeps the value.
            written.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            written.extend_from_slice(long);
        }
    }
    written.extend_from_slice(body);
    written
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    wrap(0x30, &parts.concat())
}

pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    wrap(0x04, bytes)
}

/// A number that is not negative, from its bytes, big-endian.
pub(crate) fn integer(number: &[u8]) -> Vec<u8> {
    let start = number
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(number.len());
    let number = number.get(start..).unwrap_or_default();
    let mut body = Vec::with_capacity(number.len() + 1);
    if number.first().is_none_or(|first| first & 0x80 != 0) {
        body.push(0);
    }
    body.extend_from_slice(number);
    wrap(0x02, &body)
}

pub(crate) fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    wrap(0x06, oid.as_bytes())
}

pub(crate) fn null() -> Vec<u8> {
    vec![0x05, 0]
}

/// A value behind a context-specific tag below 31.
pub(crate) fn explicit(number: u8, value: &[u8]) -> Vec<u8> {
    wrap(0xa0 | number, value)
}
