//! The right side of a test.

use super::Span;

/// A literal with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub literal: Literal,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// `15`, `-0.5`, `1e6`
    Number(Number),
    /// `USD5000`
    Currency(Currency),
    /// `'text'`, with its escapes undone.
    String(String),
    /// `2026-11-21`
    Date(Date),
    /// `2026-11-21T17:47:00Z`
    DateTime(DateTime),
    /// `17:47:00.000Z`
    Time(Time),
    /// `TODAY`, `LAST_N_DAYS:30`
    DateLiteral(DateLiteral),
}

/// A number as it was written, so that no digit is lost before its field's type is known.
///
/// An optional sign, digits with at most one point, an optional exponent: every reader of numbers
/// takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number if it is written as an integer and fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest floating-point number; infinite when it is too large.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// `USD5000`: an amount in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    /// ISO 4217 code, in upper case.
    pub code: String,
    /// The amount.
    pub amount: Number,
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// 1700 to 4000.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the length of the month.
    pub day: u8,
}

/// A time of day with its distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999.
    pub millisecond: u16,
    /// Minutes east of UTC; 0 for `Z`.
    pub offset_minutes: i16,
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The day, where the clock shows `time`.
    pub date: Date,
    /// The time of day and its distance from UTC.
    pub time: Time,
}

/// A range of days relative to the day of the query, in the user's time zone.
///
/// `YESTERDAY`, `TODAY` and `TOMORROW` are the last, this and the next day; `LAST_90_DAYS` is
/// `LAST_N_DAYS:90` and `NEXT_90_DAYS` is `NEXT_N_DAYS:90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateLiteral {
    /// `YESTERDAY`, `LAST_WEEK` …
    Last(DateUnit),
    /// `TODAY`, `THIS_WEEK` …
    This(DateUnit),
    /// `TOMORROW`, `NEXT_WEEK` …
    Next(DateUnit),
    /// `LAST_N_WEEKS:n` …
    LastN(u32, DateUnit),
    /// `NEXT_N_WEEKS:n` …
    NextN(u32, DateUnit),
    /// `N_WEEKS_AGO:n` …
    Ago(u32, DateUnit),
}

/// What a date literal counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateUnit {
    /// Days.
    Day,
    /// Weeks, from the first day of the user's locale.
    Week,
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// Quarters of the fiscal year.
    FiscalQuarter,
    /// Fiscal years.
    FiscalYear,
}

impl DateUnit {
    const ALL: [Self; 7] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::FiscalQuarter,
        Self::FiscalYear,
    ];

    /// The unit as it stands in the names of date literals, in the singular.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
            Self::FiscalQuarter => "FISCAL_QUARTER",
            Self::FiscalYear => "FISCAL_YEAR",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }
}

/// The right side of `LIKE`: what is a wildcard and what is text is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// From left to right; neighboring texts are one.
    pub parts: Vec<PatternPart>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternPart {
    /// These characters, `\_` and `\%` included as `_` and `%`.
    Text(String),
    /// `_`: any one character.
    AnyOne,
    /// `%`: any run of characters, also none.
    AnyRun,
}
