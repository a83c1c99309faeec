//! Values in memory and what comparing them means.

use std::cmp::Ordering;

use accredit_soql::ast::{DateLiteral, DateUnit, Function};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::org::schema::Storage;

/// The letter without accent, in lower case: enough for the names of the sample.
fn plain(letter: char) -> char {
    const ACCENTED: [(&str, char); 14] = [
        ("àáâãäåæāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ðďđ", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ğĝġģ", 'g'),
        ("ìíîïĩīĭįı", 'i'),
        ("ĺļľŀł", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöøōŏőœ", 'o'),
        ("ŕŗř", 'r'),
        ("ßśŝşšș", 's'),
        ("ţťŧț", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("źżž", 'z'),
    ];
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let lower = letter.to_lowercase().next().unwrap();
    let row = ACCENTED.iter().find(|(letters, _)| letters.contains(lower));
    if lower == 'ý' {
        return 'y';
    }
    row.map_or(lower, |(_, letter)| *letter)
}

/// Text as it is compared: letters first, accents after them.
pub(super) fn text_key(text: &str) -> (Vec<char>, Vec<char>) {
    let fold = |letter: char| letter.to_lowercase().next().unwrap();
    (
        text.chars().map(plain).collect(),
        text.chars().map(fold).collect(),
    )
}

/// The order of two values that are there.
pub(super) fn order(left: &Value, right: &Value, storage: Storage) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        (Value::Number(x), Value::Number(y)) => x.as_f64().unwrap().total_cmp(&y.as_f64().unwrap()),
        (Value::String(x), Value::String(y)) if storage == Storage::Text => {
            text_key(x).cmp(&text_key(y))
        }
        (Value::String(x), Value::String(y)) => x.cmp(y),
        other => panic!("{other:?} cannot be compared"),
    }
}

/// The pattern of `LIKE` as a sequence of letters, `None` for any one and `Some(None)` for any run.
pub(super) fn is_like(text: &[char], parts: &[Part]) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Run, rest)) => (0..=text.len()).any(|at| is_like(&text[at..], rest)),
        Some((Part::One, rest)) => !text.is_empty() && is_like(&text[1..], rest),
        Some((Part::Letter(letter), rest)) => {
            text.first() == Some(letter) && is_like(&text[1..], rest)
        }
    }
}

/// A piece of a pattern, in lower case.
pub(super) enum Part {
    Run,
    One,
    Letter(char),
}

/// The day of a value, where the user is.
pub(super) fn day(text: &str, zone: &TimeZone) -> Date {
    match text.len() {
        10 => text.parse().unwrap(),
        _ => moment(text).to_zoned(zone.clone()).date(),
    }
}

/// The moment that is kept as `2026-11-21T17:47:00.000+0000`.
pub(super) fn moment(text: &str) -> Timestamp {
    text.replace("+0000", "Z").parse().unwrap()
}

/// The number of the unit that a day is in, counted from long ago.
fn index(day: Date, unit: DateUnit) -> i64 {
    let month = i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
    match unit {
        DateUnit::Day => days(day),
        // The first day of the calendar is a Monday, and weeks begin on Sundays.
        DateUnit::Week => (days(day) + 1).div_euclid(7),
        DateUnit::Month => month,
        DateUnit::Quarter | DateUnit::FiscalQuarter => month.div_euclid(3),
        DateUnit::Year | DateUnit::FiscalYear => month.div_euclid(12),
    }
}

/// Days since 0001-01-01, which was a Monday.
fn days(day: Date) -> i64 {
    i64::from(Date::constant(1, 1, 1).until(day).unwrap().get_days())
}

/// Whether a day is before, inside or after what a literal means.
pub(super) fn against(day: Date, literal: DateLiteral, today: Date) -> Ordering {
    let (unit, first, last) = match literal {
        DateLiteral::Last(unit) => (unit, -1, -1),
        DateLiteral::This(unit) => (unit, 0, 0),
        DateLiteral::Next(unit) => (unit, 1, 1),
        DateLiteral::LastN(n, DateUnit::Day) => (DateUnit::Day, -i64::from(n), 0),
        DateLiteral::LastN(n, unit) => (unit, -i64::from(n), -1),
        DateLiteral::NextN(n, unit) => (unit, 1, i64::from(n)),
        DateLiteral::Ago(n, unit) => (unit, -i64::from(n), -i64::from(n)),
    };
    let distance = index(day, unit) - index(today, unit);
    if distance < first {
        Ordering::Less
    } else if distance > last {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// A part of a date, in UTC or where the user is.
pub(super) fn part(function: Function, value: &Value, zone: &TimeZone) -> Value {
    let Value::String(text) = value else {
        return Value::Null;
    };
    let day = day(text, zone);
    let first_of_year = Date::new(day.year(), 1, 1).unwrap();
    let in_year = days(day) - days(first_of_year) + 1;
    let number = match function {
        Function::CalendarYear | Function::FiscalYear => i64::from(day.year()),
        Function::CalendarQuarter | Function::FiscalQuarter => match day.month() {
            1..=3 => 1,
            4..=6 => 2,
            7..=9 => 3,
            _ => 4,
        },
        Function::CalendarMonth | Function::FiscalMonth => i64::from(day.month()),
        Function::DayInMonth => i64::from(day.day()),
        Function::DayInWeek => (days(day) + 1).rem_euclid(7) + 1,
        Function::DayInYear => in_year,
        Function::WeekInMonth => (i64::from(day.day()) + 6) / 7,
        Function::WeekInYear => (in_year + 6) / 7,
        Function::HourInDay => i64::from(moment(text).to_zoned(zone.clone()).hour()),
        Function::DayOnly => return Value::String(day.to_string()),
        other => panic!("{other:?} is no date function"),
    };
    number.into()
}
