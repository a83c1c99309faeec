//! The inside of strings.
//!
//! Owns the escapes: `\n \r \t \b \f \" \' \\`, their letters in either case, `\uXXXX`, and after
//! `LIKE` also `\_` and `\%`. Any other backslash is a mistake.

use std::str::Chars;

use super::Parser;
use crate::ast::{PatternPart, Span};
use crate::error::Error;

/// A character of a string and whether a backslash stood before it.
#[derive(Clone, Copy)]
enum Piece {
    Plain(char),
    Escaped(char),
}

/// What is wrong with an escape.
enum Illegal {
    Character(char),
    Unicode(String),
}

impl Parser<'_> {
    /// The value of the string at `span`.
    pub(super) fn string(&self, span: Span) -> Result<String, Error> {
        let mut value = String::new();
        self.unescape(span, |piece| match piece {
            Piece::Escaped(c @ ('_' | '%')) => Err(Illegal::Character(c)),
            Piece::Plain(c) | Piece::Escaped(c) => {
                value.push(c);
                Ok(())
            }
        })?;
        Ok(value)
    }

    /// The string at `span` as a pattern.
    pub(super) fn pattern_parts(&self, span: Span) -> Result<Vec<PatternPart>, Error> {
        let mut parts = Vec::new();
        self.unescape(span, |piece| {
            match piece {
                Piece::Plain('_') => parts.push(PatternPart::AnyOne),
                Piece::Plain('%') => parts.push(PatternPart::AnyRun),
                Piece::Plain(c) | Piece::Escaped(c) => match parts.last_mut() {
                    Some(PatternPart::Text(text)) => text.push(c),
                    _ => parts.push(PatternPart::Text(c.to_string())),
                },
            }
            Ok(())
        })?;
        Ok(parts)
    }

    fn unescape(
        &self,
        span: Span,
        mut take: impl FnMut(Piece) -> Result<(), Illegal>,
    ) -> Result<(), Error> {
        let literal = self.slice(span);
        let inner = literal
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        let mut chars = inner.unwrap_or_default().chars();
        while let Some(c) = chars.next() {
            let piece = if c == '\\' {
                escape(&mut chars)
            } else {
                Ok(Piece::Plain(c))
            };
            if let Err(illegal) = piece.and_then(&mut take) {
                return Err(self.illegal_string(span, &illegal));
            }
        }
        Ok(())
    }

    fn illegal_string(&self, span: Span, illegal: &Illegal) -> Error {
        let reason = match illegal {
            Illegal::Character(c) => format!("Illegal character sequence '\\{c}'"),
            Illegal::Unicode(digits) => format!("Illegal unicode sequence. '\\u{digits}'"),
        };
        let literal = self.slice(span);
        let detail = format!("Invalid string literal {literal}. {reason} in string literal.");
        Error::syntax(self.text, span.start, detail)
    }
}

/// Reads what follows a backslash.
fn escape(chars: &mut Chars<'_>) -> Result<Piece, Illegal> {
    let Some(letter) = chars.next() else {
        return Err(Illegal::Character('\''));
    };
    let c = match letter.to_ascii_lowercase() {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '"' | '\'' | '\\' | '_' | '%' => letter,
        'u' => unicode(chars)?,
        _ => return Err(Illegal::Character(letter)),
    };
    Ok(Piece::Escaped(c))
}

/// Reads the digits of `\uXXXX`, and of the other half of a surrogate pair. A half without its
/// other half is no character, and becomes U+FFFD.
fn unicode(chars: &mut Chars<'_>) -> Result<char, Illegal> {
    let high = code_unit(chars)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok(char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let mut ahead = chars.clone();
    let follows = ahead.next() == Some('\\') && matches!(ahead.next(), Some('u' | 'U'));
    let low = if follows {
        code_unit(&mut ahead).ok()
    } else {
        None
    };
    let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
    if pair.is_some() {
        *chars = ahead;
    }
    Ok(pair.unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn code_unit(chars: &mut Chars<'_>) -> Result<u16, Illegal> {
    let digits: String = chars.take(4).collect();
    let all_digits = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match u16::from_str_radix(&digits, 16) {
        Ok(unit) if all_digits => Ok(unit),
        _ => Err(Illegal::Unicode(digits)),
    }
}
