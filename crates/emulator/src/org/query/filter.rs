//! `WHERE` as SQL.
//!
//! Owns what the operators mean (fact sheet §7.3): a missing value equals null and nothing else, it
//! is unequal to every value, and `NOT` turns what is not true into true. Values are always bound.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Condition, Expression, Function, Literal, Operator, Pattern, PatternPart, Predicate, Query,
    Set, Test, Value as Given,
};

use super::environment::Parameters;
use super::expression::Typed;
use super::group::Groups;
use super::operand::{Operand, check_length, operand};
use super::resolve::Resolver;
use super::semi_join::SemiJoins;
use crate::org::schema::{FieldType, Storage};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// How many values of a list are bound one by one; longer lists are bound as one JSON array, since
/// the number of bound values is limited and the number of values in a list is not.
const LIST_LENGTH_MAX: usize = 4;

/// Writes conditions.
#[derive(Debug)]
pub(super) struct Filter<'f, 's, 'a> {
    pub(super) resolver: &'f mut Resolver<'s, 'a>,
    /// The groups that a condition of `HAVING` is about.
    pub(super) groups: Option<&'f mut Groups<'s>>,
    pub(super) parameters: &'f mut Parameters,
    pub(super) semi_joins: SemiJoins,
}

/// What a condition is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It must be true, with others or alone.
    Top,
    /// One of several of which one must be true.
    Alternative,
    /// Deeper.
    Nested,
}

impl<'s> Filter<'_, 's, '_> {
    /// A condition as an SQL expression.
    pub(super) fn condition(&mut self, condition: &Condition) -> Result<String, Error> {
        self.placed(condition, Place::Top)
    }

    fn placed(&mut self, condition: &Condition, place: Place) -> Result<String, Error> {
        match condition {
            Condition::And(members) => {
                let place = if place == Place::Top {
                    place
                } else {
                    Place::Nested
                };
                self.all(members, ("AND", place))
            }
            Condition::Or(members) => self.all(members, ("OR", Place::Alternative)),
            Condition::Not(inner) => {
                let inner = self.placed(inner, Place::Nested)?;
                Ok(format!("({inner} IS NOT TRUE)"))
            }
            Condition::Test(test) => self.test(test, place),
        }
    }

    /// Joins the members in a balanced way: the depth of expressions is limited, their number not.
    fn all(
        &mut self,
        members: &[Condition],
        (word, place): (&str, Place),
    ) -> Result<String, Error> {
        match members {
            [one] => self.placed(one, place),
            _ => {
                let (left, right) = members.split_at(members.len() / 2);
                let left = self.all(left, (word, place))?;
                let right = self.all(right, (word, place))?;
                Ok(format!("({left} {word} {right})"))
            }
        }
    }

    fn test(&mut self, test: &Test, place: Place) -> Result<String, Error> {
        let subject = self.subject(&test.subject)?;
        match &test.predicate {
            Predicate::Compare(operator, value) => self.compare(&subject, *operator, value),
            Predicate::Like(pattern) => self.like(&subject, pattern),
            Predicate::In(Set::Values(values)) => self.list(&subject, values),
            Predicate::NotIn(Set::Values(values)) => {
                Ok(format!("({} IS NOT TRUE)", self.list(&subject, values)?))
            }
            Predicate::In(Set::Query(query)) => self.semi_join((&subject, test), query, place),
            Predicate::NotIn(Set::Query(query)) => {
                let found = self.semi_join((&subject, test), query, place)?;
                Ok(format!("({found} IS NOT TRUE)"))
            }
            Predicate::Includes(values) => self.includes(&subject, values),
            Predicate::Excludes(values) => {
                let includes = self.includes(&subject, values)?;
                Ok(format!("({includes} IS NOT TRUE)"))
            }
        }
    }

