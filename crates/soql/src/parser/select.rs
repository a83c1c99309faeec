//! The list after `SELECT`.

use super::Parser;
use crate::ast::{FieldGroup, FieldPath, Name, SelectItem, Selection, TypeCase, TypeOf};
use crate::error::Error;
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn selection(&mut self) -> Result<Selection, Error> {
        let name = self.peek();
        let parens = [self.ahead(1).kind, self.ahead(2).kind];
        let empty = parens == [TokenKind::LeftParen, TokenKind::RightParen];
        if empty && self.token_is(name, "COUNT") {
            self.advance();
            self.advance();
            return Ok(Selection::Count(name.span.to(self.advance().span)));
        }
        Ok(Selection::Items(self.list(Self::item)?))
    }

    fn item(&mut self) -> Result<SelectItem, Error> {
        if self.eat_kind(TokenKind::LeftParen) {
            let query = self.query()?;
            self.expect_kind(TokenKind::RightParen)?;
            return Ok(SelectItem::Children(Box::new(query)));
        }
        let next = self.ahead(1);
        if self.next_is(&["TYPEOF"]) && next.kind == TokenKind::Word && !self.is_reserved(next) {
            return Ok(SelectItem::TypeOf(self.type_of()?));
        }
        if self.next_is(&["FIELDS"]) && next.kind == TokenKind::LeftParen {
            return self.fields();
        }
        let expression = self.expression()?;
        Ok(SelectItem::Expression {
            expression,
            alias: self.alias()?,
        })
    }

    fn alias(&mut self) -> Result<Option<Name>, Error> {
        let token = self.peek();
        if token.kind != TokenKind::Word || self.is_reserved(token) {
            return Ok(None);
        }
        self.name().map(Some)
    }

    fn fields(&mut self) -> Result<SelectItem, Error> {
        let start = self.advance().span;
        self.expect_kind(TokenKind::LeftParen)?;
        let group = self.expect_one_of(&[
            ("ALL", FieldGroup::All),
            ("CUSTOM", FieldGroup::Custom),
            ("STANDARD", FieldGroup::Standard),
        ])?;
        let end = self.expect_kind(TokenKind::RightParen)?.span;
        Ok(SelectItem::Fields {
            group,
            span: start.to(end),
        })
    }

    fn type_of(&mut self) -> Result<TypeOf, Error> {
        let start = self.advance().span;
        let relationship = self.path()?;
        let mut cases = Vec::new();
        while cases.is_empty() || self.next_is(&["WHEN"]) {
            self.expect("WHEN")?;
            let object = self.name()?;
            self.expect("THEN")?;
            cases.push(TypeCase {
                object,
                fields: self.paths()?,
            });
        }
        let otherwise = if self.eat(&["ELSE"]) {
            self.paths()?
        } else {
            Vec::new()
        };
        let end = self.expect("END")?.span;
        Ok(TypeOf {
            relationship,
            cases,
            otherwise,
            span: start.to(end),
        })
    }

    fn paths(&mut self) -> Result<Vec<FieldPath>, Error> {
        self.list(Self::path)
    }
}
