//! Text to tokens.
//!
//! Owns where tokens begin and end, not what they mean: keywords are words, and the escapes of a
//! string are looked at by the parser, which knows whether it stands after `LIKE`. The last token
//! is always [`TokenKind::End`] or [`TokenKind::Broken`], and a text of n bytes is read once.

use crate::ast::Span;

/// A piece of the statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// What a token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    String,
    Number,
    Date,
    DateTime,
    Time,
    LeftParen,
    RightParen,
    Comma,
    Dot,
    Colon,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The end of the text.
    End,
    /// Here the text stops being made of tokens.
    Broken(Problem),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A character that nothing begins or goes on with.
    Character,
    /// A string without its closing quote; the place is the end of the text.
    OpenString,
}

/// Cuts `text` into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token();
        tokens.push(token);
        if matches!(token.kind, TokenKind::End | TokenKind::Broken(_)) {
            return tokens;
        }
    }
}

/// The place of the first problem in a token.
type Broken = (usize, Problem);

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    fn token(&mut self) -> Token {
        self.skip(|byte| byte.is_ascii_whitespace());
        let start = self.at;
        match self.kind() {
            Ok(kind) => Token {
                kind,
                span: Span::new(start, self.at),
            },
            Err((at, problem)) => Token {
                kind: TokenKind::Broken(problem),
                span: Span::new(at, at),
            },
        }
    }

    fn kind(&mut self) -> Result<TokenKind, Broken> {
        match self.peek(0) {
            None => Ok(TokenKind::End),
            Some(b'\'') => self.string(),
            Some(byte) if byte.is_ascii_alphabetic() => {
                self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Ok(TokenKind::Word)
            }
            Some(_) if self.number_follows() => self.number(),
            Some(byte) => self.punctuation(byte),
        }
    }

    fn punctuation(&mut self, byte: u8) -> Result<TokenKind, Broken> {
        let (kind, length) = match (byte, self.peek(1)) {
            (b'(', _) => (TokenKind::LeftParen, 1),
            (b')', _) => (TokenKind::RightParen, 1),
            (b',', _) => (TokenKind::Comma, 1),
            (b'.', _) => (TokenKind::Dot, 1),
            (b':', _) => (TokenKind::Colon, 1),
            (b'=', _) => (TokenKind::Equal, 1),
            (b'!', Some(b'=')) | (b'<', Some(b'>')) => (TokenKind::NotEqual, 2),
            (b'<', Some(b'=')) => (TokenKind::LessOrEqual, 2),
            (b'<', _) => (TokenKind::Less, 1),
            (b'>', Some(b'=')) => (TokenKind::GreaterOrEqual, 2),
            (b'>', _) => (TokenKind::Greater, 1),
            _ => return Err((self.at, Problem::Character)),
        };
        self.at += length;
        Ok(kind)
    }

    fn string(&mut self) -> Result<TokenKind, Broken> {
        self.at += 1;
        loop {
            match self.peek(0) {
                None => return Err((self.bytes.len(), Problem::OpenString)),
                Some(b'\'') => break,
                Some(b'\\') => self.at = (self.at + 2).min(self.bytes.len()),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(TokenKind::String)
    }

    /// Whether a digit follows, after at most a sign and a point.
    fn number_follows(&self) -> bool {
        let sign = usize::from(matches!(self.peek(0), Some(b'+' | b'-')));
        let point = usize::from(self.peek(sign) == Some(b'.'));
        self.digits(sign + point) > 0
    }

    fn number(&mut self) -> Result<TokenKind, Broken> {
        if self.date_follows() {
            return self.date();
        }
        if self.digits(0) == 2 && self.peek(2) == Some(b':') && self.digits(3) == 2 {
            self.time()?;
            return Ok(TokenKind::Time);
        }
        if matches!(self.peek(0), Some(b'+' | b'-')) {
            self.at += 1;
        }
        self.skip(|byte| byte.is_ascii_digit());
        if self.peek(0) == Some(b'.') && self.digits(1) > 0 {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
            if self.digits(1 + sign) > 0 {
                self.at += 1 + sign;
                self.skip(|byte| byte.is_ascii_digit());
            }
        }
        Ok(TokenKind::Number)
    }

    fn date(&mut self) -> Result<TokenKind, Broken> {
        self.at += "yyyy-mm-dd".len();
        if !matches!(self.peek(0), Some(b't' | b'T')) {
            return Ok(TokenKind::Date);
        }
        self.at += 1;
        self.time()?;
        Ok(TokenKind::DateTime)
    }

    /// `hh:mm:ss`, a fraction, and `Z` or a distance from UTC, with or without its colon.
    fn time(&mut self) -> Result<(), Broken> {
        self.expect_digits()?;
        for _ in 0..2 {
            self.expect(b":")?;
            self.expect_digits()?;
        }
        if self.peek(0) == Some(b'.') && self.digits(1) > 0 {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
        }
        if matches!(self.peek(0), Some(b'z' | b'Z')) {
            self.at += 1;
            return Ok(());
        }
        self.expect(b"+-")?;
        self.expect_digits()?;
        if self.peek(0) == Some(b':') {
            self.at += 1;
        }
        self.expect_digits()
    }

    fn expect(&mut self, any_of: &[u8]) -> Result<(), Broken> {
        match self.peek(0) {
            Some(byte) if any_of.contains(&byte) => {
                self.at += 1;
                Ok(())
            }
            _ => Err((self.at, Problem::Character)),
        }
    }

    fn expect_digits(&mut self) -> Result<(), Broken> {
        self.expect(b"0123456789")?;
        self.expect(b"0123456789")
    }

    fn date_follows(&self) -> bool {
        let dashes = [4, 7].iter().all(|at| self.peek(*at) == Some(b'-'));
        dashes && self.digits(0) == 4 && self.digits(5) == 2 && self.digits(8) == 2
    }

    /// How many digits come `ahead`, counted up to 5: no shape has more than 4 in a row.
    fn digits(&self, ahead: usize) -> usize {
        (0..5)
            .take_while(|i| {
                self.peek(ahead + i)
                    .is_some_and(|byte| byte.is_ascii_digit())
            })
            .count()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text).iter().map(|token| token.kind).collect()
    }

    #[test]
    fn one_literal_is_one_token() {
        let table = [
            ("'it\\'s'", TokenKind::String),
            ("''", TokenKind::String),
            ("15", TokenKind::Number),
            ("-15.25e-3", TokenKind::Number),
            (".5", TokenKind::Number),
            ("12345678901234567890", TokenKind::Number),
            ("2026-11-21", TokenKind::Date),
            ("2026-11-21T17:47:00Z", TokenKind::DateTime),
            ("2026-11-21t17:47:00.123456-08:00", TokenKind::DateTime),
            ("2026-11-21T17:47:00+0000", TokenKind::DateTime),
            ("17:47:00.000Z", TokenKind::Time),
            ("<>", TokenKind::NotEqual),
            ("Name__c", TokenKind::Word),
        ];
        for (text, kind) in table {
            assert_eq!(kinds(text), [kind, TokenKind::End], "{text}");
        }
    }

    #[test]
    fn the_first_character_without_a_token_ends_the_list() {
        let table = [
            ("a \"b\"", 2, Problem::Character),
            ("2013-12-01T12:00:00 00:00", 19, Problem::Character),
            ("2018-05-23 00:00:00", 19, Problem::Character),
            ("a = 'bob", 8, Problem::OpenString),
            ("'bob\\", 5, Problem::OpenString),
            ("!", 0, Problem::Character),
            ("é", 0, Problem::Character),
        ];
        for (text, at, problem) in table {
            let last = *tokens(text).last().unwrap();
            assert_eq!(
                (last.span.start, last.kind),
                (at, TokenKind::Broken(problem)),
                "{text}"
            );
        }
    }
}
