//! Conditions, with parentheses where the grammar wants them.

use std::fmt::{Display, Formatter, Result};

use super::List;
use crate::ast::{Condition, Predicate, Set, Test};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(members) => join(f, members, " AND "),
            Self::Or(members) => join(f, members, " OR "),
            Self::Not(inner) => match inner.as_ref() {
                Self::Test(test) => write!(f, "NOT {test}"),
                compound => write!(f, "NOT ({compound})"),
            },
            Self::Test(test) => test.fmt(f),
        }
    }
}

/// Writes members; what binds weaker than `NOT` is enclosed.
fn join(f: &mut Formatter<'_>, members: &[Condition], joiner: &str) -> Result {
    for (i, member) in members.iter().enumerate() {
        if i > 0 {
            f.write_str(joiner)?;
        }
        match member {
            Condition::Test(_) | Condition::Not(_) => member.fmt(f)?,
            Condition::And(_) | Condition::Or(_) => write!(f, "({member})")?,
        }
    }
    Ok(())
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.subject, self.predicate)
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Compare(operator, value) => write!(f, "{} {value}", operator.as_str()),
            Self::Like(pattern) => write!(f, "LIKE {pattern}"),
            Self::In(set) => write!(f, "IN {set}"),
            Self::NotIn(set) => write!(f, "NOT IN {set}"),
            Self::Includes(values) => write!(f, "INCLUDES ({})", List(values)),
            Self::Excludes(values) => write!(f, "EXCLUDES ({})", List(values)),
        }
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Values(values) => write!(f, "({})", List(values)),
            Self::Query(query) => write!(f, "({query})"),
        }
    }
}
