//! Conditions of `WHERE` and `HAVING`.
//!
//! Parentheses open frames on a stack of our own instead of the machine's, so that their number is
//! checked and never felt.

use super::{DEPTH_MAX, Parser};
use crate::ast::{Condition, Operator, Predicate, Set, Test};
use crate::error::{Error, ErrorCode};
use crate::lexer::TokenKind;

/// What joins the members of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joiner {
    And,
    Or,
}

/// What is between an opening parenthesis and its closing one.
#[derive(Debug, Default)]
struct Frame {
    members: Vec<Condition>,
    joiner: Option<Joiner>,
    /// Whether a `NOT` waits for the next member.
    negates_next: bool,
}

impl Frame {
    fn push(&mut self, condition: Condition) {
        let negated = std::mem::take(&mut self.negates_next);
        let member = if negated {
            Condition::Not(Box::new(condition))
        } else {
            condition
        };
        self.members.push(member);
    }

    /// The members as one condition; those of the same kind as the whole are merged into it.
    fn close(self) -> Option<Condition> {
        let Some(joiner) = self.joiner else {
            return self.members.into_iter().next();
        };
        let mut merged = Vec::new();
        for member in self.members {
            match (joiner, member) {
                (Joiner::And, Condition::And(inner)) | (Joiner::Or, Condition::Or(inner)) => {
                    merged.extend(inner);
                }
                (_, other) => merged.push(other),
            }
        }
        Some(match joiner {
            Joiner::And => Condition::And(merged),
            Joiner::Or => Condition::Or(merged),
        })
    }
}

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Result<Condition, Error> {
        let mut open: Vec<Frame> = Vec::new();
        let mut frame = Frame::default();
        loop {
            if !frame.negates_next && self.eat(&["NOT"]) {
                frame.negates_next = true;
            }
            if self.eat_kind(TokenKind::LeftParen) {
                if self.parens == DEPTH_MAX {
                    return Err(Self::too_complicated());
                }
                self.parens += 1;
                open.push(std::mem::take(&mut frame));
                continue;
            }
            frame.push(Condition::Test(Box::new(self.test()?)));
            while !open.is_empty() && self.eat_kind(TokenKind::RightParen) {
                self.parens -= 1;
                let closed = std::mem::replace(&mut frame, open.pop().unwrap_or_default());
                if let Some(condition) = closed.close() {
                    frame.push(condition);
                }
            }
            if self.joins(&mut frame)? {
                continue;
            }
            return match (open.is_empty(), frame.close()) {
                (true, Some(condition)) => Ok(condition),
                _ => Err(self.unexpected()),
            };
        }
    }

    /// Takes an `AND` or `OR`, which may not be mixed between the same parentheses.
    fn joins(&mut self, frame: &mut Frame) -> Result<bool, Error> {
        let token = self.peek();
        let Some(joiner) = self.one_of(&[("AND", Joiner::And), ("OR", Joiner::Or)]) else {
            return Ok(false);
        };
        if *frame.joiner.get_or_insert(joiner) == joiner {
            return Ok(true);
        }
        let detail = format!("unexpected token: {}", self.slice(token.span));
        Err(Error::syntax(self.text, token.span.start, detail))
    }

    fn test(&mut self) -> Result<Test, Error> {
        let subject = self.expression()?;
        let start = self.peek().span;
        if let Some(operator) = self.operator() {
            let predicate = Predicate::Compare(operator, self.value()?);
            return Ok(Test {
                subject,
                predicate,
                operator_span: start,
            });
        }
        if self.eat(&["LIKE"]) {
            if self.is_other_literal() {
                return Err(self.not_a_string(subject.span().start, subject.span().end));
            }
            let predicate = Predicate::Like(self.pattern()?);
            return Ok(Test {
                subject,
                predicate,
                operator_span: start,
            });
        }
        if self.eat(&["NOT"]) {
            let operator_span = start.to(self.expect("IN")?.span);
            return Ok(Test {
                subject,
                predicate: Predicate::NotIn(self.set()?),
                operator_span,
            });
        }
        let predicate = if self.eat(&["IN"]) {
            Predicate::In(self.set()?)
        } else if self.eat(&["INCLUDES"]) {
            Predicate::Includes(self.enclosed(Self::value)?)
        } else if self.eat(&["EXCLUDES"]) {
            Predicate::Excludes(self.enclosed(Self::value)?)
        } else {
            return Err(self.unexpected());
        };
        Ok(Test {
            subject,
            predicate,
            operator_span: start,
        })
    }

    fn operator(&mut self) -> Option<Operator> {
        let operator = match self.peek().kind {
            TokenKind::Equal => Operator::Equal,
            TokenKind::NotEqual => Operator::NotEqual,
            TokenKind::Less => Operator::Less,
            TokenKind::LessOrEqual => Operator::LessOrEqual,
            TokenKind::Greater => Operator::Greater,
            TokenKind::GreaterOrEqual => Operator::GreaterOrEqual,
            _ => return None,
        };
        self.advance();
        Some(operator)
    }

    /// The right side of `IN`. Without its parenthesis it is taken for a variable.
    fn set(&mut self) -> Result<Set, Error> {
        match self.peek().kind {
            TokenKind::LeftParen if self.token_is(self.ahead(1), "SELECT") => {
                self.advance();
                let query = self.query()?;
                self.expect_kind(TokenKind::RightParen)?;
                Ok(Set::Query(Box::new(query)))
            }
            TokenKind::LeftParen => Ok(Set::Values(self.enclosed(Self::value)?)),
            TokenKind::Colon | TokenKind::Word | TokenKind::String => Err(self.bind_variable()),
            _ => Err(self.unexpected()),
        }
    }

    /// Whether a literal follows that is not a string.
    fn is_other_literal(&self) -> bool {
        let token = self.peek();
        let word = ["NULL", "TRUE", "FALSE"]
            .iter()
            .any(|word| self.token_is(token, word));
        let kinds = [
            TokenKind::Number,
            TokenKind::Date,
            TokenKind::DateTime,
            TokenKind::Time,
        ];
        word || kinds.contains(&token.kind)
    }

    fn not_a_string(&self, start: usize, end: usize) -> Error {
        let field = self.text.get(start..end).unwrap_or_default();
        let detail = format!(
            "value of filter criterion for field '{field}' must be of type string and should be \
             enclosed in quotes"
        );
        Error::semantic(ErrorCode::InvalidField, self.text, start, detail)
    }
}
