//! Field paths and functions.

use super::Parser;
use crate::ast::{
    Call, Distance, DistanceUnit, Expression, FieldPath, Function, FunctionKind, Location, Number,
};
use crate::error::Error;
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, Error> {
        if self.ahead(1).kind != TokenKind::LeftParen {
            return self.path().map(Expression::Field);
        }
        if self.next_is(&["DISTANCE"]) {
            return self.distance().map(Expression::Distance);
        }
        self.call(None).map(Expression::Call)
    }

    /// A dotted path. Its first word may be `Group`, which is an object, though reserved.
    pub(super) fn path(&mut self) -> Result<FieldPath, Error> {
        let first = self.peek();
        if self.is_reserved(first) && !self.token_is(first, "GROUP") {
            return Err(self.unexpected());
        }
        let mut path = FieldPath {
            qualifiers: Vec::new(),
            name: self.name()?,
        };
        while self.eat_kind(TokenKind::Dot) {
            let next = self.name()?;
            path.qualifiers
                .push(std::mem::replace(&mut path.name, next));
        }
        Ok(path)
    }

    /// A function of one value, alone or as the argument of `outer`.
    fn call(&mut self, outer: Option<Function>) -> Result<Call, Error> {
        let start = self.expect_kind(TokenKind::Word)?.span;
        let function = match Function::named(self.slice(start)) {
            Some(function) if may_hold(outer, function) => function,
            _ => return Err(self.unexpected()),
        };
        self.expect_kind(TokenKind::LeftParen)?;
        let argument = match self.ahead(1).kind {
            TokenKind::LeftParen => Expression::Call(self.call(Some(function))?),
            _ => Expression::Field(self.path()?),
        };
        let end = self.expect_kind(TokenKind::RightParen)?.span;
        Ok(Call {
            function,
            argument: Box::new(argument),
            span: start.to(end),
        })
    }

    fn distance(&mut self) -> Result<Distance, Error> {
        let start = self.advance().span;
        self.expect_kind(TokenKind::LeftParen)?;
        let from = self.location()?;
        self.expect_kind(TokenKind::Comma)?;
        let to = self.location()?;
        self.expect_kind(TokenKind::Comma)?;
        let unit = match self.slice(self.peek().span) {
            text if text.eq_ignore_ascii_case("'mi'") => DistanceUnit::Miles,
            text if text.eq_ignore_ascii_case("'km'") => DistanceUnit::Kilometers,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        let end = self.expect_kind(TokenKind::RightParen)?.span;
        Ok(Distance {
            from,
            to,
            unit,
            span: start.to(end),
        })
    }

    fn location(&mut self) -> Result<Location, Error> {
        let is_call = self.ahead(1).kind == TokenKind::LeftParen;
        if !(is_call && self.next_is(&["GEOLOCATION"])) {
            return self.path().map(Location::Field);
        }
        let start = self.advance().span;
        self.expect_kind(TokenKind::LeftParen)?;
        let latitude = self.number()?;
        self.expect_kind(TokenKind::Comma)?;
        let longitude = self.number()?;
        let end = self.expect_kind(TokenKind::RightParen)?.span;
        Ok(Location::Point {
            latitude,
            longitude,
            span: start.to(end),
        })
    }

    fn number(&mut self) -> Result<Number, Error> {
        if self.peek().kind == TokenKind::Colon {
            return Err(self.bind_variable());
        }
        let token = self.expect_kind(TokenKind::Number)?;
        Ok(Number::new(self.slice(token.span)))
    }
}

/// Whether `inner` may stand in the parentheses of `outer`, or on its own.
///
/// The rank falls from the outside to the inside, so functions nest at most four deep.
fn may_hold(outer: Option<Function>, inner: Function) -> bool {
    let Some(outer) = outer else {
        return inner != Function::ConvertTimezone;
    };
    match (outer.kind(), inner.kind()) {
        (FunctionKind::Date, _) => inner == Function::ConvertTimezone,
        (_, _) if inner == Function::ConvertTimezone => false,
        _ => rank(outer) > rank(inner),
    }
}

fn rank(function: Function) -> u8 {
    match function.kind() {
        FunctionKind::Aggregate | FunctionKind::Grouping => 3,
        FunctionKind::Date => 2,
        FunctionKind::Conversion if function == Function::Format => 4,
        FunctionKind::Conversion => 1,
    }
}
