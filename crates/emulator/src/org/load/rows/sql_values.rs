//! The words and values of a SQL dump.

use super::sql::SqlValue;
use crate::org::load::error::{Trouble, line_at};

/// How deeply functions may be nested in a value.
const DEPTH_MAX: usize = 8;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word, or a number.
    Word(String),
    /// A name in quotes.
    Name(String),
    Text(String),
    Symbol(u8),
}

/// Reads words and values one after the other.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// A line, and where it was counted to.
    line: (usize, usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: (1, 0),
        }
    }

    pub(super) fn unfit(&mut self, expected: &str) -> Trouble {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found: String = rest.trim_start().chars().take(20).collect();
        Trouble::new(self.line(), format!("expected {expected} before {found:?}"))
    }

    /// The line of what was read last.
    pub(super) fn line(&mut self) -> usize {
        let (line, from) = self.line;
        let passed = self.text.get(from..self.at).unwrap_or_default();
        let line = line + line_at(passed, passed.len()) - 1;
        self.line = (line, self.at);
        line
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn token(&mut self) -> Result<Option<Token>, Trouble> {
        self.blanks()?;
        let Some(byte) = self.peek() else {
            return Ok(None);
        };
        let token = match byte {
            b'\'' => Token::Text(self.quoted(b'\'')?),
            b'"' => Token::Name(self.quoted(b'"')?),
            b'`' => Token::Name(self.quoted(b'`')?),
            b'[' => Token::Name(self.quoted(b']')?),
            _ if byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte) || !byte.is_ascii() => {
                Token::Word(self.word())
            }
            _ => {
                self.at += 1;
                Token::Symbol(byte)
            }
        };
        Ok(Some(token))
    }

    fn blanks(&mut self) -> Result<(), Trouble> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("--") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                let end = trimmed.find("*/").map(|end| end + 2);
                end.ok_or_else(|| self.unfit("the end of a comment"))?
            } else {
                return Ok(());
            };
            self.at += end;
        }
    }

    fn word(&mut self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |c: char| c.is_alphanumeric() || "_+-.$".contains(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default().to_owned()
    }

    /// What is between two quotes; a doubled one stands for itself.
    fn quoted(&mut self, quote: u8) -> Result<String, Trouble> {
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(end) = rest.bytes().position(|byte| byte == quote) else {
                return Err(self.unfit("a closing quote"));
            };
            value.push_str(rest.get(..end).unwrap_or_default());
            self.at += end + 1;
            if self.peek() != Some(quote) || quote == b']' {
                return Ok(value);
            }
            value.push(char::from(quote));
            self.at += 1;
        }
    }

    pub(super) fn needed(&mut self, expected: &str) -> Result<Token, Trouble> {
        match self.token()? {
            Some(token) => Ok(token),
            None => Err(self.unfit(expected)),
        }
    }

    pub(super) fn symbol(&mut self, symbol: u8) -> Result<(), Trouble> {
        let expected = char::from(symbol).to_string();
        if self.needed(&expected)? == Token::Symbol(symbol) {
            return Ok(());
        }
        Err(self.unfit(&expected))
    }

    pub(super) fn name(&mut self, expected: &str) -> Result<String, Trouble> {
        match self.needed(expected)? {
            Token::Word(name) | Token::Name(name) | Token::Text(name) => Ok(name),
            Token::Symbol(_) => Err(self.unfit(expected)),
        }
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Result<(), Trouble> {
        match self.needed(keyword)? {
            Token::Word(word) if word.eq_ignore_ascii_case(keyword) => Ok(()),
            _ => Err(self.unfit(keyword)),
        }
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<SqlValue, Trouble> {
        if depth > DEPTH_MAX {
            return Err(self.unfit("a plain value"));
        }
        let word = match self.needed("a value")? {
            Token::Text(text) => return Ok(Some(text)),
            Token::Word(word) => word,
            Token::Name(_) | Token::Symbol(_) => return Err(self.unfit("a value")),
        };
        match word.to_ascii_lowercase().as_str() {
            "null" => Ok(None),
            "true" | "false" => Ok(Some(word.to_ascii_lowercase())),
            "replace" => self.replaced(depth).map(Some),
            "char" => self.character().map(Some),
            "unistr" => self.unescaped().map(Some),
            _ if word.parse::<f64>().is_ok() => Ok(Some(word)),
            _ => Err(self.unfit("text, a number or NULL")),
        }
    }

    /// `replace('a\nb','\n',char(10))`: how SQLite's shell writes line ends.
    fn replaced(&mut self, depth: usize) -> Result<String, Trouble> {
        self.symbol(b'(')?;
        let text = self.value(depth + 1)?.unwrap_or_default();
        self.symbol(b',')?;
        let from = self.value(depth + 1)?.unwrap_or_default();
        self.symbol(b',')?;
        let to = self.value(depth + 1)?.unwrap_or_default();
        self.symbol(b')')?;
        // Longer than what it replaces, a text could grow without end.
        if from.is_empty() || to.len() > from.len() {
            return Err(self.unfit("replace() of a line end"));
        }
        Ok(text.replace(&from, &to))
    }

    fn character(&mut self) -> Result<String, Trouble> {
        self.symbol(b'(')?;
        let code = self.value(DEPTH_MAX)?.unwrap_or_default();
        self.symbol(b')')?;
        let letter = code.parse().ok().and_then(char::from_u32);
        letter
            .map(String::from)
            .ok_or_else(|| self.unfit("the code of a character"))
    }

    /// `unistr('a\u000ab')`: how newer shells write them.
    fn unescaped(&mut self) -> Result<String, Trouble> {
        self.symbol(b'(')?;
        let text = self.value(DEPTH_MAX)?.unwrap_or_default();
        self.symbol(b')')?;
        let mut value = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('\\') {
            value.push_str(before);
            if let Some(after) = after.strip_prefix('\\') {
                value.push('\\');
                rest = after;
                continue;
            }
            let digits = after.strip_prefix('u').unwrap_or(after);
            let code = digits
                .get(..4)
                .and_then(|d| u32::from_str_radix(d, 16).ok());
            let letter = code.and_then(char::from_u32);
            value.push(letter.ok_or_else(|| self.unfit("four digits after \\u"))?);
            rest = digits.get(4..).unwrap_or_default();
        }
        value.push_str(rest);
        Ok(value)
    }
}
