//! `WHERE` as SQL.
//!
//! Owns what the operators mean (fact sheet §7.3): a missing value equals null and nothing else, it
//! is unequal to every value, and `NOT` turns what is not true into true. Values are always bound.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Condition, Expression, FieldPath, Literal, Operator, Pattern, PatternPart, Predicate, Set,
    Span, Test, Value as Given,
};

use super::dates::Calendar;
use super::joins::{Column, ROOT};
use super::operand::{Operand, operand};
use super::resolve::Resolver;
use crate::org::schema::{Flag, Storage};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// How many values of a list are bound one by one; longer lists are bound as one JSON array, since
/// the number of bound values is limited and the number of values in a list is not.
const LIST_LENGTH_MAX: usize = 4;

/// Writes conditions.
#[derive(Debug)]
pub(super) struct Filter<'f, 's, 'a> {
    pub(super) resolver: &'f mut Resolver<'s, 'a>,
    pub(super) calendar: &'f Calendar,
    pub(super) parameters: &'f mut Vec<Value>,
}

/// The left side of a test.
#[derive(Clone, Debug)]
struct Subject<'s> {
    column: Column<'s>,
    sql: String,
    span: Span,
}

impl Subject<'_> {
    fn storage(&self) -> Storage {
        self.column.field.kind.storage()
    }
}

impl<'s> Filter<'_, 's, '_> {
    /// A condition as an SQL expression.
    pub(super) fn condition(&mut self, condition: &Condition) -> Result<String, Error> {
        match condition {
            Condition::And(members) => self.all(members, "AND"),
            Condition::Or(members) => self.all(members, "OR"),
            Condition::Not(inner) => Ok(format!("({} IS NOT TRUE)", self.condition(inner)?)),
            Condition::Test(test) => self.test(test),
        }
    }

    /// Joins the members in a balanced way: the depth of expressions is limited, their number not.
    fn all(&mut self, members: &[Condition], word: &str) -> Result<String, Error> {
        match members {
            [one] => self.condition(one),
            _ => {
                let (left, right) = members.split_at(members.len() / 2);
                let left = self.all(left, word)?;
                let right = self.all(right, word)?;
                Ok(format!("({left} {word} {right})"))
            }
        }
    }

    fn test(&mut self, test: &Test) -> Result<String, Error> {
        let subject = match &test.subject {
            Expression::Field(path) => self.subject(path)?,
            other => {
                let refusals = self.resolver.refusals;
                return Err(refusals.unsupported(other.span(), "functions in WHERE"));
            }
        };
        match &test.predicate {
            Predicate::Compare(operator, value) => self.compare(&subject, *operator, value),
            Predicate::Like(pattern) => self.like(&subject, pattern),
            Predicate::In(Set::Values(values)) => self.list(&subject, values),
            Predicate::NotIn(Set::Values(values)) => {
                Ok(format!("({} IS NOT TRUE)", self.list(&subject, values)?))
            }
            Predicate::In(Set::Query(query)) | Predicate::NotIn(Set::Query(query)) => {
                let refusals = self.resolver.refusals;
                Err(refusals.unsupported(query.span, "semi-joins and anti-joins"))
            }
            Predicate::Includes(_) | Predicate::Excludes(_) => {
                let refusals = self.resolver.refusals;
                Err(refusals.unsupported(test.operator_span, "INCLUDES and EXCLUDES"))
            }
        }
    }

