//! Tree to text.
//!
//! Owns the canonical form: keywords in upper case, names and numbers as written, one blank between
//! words, parentheses only where they are needed, `ASC` left out. It parses to an equal tree,
//! unless the blanks make it longer than a statement may be.

mod condition;
mod literal;

use std::fmt::{Display, Formatter, Result};

use crate::ast::{
    Direction, Distance, DistanceUnit, Expression, FieldGroup, FieldPath, From, GroupBy, GroupKind,
    Location, Name, Nulls, Ordering, Query, SelectItem, Selection, Source, Statistic, TypeOf,
    Usage, With,
};

/// Elements with commas between them.
struct List<'a, T>(&'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        join(f, self.0, ", ")
    }
}

fn join<T: Display>(f: &mut Formatter<'_>, elements: &[T], separator: &str) -> Result {
    for (i, element) in elements.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        element.fmt(f)?;
    }
    Ok(())
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "SELECT {} FROM {}", self.selection, self.from)?;
        if let Some(scope) = self.scope {
            write!(f, " USING SCOPE {}", scope.as_str())?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(with) = &self.with {
            write!(f, " WITH {with}")?;
        }
        if let Some(group_by) = &self.group_by {
            write!(f, " GROUP BY {group_by}")?;
        }
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by))?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {}", limit.rows)?;
        }
        if let Some(offset) = self.offset {
            write!(f, " OFFSET {}", offset.rows)?;
        }
        if let Some(usage) = self.usage {
            write!(f, " FOR {usage}")?;
        }
        if !self.updates.is_empty() {
            write!(f, " UPDATE {}", List(&self.updates))?;
        }
        f.write_str(if self.for_update.is_some() {
            " FOR UPDATE"
        } else {
            ""
        })
    }
}

impl Display for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Count(_) => f.write_str("COUNT()"),
            Self::Items(items) => List(items).fmt(f),
        }
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Expression {
                expression,
                alias: None,
            } => expression.fmt(f),
            Self::Expression {
                expression,
                alias: Some(alias),
            } => {
                write!(f, "{expression} {alias}")
            }
            Self::Fields { group, .. } => write!(f, "FIELDS({group})"),
            Self::Children(query) => write!(f, "({query})"),
            Self::TypeOf(type_of) => type_of.fmt(f),
        }
    }
}

impl Display for FieldGroup {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::All => "ALL",
            Self::Custom => "CUSTOM",
            Self::Standard => "STANDARD",
        })
    }
}

impl Display for TypeOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "TYPEOF {}", self.relationship)?;
        for case in &self.cases {
            write!(f, " WHEN {} THEN {}", case.object, List(&case.fields))?;
        }
        if !self.otherwise.is_empty() {
            write!(f, " ELSE {}", List(&self.otherwise))?;
        }
        f.write_str(" END")
    }
}

impl Display for From {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.source.fmt(f)?;
        self.parents
            .iter()
            .try_for_each(|parent| write!(f, ", {parent}"))
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.path.fmt(f)?;
        self.alias
            .iter()
            .try_for_each(|alias| write!(f, " {alias}"))
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.text)
    }
}

impl Display for FieldPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.qualifiers
            .iter()
            .try_for_each(|name| write!(f, "{name}."))?;
        self.name.fmt(f)
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Field(path) => path.fmt(f),
            Self::Call(call) => write!(f, "{}({})", call.function.as_str(), call.argument),
            Self::Distance(distance) => distance.fmt(f),
        }
    }
}

impl Display for Distance {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = match self.unit {
            DistanceUnit::Miles => "mi",
            DistanceUnit::Kilometers => "km",
        };
        write!(f, "DISTANCE({}, {}, '{unit}')", self.from, self.to)
    }
}

impl Display for Location {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Field(path) => path.fmt(f),
            Self::Point {
                latitude,
                longitude,
                ..
            } => {
                write!(f, "GEOLOCATION({latitude}, {longitude})")
            }
        }
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::SecurityEnforced => f.write_str("SECURITY_ENFORCED"),
            Self::UserMode => f.write_str("USER_MODE"),
            Self::SystemMode => f.write_str("SYSTEM_MODE"),
            Self::DataCategory(filters) => {
                f.write_str("DATA CATEGORY ")?;
                join(f, filters, " AND ")
            }
            Self::RecordVisibilityContext(settings) => {
                let settings: Vec<String> = settings
                    .iter()
                    .map(|(name, value)| format!("{name} = {value}"))
                    .collect();
                write!(f, "RecordVisibilityContext ({})", List(&settings))
            }
            Self::Filter(condition) => condition.fmt(f),
        }
    }
}

impl Display for crate::ast::CategoryFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} ", self.group, self.selector.as_str())?;
        match self.categories.as_slice() {
            [category] => category.fmt(f),
            categories => write!(f, "({})", List(categories)),
        }
    }
}

impl Display for GroupBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let expressions = List(&self.expressions);
        match self.kind {
            GroupKind::Plain => expressions.fmt(f)?,
            GroupKind::Rollup => write!(f, "ROLLUP({expressions})")?,
            GroupKind::Cube => write!(f, "CUBE({expressions})")?,
        }
        self.having
            .iter()
            .try_for_each(|having| write!(f, " HAVING {having}"))
    }
}

impl Display for Ordering {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.expression.fmt(f)?;
        if self.direction == Direction::Descending {
            f.write_str(" DESC")?;
        }
        f.write_str(match self.nulls {
            None => "",
            Some(Nulls::First) => " NULLS FIRST",
            Some(Nulls::Last) => " NULLS LAST",
        })
    }
}

impl Display for Usage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::View => "VIEW",
            Self::Reference => "REFERENCE",
        })
    }
}

impl Display for Statistic {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Tracking => "TRACKING",
            Self::ViewStat => "VIEWSTAT",
        })
    }
}
