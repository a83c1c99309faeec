//! Names, field paths and functions.

use super::{Number, Span};

/// A word of the schema, or an alias, as written: compare without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Name {
    /// Whether this is `word`, in any case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

/// A dotted path: `Name`, `Account.Owner.Name`, `c.LastName`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    /// What comes before the last dot: relationships, after at most one alias or object name.
    pub qualifiers: Vec<Name>,
    /// The last word.
    pub name: Name,
}

impl FieldPath {
    /// The whole path.
    #[must_use]
    pub fn span(&self) -> Span {
        self.qualifiers
            .first()
            .map_or(self.name.span, |first| first.span.to(self.name.span))
    }

    /// All the words, from left to right.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &Name> {
        self.qualifiers.iter().chain([&self.name])
    }
}

/// A value of a row or a group: what may be selected, filtered, grouped or sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A field.
    Field(FieldPath),
    /// A function of one value.
    Call(Call),
    /// `DISTANCE(…)`
    Distance(Distance),
}

impl Expression {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Field(path) => path.span(),
            Self::Call(call) => call.span,
            Self::Distance(distance) => distance.span,
        }
    }

    /// Whether an aggregate function stands in it, at any depth.
    #[must_use]
    pub fn has_aggregate(&self) -> bool {
        match self {
            Self::Call(call) => call.function.is_aggregate() || call.argument.has_aggregate(),
            Self::Field(_) | Self::Distance(_) => false,
        }
    }
}

/// `SUM(Amount)`, `CALENDAR_YEAR(convertTimezone(CreatedDate))`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function.
    pub function: Function,
    /// What it is applied to.
    pub argument: Box<Expression>,
    /// From the function's name to the closing parenthesis.
    pub span: Span,
}

/// `DISTANCE(Location__c, GEOLOCATION(37.775, -122.418), 'mi')`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distance {
    /// One end.
    pub from: Location,
    /// The other end.
    pub to: Location,
    /// What it is measured in.
    pub unit: DistanceUnit,
    /// The whole call.
    pub span: Span,
}

/// An end of a distance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A geolocation or address field.
    Field(FieldPath),
    /// `GEOLOCATION(latitude, longitude)`
    Point {
        /// Degrees north.
        latitude: Number,
        /// Degrees east.
        longitude: Number,
        /// The whole call.
        span: Span,
    },
}

/// What a distance is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistanceUnit {
    /// `'mi'`
    Miles,
    /// `'km'`
    Kilometers,
}

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `AVG`
    Avg,
    /// `COUNT(field)`
    Count,
    /// `COUNT_DISTINCT`
    CountDistinct,
    /// `MIN`
    Min,
    /// `MAX`
    Max,
    /// `SUM`
    Sum,
    /// `GROUPING`
    Grouping,
    /// `CALENDAR_MONTH`
    CalendarMonth,
    /// `CALENDAR_QUARTER`
    CalendarQuarter,
    /// `CALENDAR_YEAR`
    CalendarYear,
    /// `DAY_IN_MONTH`
    DayInMonth,
    /// `DAY_IN_WEEK`
    DayInWeek,
    /// `DAY_IN_YEAR`
    DayInYear,
    /// `DAY_ONLY`
    DayOnly,
    /// `FISCAL_MONTH`
    FiscalMonth,
    /// `FISCAL_QUARTER`
    FiscalQuarter,
    /// `FISCAL_YEAR`
    FiscalYear,
    /// `HOUR_IN_DAY`
    HourInDay,
    /// `WEEK_IN_MONTH`
    WeekInMonth,
    /// `WEEK_IN_YEAR`
    WeekInYear,
    /// `convertTimezone`
    ConvertTimezone,
    /// `convertCurrency`
    ConvertCurrency,
    /// `FORMAT`
    Format,
    /// `toLabel`
    ToLabel,
}

/// What sort of function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// Makes one value of a group's rows: `COUNT`, `SUM` …
    Aggregate,
    /// `GROUPING`: whether a row is a subtotal.
    Grouping,
    /// Takes a part of a date: `CALENDAR_YEAR` …
    Date,
    /// Shows or converts a value: `FORMAT`, `toLabel`, `convertCurrency`, `convertTimezone`.
    Conversion,
}

/// Every function with its name and sort, in the spelling of the SOQL reference.
const FUNCTIONS: [(Function, &str, FunctionKind); 24] = [
    (Function::Avg, "AVG", FunctionKind::Aggregate),
    (Function::Count, "COUNT", FunctionKind::Aggregate),
    (
        Function::CountDistinct,
        "COUNT_DISTINCT",
        FunctionKind::Aggregate,
    ),
    (Function::Min, "MIN", FunctionKind::Aggregate),
    (Function::Max, "MAX", FunctionKind::Aggregate),
    (Function::Sum, "SUM", FunctionKind::Aggregate),
    (Function::Grouping, "GROUPING", FunctionKind::Grouping),
    (
        Function::CalendarMonth,
        "CALENDAR_MONTH",
        FunctionKind::Date,
    ),
    (
        Function::CalendarQuarter,
        "CALENDAR_QUARTER",
        FunctionKind::Date,
    ),
    (Function::CalendarYear, "CALENDAR_YEAR", FunctionKind::Date),
    (Function::DayInMonth, "DAY_IN_MONTH", FunctionKind::Date),
    (Function::DayInWeek, "DAY_IN_WEEK", FunctionKind::Date),
    (Function::DayInYear, "DAY_IN_YEAR", FunctionKind::Date),
    (Function::DayOnly, "DAY_ONLY", FunctionKind::Date),
    (Function::FiscalMonth, "FISCAL_MONTH", FunctionKind::Date),
    (
        Function::FiscalQuarter,
        "FISCAL_QUARTER",
        FunctionKind::Date,
    ),
    (Function::FiscalYear, "FISCAL_YEAR", FunctionKind::Date),
    (Function::HourInDay, "HOUR_IN_DAY", FunctionKind::Date),
    (Function::WeekInMonth, "WEEK_IN_MONTH", FunctionKind::Date),
    (Function::WeekInYear, "WEEK_IN_YEAR", FunctionKind::Date),
    (
        Function::ConvertTimezone,
        "convertTimezone",
        FunctionKind::Conversion,
    ),
    (
        Function::ConvertCurrency,
        "convertCurrency",
        FunctionKind::Conversion,
    ),
    (Function::Format, "FORMAT", FunctionKind::Conversion),
    (Function::ToLabel, "toLabel", FunctionKind::Conversion),
];

impl Function {
    /// The function called `name`, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let row = FUNCTIONS
            .iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name))?;
        Some(row.0)
    }

    /// Its name in the spelling of the SOQL reference.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What sort of function it is.
    #[must_use]
    pub fn kind(self) -> FunctionKind {
        self.row().2
    }

    /// Whether it makes one value of a group's rows.
    #[must_use]
    pub fn is_aggregate(self) -> bool {
        self.kind() == FunctionKind::Aggregate
    }

    fn row(self) -> (Self, &'static str, FunctionKind) {
        let [first, ..] = FUNCTIONS;
        FUNCTIONS
            .iter()
            .find(|(function, ..)| *function == self)
            .copied()
            .unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_own_name_in_any_case() {
        for (function, name, kind) in FUNCTIONS {
            assert_eq!(Function::named(&name.to_lowercase()), Some(function));
            assert_eq!((function.as_str(), function.kind()), (name, kind));
        }
    }
}