    fn subject(&mut self, path: &FieldPath) -> Result<Subject<'s>, Error> {
        let resolved = self.resolver.field(path)?;
        let column = resolved.column;
        let field = column.field;
        if !field.is(Flag::Filterable) || !field.is_stored() {
            let detail = format!("field '{}' can not be filtered in a query call", field.name);
            let refusals = self.resolver.refusals;
            return Err(refusals.at(path.span(), ErrorCode::InvalidField, detail));
        }
        let mut sql = self.resolver.joins.sql(column);
        if field.kind.storage() == Storage::Boolean && column.node != ROOT {
            // The booleans of a parent that is missing are false.
            sql = format!("COALESCE({sql}, 0)");
        }
        Ok(Subject {
            column,
            sql,
            span: path.span(),
        })
    }

    fn operand(&self, subject: &Subject<'_>, value: &Given) -> Result<Operand, Error> {
        let place = (self.resolver.refusals, subject.span);
        operand(subject.column.field, value, (place, self.calendar))
    }

    fn bind(&mut self, value: Value) -> &'static str {
        self.parameters.push(value);
        "?"
    }

    fn compare(
        &mut self,
        subject: &Subject<'_>,
        operator: Operator,
        value: &Given,
    ) -> Result<String, Error> {
        let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        if subject.storage() == Storage::Boolean && !is_equality {
            return Err(self.invalid_operator(subject));
        }
        if value.literal == Literal::Null && !is_equality {
            let refusals = self.resolver.refusals;
            return Err(refusals.unsupported(value.span, "comparisons of order with null"));
        }
        let operand = self.operand(subject, value)?;
        Ok(self.compared(&subject.sql, operator, operand))
    }

    fn compared(&mut self, sql: &str, operator: Operator, operand: Operand) -> String {
        let value = match operand {
            Operand::Null if operator == Operator::Equal => return format!("{sql} IS NULL"),
            Operand::Null => return format!("{sql} IS NOT NULL"),
            Operand::Range(start, end) => return self.ranged(sql, operator, (start, end)),
            Operand::Value(value) => value,
        };
        let place = self.bind(value);
        let operator = match operator {
            Operator::NotEqual => "IS NOT",
            other => other.as_str(),
        };
        format!("{sql} {operator} {place}")
    }

    /// Compares with a range of days: equal means inside, less before it, greater after it.
    fn ranged(&mut self, sql: &str, operator: Operator, (start, end): (Value, Value)) -> String {
        let (is_less, edge) = match operator {
            Operator::Equal | Operator::NotEqual => {
                let from = self.bind(start);
                let to = self.bind(end);
                let inside = format!("({sql} >= {from} AND {sql} < {to})");
                return match operator {
                    Operator::Equal => inside,
                    _ => format!("({inside} IS NOT TRUE)"),
                };
            }
            Operator::Less => (true, start),
            Operator::LessOrEqual => (true, end),
            Operator::Greater => (false, end),
            Operator::GreaterOrEqual => (false, start),
        };
        let place = self.bind(edge);
        let sign = if is_less { "<" } else { ">=" };
        format!("{sql} {sign} {place}")
    }

    fn like(&mut self, subject: &Subject<'_>, pattern: &Pattern) -> Result<String, Error> {
        if subject.storage() != Storage::Text {
            return Err(self.invalid_operator(subject));
        }
        let place = self.bind(Value::Text(like_pattern(pattern)));
        Ok(format!("soql_like({}, {place})", subject.sql))
    }

    /// `IN (…)`
    fn list(&mut self, subject: &Subject<'_>, given: &[Given]) -> Result<String, Error> {
        let sql = &subject.sql;
        let mut has_null = false;
        let mut alternatives = Vec::new();
        let mut values = Vec::new();
        for value in given {
            match self.operand(subject, value)? {
                Operand::Null => has_null = true,
                range @ Operand::Range(..) => {
                    alternatives.push(self.compared(sql, Operator::Equal, range));
                }
                Operand::Value(value) => values.push(value),
            }
        }
        // Bound values stand in the order of their places: the list comes last in the text too.
        if has_null {
            alternatives.push(format!("{sql} IS NULL"));
        }
        if !values.is_empty() {
            alternatives.push(self.among(sql, values));
        }
        Ok(balanced_or(&alternatives))
    }

    fn among(&mut self, sql: &str, values: Vec<Value>) -> String {
        if values.len() > LIST_LENGTH_MAX {
            let array: Vec<serde_json::Value> = values.into_iter().map(json).collect();
            let place = self.bind(Value::Text(serde_json::Value::Array(array).to_string()));
            return format!("{sql} IN (SELECT value FROM json_each({place}))");
        }
        let places: Vec<&str> = values.into_iter().map(|value| self.bind(value)).collect();
        format!("{sql} IN ({})", places.join(", "))
    }

    fn invalid_operator(&self, subject: &Subject<'_>) -> Error {
        let kind = match subject.storage() {
            Storage::Id => "id",
            _ => subject.column.field.kind.as_str(),
        };
        let detail = format!("invalid operator on {kind} field");
        let code = ErrorCode::InvalidQueryFilterOperator;
        self.resolver.refusals.at(subject.span, code, detail)
    }
}

/// Joins alternatives like [`Filter::all`] joins conditions.
fn balanced_or(alternatives: &[String]) -> String {
    match alternatives {
        [] => "FALSE".to_owned(),
        [one] => one.clone(),
        _ => {
            let (left, right) = alternatives.split_at(alternatives.len() / 2);
            format!("({} OR {})", balanced_or(left), balanced_or(right))
        }
    }
}

fn json(value: Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(value) => i64::from(value).into(),
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => text.into(),
    }
}

/// A pattern in the form that `soql_like` reads.
fn like_pattern(pattern: &Pattern) -> String {
    let mut text = String::new();
    for part in &pattern.parts {
        match part {
            PatternPart::AnyOne => text.push('_'),
            PatternPart::AnyRun => text.push('%'),
            PatternPart::Text(plain) => {
                for letter in plain.chars() {
                    if matches!(letter, '_' | '%' | '\\') {
                        text.push('\\');
                    }
                    text.push(letter);
                }
            }
        }
    }
    text
}
