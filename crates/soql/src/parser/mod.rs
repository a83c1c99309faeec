//! Tokens to a tree.
//!
//! Owns the grammar, one file per part of it; this one holds what they share: looking at the next
//! token, taking it, and saying that it does not belong there. Nothing here knows a schema.
//!
//! Recursion is bounded: sub-queries are counted, functions may only hold functions of a lower
//! rank, and conditions keep a stack of their own, which counts the parentheses that are open in
//! all of them together.

mod condition;
mod expression;
mod from;
mod query;
mod select;
mod text;
mod value;
mod with;

use crate::ast::{Name, Query, Span};
use crate::error::{Error, ErrorCode};
use crate::lexer::{self, Problem, Token, TokenKind};

/// The longest statement, in UTF-16 code units.
pub const STATEMENT_LENGTH_MAX: usize = 100_000;

/// How many parentheses of conditions may be open at once, those around a sub-query's included.
pub const DEPTH_MAX: usize = 256;

/// How many queries may stand within each other, the outermost included.
pub const QUERY_DEPTH_MAX: usize = 10;

/// Words that are neither a field, nor an object, nor an alias.
const RESERVED: [&str; 21] = [
    "AND", "ASC", "DESC", "EXCLUDES", "FIRST", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LAST",
    "LIKE", "LIMIT", "NOT", "NULL", "NULLS", "OR", "SELECT", "USING", "WHERE", "WITH",
];

/// Parses one statement.
///
/// # Errors
/// [`ErrorCode::MalformedQuery`] when the text is not a query, with the place where it stops being
/// one; [`ErrorCode::QueryTooComplicated`] when it is nested deeper than [`DEPTH_MAX`] or
/// [`QUERY_DEPTH_MAX`].
pub fn parse(text: &str) -> Result<Query, Error> {
    if text.trim().is_empty() {
        let detail = "SOQL statements cannot be empty or null";
        return Err(Error::new(ErrorCode::MalformedQuery, detail));
    }
    if text.len() > STATEMENT_LENGTH_MAX && text.encode_utf16().count() > STATEMENT_LENGTH_MAX {
        let detail =
            format!("SOQL statements cannot be longer than {STATEMENT_LENGTH_MAX} characters.");
        return Err(Error::new(ErrorCode::MalformedQuery, detail));
    }
    let mut parser = Parser {
        text,
        tokens: lexer::tokens(text),
        at: 0,
        queries: 0,
        parens: 0,
    };
    let query = parser.query()?;
    match parser.peek().kind {
        TokenKind::End => Ok(query),
        _ => Err(parser.leftover()),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// How many queries are open.
    queries: usize,
    /// How many parentheses of conditions are open, in all of them.
    parens: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token {
        self.ahead(0)
    }

    /// The token `distance` after the next one; the last one stands for all after it.
    fn ahead(&self, distance: usize) -> Token {
        let end = Token {
            kind: TokenKind::End,
            span: Span::new(self.text.len(), self.text.len()),
        };
        self.tokens
            .get(self.at + distance)
            .or(self.tokens.last())
            .copied()
            .unwrap_or(end)
    }

    fn advance(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// The end of the token that was taken last.
    fn end_of_last(&self) -> usize {
        self.tokens
            .get(self.at.saturating_sub(1))
            .map_or(0, |token| token.span.end)
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn token_is(&self, token: Token, word: &str) -> bool {
        token.kind == TokenKind::Word && self.slice(token.span).eq_ignore_ascii_case(word)
    }

    /// Whether these words come next.
    fn next_is(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(i, word)| self.token_is(self.ahead(i), word))
    }

    /// Takes these words if they all come next.
    fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.next_is(words);
        if found {
            self.at += words.len();
        }
        found
    }

    fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.peek().kind == kind;
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<Token, Error> {
        if self.next_is(&[word]) {
            Ok(self.advance())
        } else {
            Err(self.unexpected())
        }
    }

    fn expect_kind(&mut self, kind: TokenKind) -> Result<Token, Error> {
        if self.peek().kind == kind {
            Ok(self.advance())
        } else {
            Err(self.unexpected())
        }
    }

    /// Takes whichever of these words comes next.
    fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        let token = self.peek();
        let (_, meaning) = words.iter().find(|(word, _)| self.token_is(token, word))?;
        self.at += 1;
        Some(*meaning)
    }

    fn expect_one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T, Error> {
        self.one_of(words).ok_or_else(|| self.unexpected())
    }

    /// Takes any word as a name.
    fn name(&mut self) -> Result<Name, Error> {
        let token = self.expect_kind(TokenKind::Word)?;
        Ok(Name {
            text: self.slice(token.span).to_owned(),
            span: token.span,
        })
    }

    fn is_reserved(&self, token: Token) -> bool {
        RESERVED.iter().any(|word| self.token_is(token, word))
    }

    /// Parses `element` once, and again after each comma.
    fn list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut elements = vec![element(self)?];
        while self.eat_kind(TokenKind::Comma) {
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    /// Parses a list in parentheses.
    fn enclosed<T>(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.expect_kind(TokenKind::LeftParen)?;
        let elements = self.list(element)?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(elements)
    }

    /// The next token cannot stand here.
    fn unexpected(&self) -> Error {
        self.unexpected_token(self.peek())
    }

    /// Words and literals are quoted, signs are not.
    fn unexpected_token(&self, token: Token) -> Error {
        let slice = self.slice(token.span);
        let detail = match token.kind {
            TokenKind::Broken(problem) => return self.broken(token, problem),
            TokenKind::End => "unexpected token: '<EOF>'".to_owned(),
            TokenKind::Word
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Date
            | TokenKind::DateTime
            | TokenKind::Time => format!("unexpected token: '{slice}'"),
            _ => format!("unexpected token: {slice}"),
        };
        Error::syntax(self.text, token.span.start, detail)
    }

    /// The statement is complete and something follows: reported without a place.
    fn leftover(&self) -> Error {
        let token = self.peek();
        if let TokenKind::Broken(problem) = token.kind {
            return self.broken(token, problem);
        }
        let detail = format!("unexpected token: '{}'", self.slice(token.span));
        Error::new(ErrorCode::MalformedQuery, detail)
    }

    fn broken(&self, token: Token, problem: Problem) -> Error {
        let offset = token.span.start;
        let found = self.text.get(offset..).and_then(|rest| rest.chars().next());
        let problem = match (problem, found) {
            (Problem::OpenString, _) => "mismatched character '<EOF>' expecting '''".to_owned(),
            (Problem::Character, None) => "no viable alternative at character '<EOF>'".to_owned(),
            (Problem::Character, Some(c)) => format!("no viable alternative at character '{c}'"),
        };
        Error::lexical(self.text, offset, &problem)
    }

    fn bind_variable(&self) -> Error {
        let detail = "Bind variables only allowed in Apex code";
        Error::semantic(
            ErrorCode::MalformedQuery,
            self.text,
            self.peek().span.start,
            detail,
        )
    }

    fn too_complicated() -> Error {
        let detail = "Query is either selecting too many fields or the filter conditions are too \
                      complicated.";
        Error::new(ErrorCode::QueryTooComplicated, detail)
    }
}

#[cfg(test)]
mod tests;