    /// The left side of a test.
    fn subject(&mut self, expression: &Expression) -> Result<Typed<'s>, Error> {
        if let Some(groups) = &mut self.groups {
            return groups.value(self.resolver, expression);
        }
        if let Expression::Call(call) = expression
            && matches!(call.function, Function::Format | Function::ConvertCurrency)
        {
            let name = call.function.as_str();
            let detail = format!("{name}() is not allowed in a condition");
            let code = ErrorCode::MalformedQuery;
            return Err(self.resolver.refusals.at(call.span, code, detail));
        }
        let value = self.resolver.value(expression)?;
        self.resolver.check_filterable(&value)?;
        Ok(value)
    }

    /// Looks for semi-joins in the right place; `semi_join` writes them.
    fn semi_join(
        &mut self,
        (subject, test): (&Typed<'s>, &Test),
        query: &Query,
        place: Place,
    ) -> Result<String, Error> {
        let refusals = self.resolver.refusals;
        let span = test.operator_span;
        if self.groups.is_some() {
            let detail = "Semi join sub-selects are not allowed in HAVING";
            return Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
        }
        self.semi_joins = self.semi_joins.one_more((refusals, span), place)?;
        super::semi_join::sql(self, subject, query)
    }

    fn operand(&self, subject: &Typed<'_>, value: &Given) -> Result<Operand, Error> {
        operand(subject, value, self.resolver.environment)
    }

    fn bind(&mut self, value: Value) -> String {
        self.parameters.bind(value)
    }

    fn compare(
        &mut self,
        subject: &Typed<'_>,
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
        let is_distance = subject.name == "DISTANCE" && subject.field.is_none();
        if is_distance && !matches!(operator, Operator::Less | Operator::Greater) {
            let detail = "DISTANCE can be compared with < and > only";
            let code = ErrorCode::InvalidQueryFilterOperator;
            return Err(self.resolver.refusals.at(subject.span, code, detail));
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

    fn like(&mut self, subject: &Typed<'_>, pattern: &Pattern) -> Result<String, Error> {
        if subject.storage() != Storage::Text {
            return Err(self.invalid_operator(subject));
        }
        let text = like_pattern(pattern);
        check_length(&text, pattern.span, self.resolver.environment)?;
        let place = self.bind(Value::Text(text));
        Ok(format!("soql_like({}, {place})", subject.sql))
    }

    /// `IN (…)`
    fn list(&mut self, subject: &Typed<'_>, given: &[Given]) -> Result<String, Error> {
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
        let places: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        format!("{sql} IN ({})", places.join(", "))
    }

    /// `INCLUDES ('A;B', 'C')`: A and B, or C.
    fn includes(&mut self, subject: &Typed<'_>, given: &[Given]) -> Result<String, Error> {
        if subject.kind != FieldType::Multipicklist {
            return Err(self.invalid_operator(subject));
        }
        let mut alternatives = Vec::new();
        for value in given {
            match self.operand(subject, value)? {
                Operand::Value(Value::Text(text)) => {
                    alternatives.push(self.includes_all(&subject.sql, &text));
                }
                _ => alternatives.push(format!("{} IS NULL", subject.sql)),
            }
        }
        Ok(balanced_or(&alternatives))
    }

    fn includes_all(&mut self, sql: &str, values: &str) -> String {
        let mut members = Vec::new();
        for value in values.split(';') {
            let place = self.bind(Value::Text(format!("%;{};%", escaped(value.trim()))));
            members.push(format!("soql_like(';' || {sql} || ';', {place})"));
        }
        format!("({})", members.join(" AND "))
    }

    fn invalid_operator(&self, subject: &Typed<'_>) -> Error {
        let kind = match subject.storage() {
            Storage::Id => "id",
            _ => subject.kind.as_str(),
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
            PatternPart::Text(plain) => text.push_str(&escaped(plain)),
        }
    }
    text
}

/// Text that a pattern takes for itself.
fn escaped(plain: &str) -> String {
    let mut text = String::new();
    for letter in plain.chars() {
        if matches!(letter, '_' | '%' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}
