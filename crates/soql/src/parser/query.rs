//! The clauses of a query in their fixed order, each at most once.

use super::{Parser, QUERY_DEPTH_MAX};
use crate::ast::{
    Direction, Expression, GroupBy, GroupKind, Nulls, Ordering, Query, RowCount, SelectItem,
    Selection, Span, Statistic, Usage,
};
use crate::error::{Error, ErrorCode};
use crate::lexer::TokenKind;

/// The clauses after `OFFSET`.
struct Tail {
    usage: Option<Usage>,
    updates: Vec<Statistic>,
    for_update: Option<Span>,
}

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Result<Query, Error> {
        self.queries += 1;
        if self.queries > QUERY_DEPTH_MAX {
            return Err(Self::too_complicated());
        }
        let query = self.clauses()?;
        self.queries -= 1;
        self.check_aliases(&query)?;
        Ok(query)
    }

    fn clauses(&mut self) -> Result<Query, Error> {
        let start = self.expect("SELECT")?.span.start;
        let selection = self.selection()?;
        let from = self.from()?;
        let scope = self.scope()?;
        let filter = if self.eat(&["WHERE"]) {
            Some(self.condition()?)
        } else {
            None
        };
        let with = if self.eat(&["WITH"]) {
            Some(self.with()?)
        } else {
            None
        };
        let group_by = if self.eat(&["GROUP"]) {
            Some(self.group_by()?)
        } else {
            None
        };
        let order_by = if self.eat(&["ORDER"]) {
            self.order_by()?
        } else {
            Vec::new()
        };
        let limit = if self.eat(&["LIMIT"]) {
            Some(self.row_count()?)
        } else {
            None
        };
        let offset = if self.eat(&["OFFSET"]) {
            Some(self.row_count()?)
        } else {
            None
        };
        let Tail {
            usage,
            updates,
            for_update,
        } = self.tail()?;
        let span = Span::new(start, self.end_of_last());
        #[rustfmt::skip]
        let query = Query {
            selection, from, scope, filter, with, group_by, order_by, limit, offset, usage,
            updates, for_update, span,
        };
        Ok(query)
    }

    fn group_by(&mut self) -> Result<GroupBy, Error> {
        self.expect("BY")?;
        let kind = match self.ahead(1).kind {
            TokenKind::LeftParen => {
                self.one_of(&[("ROLLUP", GroupKind::Rollup), ("CUBE", GroupKind::Cube)])
            }
            _ => None,
        };
        let expressions = match kind {
            Some(_) => self.enclosed(Self::expression)?,
            None => self.list(Self::expression)?,
        };
        let having = if self.eat(&["HAVING"]) {
            Some(self.condition()?)
        } else {
            None
        };
        Ok(GroupBy {
            kind: kind.unwrap_or(GroupKind::Plain),
            expressions,
            having,
        })
    }

    fn order_by(&mut self) -> Result<Vec<Ordering>, Error> {
        self.expect("BY")?;
        self.list(Self::ordering)
    }

    fn ordering(&mut self) -> Result<Ordering, Error> {
        let expression = self.expression()?;
        let words = [
            ("ASC", Direction::Ascending),
            ("DESC", Direction::Descending),
        ];
        let direction = self.one_of(&words).unwrap_or_default();
        let nulls = if self.eat(&["NULLS"]) {
            Some(self.expect_one_of(&[("FIRST", Nulls::First), ("LAST", Nulls::Last)])?)
        } else {
            None
        };
        Ok(Ordering {
            expression,
            direction,
            nulls,
        })
    }

    fn row_count(&mut self) -> Result<RowCount, Error> {
        let token = self.peek();
        if token.kind == TokenKind::Colon {
            return Err(self.bind_variable());
        }
        let digits = self.slice(token.span);
        let plain = token.kind == TokenKind::Number && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(rows) if plain => {
                self.advance();
                Ok(RowCount {
                    rows,
                    span: token.span,
                })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn tail(&mut self) -> Result<Tail, Error> {
        let mut tail = Tail {
            usage: None,
            updates: Vec::new(),
            for_update: None,
        };
        if self.next_is(&["FOR"]) && !self.next_is(&["FOR", "UPDATE"]) {
            self.advance();
            let words = [("VIEW", Usage::View), ("REFERENCE", Usage::Reference)];
            tail.usage = Some(self.expect_one_of(&words)?);
        }
        if self.eat(&["UPDATE"]) {
            let words = [
                ("TRACKING", Statistic::Tracking),
                ("VIEWSTAT", Statistic::ViewStat),
            ];
            tail.updates = self.list(|parser| parser.expect_one_of(&words))?;
        }
        if self.next_is(&["FOR"]) {
            let start = self.advance().span;
            tail.for_update = Some(start.to(self.expect("UPDATE")?.span));
        }
        if self.next_is(&["ALL", "ROWS"]) {
            let detail = "ALL ROWS not allowed in this context";
            return Err(Error::new(ErrorCode::MalformedQuery, detail));
        }
        Ok(tail)
    }

    /// A plain field has an alias only where rows are grouped.
    fn check_aliases(&self, query: &Query) -> Result<(), Error> {
        let Selection::Items(items) = &query.selection else {
            return Ok(());
        };
        if query.group_by.is_some() || items.iter().any(is_aggregate) {
            return Ok(());
        }
        let aliased = items.iter().find_map(|item| match item {
            SelectItem::Expression {
                expression: Expression::Field(path),
                alias: Some(_),
            } => Some(path.span()),
            _ => None,
        });
        let Some(span) = aliased else { return Ok(()) };
        let detail = "only aggregate expressions use field aliasing";
        Err(Error::semantic(
            ErrorCode::MalformedQuery,
            self.text,
            span.start,
            detail,
        ))
    }
}

fn is_aggregate(item: &SelectItem) -> bool {
    match item {
        SelectItem::Expression { expression, .. } => expression.has_aggregate(),
        _ => false,
    }
}
