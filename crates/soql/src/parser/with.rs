//! `WITH`.

use super::Parser;
use crate::ast::{CategoryFilter, CategorySelector, Name, Value, With};
use crate::error::Error;
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn with(&mut self) -> Result<With, Error> {
        if self.eat(&["SECURITY_ENFORCED"]) {
            return Ok(With::SecurityEnforced);
        }
        if self.eat(&["USER_MODE"]) {
            return Ok(With::UserMode);
        }
        if self.eat(&["SYSTEM_MODE"]) {
            return Ok(With::SystemMode);
        }
        if self.eat(&["DATA", "CATEGORY"]) {
            return self.categories();
        }
        if self.eat(&["RecordVisibilityContext"]) {
            return Ok(With::RecordVisibilityContext(self.enclosed(Self::setting)?));
        }
        Ok(With::Filter(self.condition()?))
    }

    fn setting(&mut self) -> Result<(Name, Value), Error> {
        let name = self.name()?;
        self.expect_kind(TokenKind::Equal)?;
        Ok((name, self.value()?))
    }

    fn categories(&mut self) -> Result<With, Error> {
        let mut filters = vec![self.category_filter()?];
        while self.eat(&["AND"]) {
            filters.push(self.category_filter()?);
        }
        Ok(With::DataCategory(filters))
    }

    fn category_filter(&mut self) -> Result<CategoryFilter, Error> {
        let group = self.name()?;
        let words = CategorySelector::ALL.map(|selector| (selector.as_str(), selector));
        let selector = self.expect_one_of(&words)?;
        let categories = match self.peek().kind {
            TokenKind::LeftParen => self.enclosed(Self::name)?,
            _ => vec![self.name()?],
        };
        Ok(CategoryFilter {
            group,
            selector,
            categories,
        })
    }
}
