//! Literals, with their escapes.

use std::fmt::{Display, Formatter, Result, Write};

use crate::ast::{
    Currency, Date, DateLiteral, DateTime, DateUnit, Literal, Number, Pattern, PatternPart, Time,
    Value,
};

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.literal.fmt(f)
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Number(number) => number.fmt(f),
            Self::Currency(currency) => currency.fmt(f),
            Self::String(text) => {
                f.write_char('\'')?;
                text.chars().try_for_each(|c| escape(f, c))?;
                f.write_char('\'')
            }
            Self::Date(date) => date.fmt(f),
            Self::DateTime(moment) => moment.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::DateLiteral(literal) => literal.fmt(f),
        }
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.as_str())
    }
}

impl Display for Currency {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.code, self.amount)
    }
}

impl Display for Date {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Display for DateTime {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.millisecond > 0 {
            write!(f, ".{:03}", self.millisecond)?;
        }
        let distance = self.offset_minutes.unsigned_abs();
        match self.offset_minutes.signum() {
            0 => f.write_char('Z'),
            1 => write!(f, "+{:02}:{:02}", distance / 60, distance % 60),
            _ => write!(f, "-{:02}:{:02}", distance / 60, distance % 60),
        }
    }
}

impl Display for DateLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Last(DateUnit::Day) => f.write_str("YESTERDAY"),
            Self::This(DateUnit::Day) => f.write_str("TODAY"),
            Self::Next(DateUnit::Day) => f.write_str("TOMORROW"),
            Self::Last(unit) => write!(f, "LAST_{}", unit.as_str()),
            Self::This(unit) => write!(f, "THIS_{}", unit.as_str()),
            Self::Next(unit) => write!(f, "NEXT_{}", unit.as_str()),
            Self::LastN(count, unit) => write!(f, "LAST_N_{}S:{count}", unit.as_str()),
            Self::NextN(count, unit) => write!(f, "NEXT_N_{}S:{count}", unit.as_str()),
            Self::Ago(count, unit) => write!(f, "N_{}S_AGO:{count}", unit.as_str()),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('\'')?;
        self.parts.iter().try_for_each(|part| part.fmt(f))?;
        f.write_char('\'')
    }
}

impl Display for PatternPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::AnyOne => f.write_char('_'),
            Self::AnyRun => f.write_char('%'),
            Self::Text(text) => text.chars().try_for_each(|c| match c {
                '_' | '%' => write!(f, "\\{c}"),
                _ => escape(f, c),
            }),
        }
    }
}

fn escape(f: &mut Formatter<'_>, c: char) -> Result {
    match c {
        '\'' | '\\' => write!(f, "\\{c}"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\u{8}' => f.write_str("\\b"),
        '\u{c}' => f.write_str("\\f"),
        _ => f.write_char(c),
    }
}
