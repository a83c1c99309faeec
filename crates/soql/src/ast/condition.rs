//! What a row or a group must meet.

use super::{Expression, Pattern, Query, Span, Value};

/// A condition of `WHERE` or `HAVING`.
///
/// `And` and `Or` have at least two members, and a member is never of the same kind as the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of them.
    And(Vec<Self>),
    /// Any of them.
    Or(Vec<Self>),
    /// Not this one.
    Not(Box<Self>),
    /// A test of one value.
    Test(Box<Test>),
}

/// A value and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The left side.
    pub subject: Expression,
    /// The operator and the right side.
    pub predicate: Predicate,
    /// The operator as written, `NOT IN` included.
    pub operator_span: Span,
}

/// An operator with its right side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// `= 5`, `<= TODAY` …
    Compare(Operator, Value),
    /// `LIKE 'a%'`
    Like(Pattern),
    /// `IN (…)`
    In(Set),
    /// `NOT IN (…)`
    NotIn(Set),
    /// `INCLUDES ('A;B', 'C')`: never empty.
    Includes(Vec<Value>),
    /// `EXCLUDES ('A;B', 'C')`: never empty.
    Excludes(Vec<Value>),
}

/// An operator that compares with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`, also written `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// The operator as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// The right side of `IN` and `NOT IN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Values, never empty.
    Values(Vec<Value>),
    /// A semi-join or anti-join.
    Query(Box<Query>),
}
