//! Date literals as ranges of days (fact sheet §7.3).
//!
//! Owns the calendar: weeks begin on Sunday, as in the locale en_US; fiscal years begin in the
//! month that the organization says. Values lie between 1700-01-01 and 4000-12-31, so a range that
//! reaches further ends where there are no values left: nothing is missed by that.

use accredit_soql::ast::{self, DateLiteral, DateUnit};
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use crate::org::value::datetime_text;

/// What a date literal is relative to.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The present moment.
    pub(crate) now: Timestamp,
    /// Where the user is.
    pub(crate) time_zone: TimeZone,
    /// The first month of the fiscal year, 1 to 12.
    pub(crate) fiscal_start: i8,
}

/// The days from `start` up to, and without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) start: Date,
    pub(crate) end: Date,
}

/// A day before and a day after all values, wherever the user is. Further days are not told apart.
const FIRST: Date = Date::constant(1699, 12, 30);
const LAST: Date = Date::constant(4001, 1, 3);

impl Calendar {
    /// The days that `literal` means.
    pub(crate) fn days(&self, literal: DateLiteral) -> Days {
        let today = self.now.to_zoned(self.time_zone.clone()).date();
        let from = |unit, first: i64, count: i64| {
            let start = self.start_of(unit, today);
            Days {
                start: shift(start, unit, first),
                end: shift(start, unit, first.saturating_add(count)),
            }
        };
        match literal {
            DateLiteral::Last(unit) => from(unit, -1, 1),
            DateLiteral::This(unit) => from(unit, 0, 1),
            DateLiteral::Next(unit) => from(unit, 1, 1),
            // Days count today in, longer units leave the current one out.
            DateLiteral::LastN(n, DateUnit::Day) => {
                from(DateUnit::Day, -i64::from(n), i64::from(n) + 1)
            }
            DateLiteral::LastN(n, unit) => from(unit, -i64::from(n), i64::from(n)),
            DateLiteral::NextN(n, unit) => from(unit, 1, i64::from(n)),
            DateLiteral::Ago(n, unit) => from(unit, -i64::from(n), 1),
        }
    }

    /// The moment at which `day` begins where the user is, in the form that moments are kept in.
    pub(crate) fn start_of_day(&self, day: Date) -> String {
        match day.to_zoned(self.time_zone.clone()) {
            Ok(start) => datetime_text(start.timestamp()),
            Err(_) => format!("{day}T00:00:00.000+0000"),
        }
    }

    /// The first day of the unit that `day` is in.
    fn start_of(&self, unit: DateUnit, day: Date) -> Date {
        match unit {
            DateUnit::Day => day,
            DateUnit::Week => {
                let since_sunday = day.weekday().to_sunday_zero_offset();
                shift(day, DateUnit::Day, -i64::from(since_sunday))
            }
            DateUnit::Month => day.first_of_month(),
            DateUnit::Quarter => self.start_of_months(day, 3, 1),
            DateUnit::Year => self.start_of_months(day, 12, 1),
            DateUnit::FiscalQuarter => self.start_of_months(day, 3, self.fiscal_start),
            DateUnit::FiscalYear => self.start_of_months(day, 12, self.fiscal_start),
        }
    }

    /// The first day of the run of `length` months that `day` is in, where one begins in `first`.
    fn start_of_months(&self, day: Date, length: i8, first: i8) -> Date {
        let since = (day.month() - first).rem_euclid(length);
        shift(day.first_of_month(), DateUnit::Month, -i64::from(since))
    }
}

/// `day` moved by so many units; at most to just before, or just after, all values.
fn shift(day: Date, unit: DateUnit, count: i64) -> Date {
    let (days, months) = match unit {
        DateUnit::Day => (1, 0),
        DateUnit::Week => (7, 0),
        DateUnit::Month => (0, 1),
        DateUnit::Quarter | DateUnit::FiscalQuarter => (0, 3),
        DateUnit::Year | DateUnit::FiscalYear => (0, 12),
    };
    let moved = Span::new()
        .try_days(count.saturating_mul(days))
        .and_then(|span| span.try_months(count.saturating_mul(months)))
        .and_then(|span| day.checked_add(span));
    match moved {
        Ok(day) => day.clamp(FIRST, LAST),
        Err(_) if count < 0 => FIRST,
        Err(_) => LAST,
    }
}

