//! Writing JSON by hand: rows go straight from the database into the answer.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes `text` in quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = first_escape(rest) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else {
            break;
        };
        write_escape(out, *byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The place of the first byte that needs an escape. Looks at eight bytes at a time.
fn first_escape(text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    let clean = words.iter().take_while(|word| !has_escape(**word)).count();
    let from = clean * 8;
    let rest = if clean < words.len() {
        text.get(from..)?
    } else {
        rest
    };
    let at = rest.iter().position(|byte| needs_escape(*byte))?;
    Some(from + at)
}

/// Whether one of eight bytes needs an escape: the highest bit of a byte is set by taking something
/// larger away from it.
fn has_escape(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    let word = u64::from_ne_bytes(bytes);
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHEST;
    let equals = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equals(b'"') | equals(b'\\')) != 0
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            print(out, format_args!("\\u{byte:04X}"));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Writes to memory, which does not fail.
fn print(out: &mut Vec<u8>, text: Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

/// Writes a whole number.
pub(crate) fn write_integer(out: &mut Vec<u8>, number: i64) {
    print(out, format_args!("{number}"));
}

/// Writes a number as Java does, for that is what the other side of the wire is used to: `300.0`,
/// `1.25E7`.
pub(crate) fn write_real(out: &mut Vec<u8>, number: f64) {
    if !number.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    let start = out.len();
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        print(out, format_args!("{number}"));
        if !out.get(start..).is_some_and(|text| text.contains(&b'.')) {
            out.extend_from_slice(b".0");
        }
        return;
    }
    let text = format!("{number:E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    print(out, format_args!("{digits}{point}E{exponent}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(number: f64) -> String {
        let mut out = Vec::new();
        write_real(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_look_as_java_writes_them() {
        for (number, text) in [
            (0.0, "0.0"),
            (300.0, "300.0"),
            (-1.5, "-1.5"),
            (0.001, "0.001"),
            (0.00025, "2.5E-4"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (123_456_789.25, "1.2345678925E8"),
            (1e-3, "0.001"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(real(number), text);
        }
    }

    #[test]
    fn text_is_escaped_and_read_back() {
        for text in [
            "",
            "plain",
            "quote \" back \\ slash",
            "a\nb\tc\u{1}d\u{8}",
            "Łódź 🚀",
            "long enough for words: none of these is special",
            "the eighth\"is special, and the last one is too\"",
            "1234567\u{1f}1234567\u{7f}\u{80}\u{ff}ÿ12345678\\",
            "12345678\n",
        ] {
            let mut out = Vec::new();
            write_text(&mut out, text.as_bytes());
            let back: String = serde_json::from_slice(&out).unwrap();
            assert_eq!(back, text);
        }
    }
}
