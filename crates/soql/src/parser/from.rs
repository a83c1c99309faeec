//! `FROM` and `USING SCOPE`.

use super::Parser;
use crate::ast::{From, Scope, Source};
use crate::error::Error;
use crate::lexer::TokenKind;

/// Words that begin a clause and could be taken for an alias, as they are not reserved.
const CLAUSES: [&str; 4] = ["ORDER", "OFFSET", "FOR", "UPDATE"];

impl Parser<'_> {
    pub(super) fn from(&mut self) -> Result<From, Error> {
        self.expect("FROM")?;
        let source = self.source()?;
        let parents = if self.eat_kind(TokenKind::Comma) {
            self.list(Self::source)?
        } else {
            Vec::new()
        };
        Ok(From { source, parents })
    }

    fn source(&mut self) -> Result<Source, Error> {
        let path = self.path()?;
        let next = self.peek();
        let is_alias = next.kind == TokenKind::Word
            && !self.is_reserved(next)
            && !CLAUSES.iter().any(|word| self.token_is(next, word))
            && !self.next_is(&["ALL", "ROWS"]);
        let alias = if is_alias { Some(self.name()?) } else { None };
        Ok(Source { path, alias })
    }

    pub(super) fn scope(&mut self) -> Result<Option<Scope>, Error> {
        if !self.eat(&["USING"]) {
            return Ok(None);
        }
        self.expect("SCOPE")?;
        let words = Scope::ALL.map(|scope| (scope.as_str(), scope));
        self.expect_one_of(&words).map(Some)
    }
}