/// `2026-11-21`
pub(crate) fn date_text(date: ast::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// The moment that a literal means, in the form that moments are kept in.
pub(crate) fn moment_text(moment: ast::DateTime) -> Option<String> {
    let ast::DateTime { date, time } = moment;
    let day = Date::new(
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    );
    let offset = Offset::from_seconds(i32::from(time.offset_minutes) * 60).ok()?;
    let local = day.ok()?.to_datetime(civil_time(time)?);
    offset.to_timestamp(local).ok().map(datetime_text)
}

/// The time of day in UTC that a literal means: `17:00:00.000Z`.
pub(crate) fn time_text(time: ast::Time) -> Option<String> {
    let span = Span::new().minutes(i64::from(time.offset_minutes));
    let utc = civil_time(time)?.wrapping_sub(span);
    Some(format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.millisecond()
    ))
}

fn civil_time(time: ast::Time) -> Option<jiff::civil::Time> {
    let nanosecond = i32::from(time.millisecond).checked_mul(1_000_000)?;
    jiff::civil::Time::new(
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
        i8::try_from(time.second).ok()?,
        nanosecond,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateLiteral::{Ago, Last, LastN, Next, NextN, This};

    #[test]
    fn literals_are_half_open_ranges_of_days() {
        let calendar = Calendar {
            // A Saturday evening in Los Angeles, a Sunday in UTC.
            now: "2026-11-22T02:00:00Z".parse().unwrap(),
            time_zone: TimeZone::get("America/Los_Angeles").unwrap(),
            fiscal_start: 2,
        };
        for (literal, start, end) in [
            (This(DateUnit::Day), "2026-11-21", "2026-11-22"),
            (Last(DateUnit::Day), "2026-11-20", "2026-11-21"),
            (Next(DateUnit::Day), "2026-11-22", "2026-11-23"),
            (This(DateUnit::Week), "2026-11-15", "2026-11-22"),
            (Last(DateUnit::Week), "2026-11-08", "2026-11-15"),
            (Next(DateUnit::Month), "2026-12-01", "2027-01-01"),
            (LastN(90, DateUnit::Day), "2026-08-23", "2026-11-22"),
            (NextN(90, DateUnit::Day), "2026-11-22", "2027-02-20"),
            (LastN(2, DateUnit::Week), "2026-11-01", "2026-11-15"),
            (NextN(2, DateUnit::Month), "2026-12-01", "2027-02-01"),
            (Ago(1, DateUnit::Month), "2026-10-01", "2026-11-01"),
            (Ago(3, DateUnit::Day), "2026-11-18", "2026-11-19"),
            (This(DateUnit::Quarter), "2026-10-01", "2027-01-01"),
            (Ago(2, DateUnit::Quarter), "2026-04-01", "2026-07-01"),
            (Last(DateUnit::Year), "2025-01-01", "2026-01-01"),
            (This(DateUnit::FiscalQuarter), "2026-11-01", "2027-02-01"),
            (This(DateUnit::FiscalYear), "2026-02-01", "2027-02-01"),
            (LastN(1, DateUnit::FiscalYear), "2025-02-01", "2026-02-01"),
            (LastN(u32::MAX, DateUnit::Year), "1699-12-30", "2026-01-01"),
            (NextN(u32::MAX, DateUnit::Day), "2026-11-22", "4001-01-03"),
            (LastN(99_999_999, DateUnit::Day), "1699-12-30", "2026-11-22"),
            (NextN(9_000, DateUnit::Year), "2027-01-01", "4001-01-03"),
            (Ago(9_000, DateUnit::FiscalYear), "1699-12-30", "1699-12-30"),
        ] {
            let days = calendar.days(literal);
            assert_eq!(
                (days.start.to_string(), days.end.to_string()),
                (start.to_owned(), end.to_owned()),
                "{literal:?}"
            );
        }
        let start = calendar.start_of_day(Date::constant(2026, 11, 21));
        assert_eq!(start, "2026-11-21T08:00:00.000+0000");
    }
}
