//! Parts of dates: `soql_date(part, moment, zone, fiscal_start)`.
//!
//! Owns what the date functions of SOQL mean (fact sheet §7.6). Moments are kept in UTC; a part is
//! taken where `zone` is. A part of nothing is nothing.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;

type Outcome = Result<Value, rusqlite::Error>;

/// Makes the function known to `connection`.
pub(super) fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("soql_date", 4, flags, part)
}

fn part(context: &Context<'_>) -> Outcome {
    let zone = context.get_or_create_aux(2, |value| -> Result<TimeZone, rusqlite::Error> {
        Ok(TimeZone::get(value.as_str()?).unwrap_or(TimeZone::UTC))
    })?;
    let Some(moment) = context.get_raw(1).as_str_or_null()?.and_then(parse) else {
        return Ok(Value::Null);
    };
    let local = match *zone == TimeZone::UTC {
        true => moment,
        false => move_to(moment, &zone),
    };
    let fiscal_start: i8 = context.get(3)?;
    Ok(match context.get_raw(0).as_str()? {
        "DAY_ONLY" => Value::Text(local.date().to_string()),
        "HOUR_IN_DAY" => Value::Integer(local.hour().into()),
        name => match number(name, local.date(), fiscal_start) {
            Some(number) => Value::Integer(number),
            None => Value::Null,
        },
    })
}

/// A day, or a moment in UTC, in the form that it is kept in.
fn parse(text: &str) -> Option<DateTime> {
    text.get(..23).unwrap_or(text).parse().ok()
}

fn move_to(moment: DateTime, zone: &TimeZone) -> DateTime {
    let utc = moment.to_zoned(TimeZone::UTC);
    utc.map_or(moment, |utc| utc.with_time_zone(zone.clone()).datetime())
}

fn number(part: &str, date: Date, fiscal_start: i8) -> Option<i64> {
    let month = i64::from(date.month());
    let day = i64::from(date.day());
    let day_of_year = i64::from(date.day_of_year());
    let since_start = (date.month() - fiscal_start).rem_euclid(12);
    Some(match part {
        "CALENDAR_YEAR" => date.year().into(),
        "CALENDAR_QUARTER" => (month - 1) / 3 + 1,
        "CALENDAR_MONTH" => month,
        "DAY_IN_MONTH" => day,
        "DAY_IN_WEEK" => i64::from(date.weekday().to_sunday_zero_offset()) + 1,
        "DAY_IN_YEAR" => day_of_year,
        "WEEK_IN_MONTH" => (day - 1) / 7 + 1,
        "WEEK_IN_YEAR" => (day_of_year - 1) / 7 + 1,
        "FISCAL_MONTH" => i64::from(since_start) + 1,
        "FISCAL_QUARTER" => i64::from(since_start) / 3 + 1,
        // A fiscal year has the name of the year that it ends in.
        "FISCAL_YEAR" if fiscal_start > 1 && date.month() >= fiscal_start => {
            i64::from(date.year()) + 1
        }
        "FISCAL_YEAR" => date.year().into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(part: &str, moment: Option<&str>, (zone, start): (&str, i8)) -> Value {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let sql = "SELECT soql_date(?, ?, ?, ?)";
        let given = rusqlite::params![part, moment, zone, start];
        connection.query_row(sql, given, |row| row.get(0)).unwrap()
    }

    #[test]
    fn parts_are_taken_where_the_zone_is() {
        let moment = Some("2026-11-01T02:30:00.000+0000");
        for (part, zone, number) in [
            ("CALENDAR_YEAR", "UTC", 2026),
            ("CALENDAR_MONTH", "UTC", 11),
            ("CALENDAR_MONTH", "America/Los_Angeles", 10),
            ("CALENDAR_QUARTER", "UTC", 4),
            ("DAY_IN_MONTH", "America/Los_Angeles", 31),
            ("DAY_IN_WEEK", "UTC", 1),
            ("DAY_IN_WEEK", "America/Los_Angeles", 7),
            ("DAY_IN_YEAR", "UTC", 305),
            ("WEEK_IN_MONTH", "UTC", 1),
            ("WEEK_IN_MONTH", "America/Los_Angeles", 5),
            ("WEEK_IN_YEAR", "UTC", 44),
            ("HOUR_IN_DAY", "UTC", 2),
            ("HOUR_IN_DAY", "America/Los_Angeles", 19),
            ("FISCAL_YEAR", "UTC", 2027),
            ("FISCAL_QUARTER", "UTC", 4),
            ("FISCAL_MONTH", "UTC", 10),
        ] {
            let found = run(part, moment, (zone, 2));
            assert_eq!(found, Value::Integer(number), "{part} {zone}");
        }
        let day = run("DAY_ONLY", moment, ("America/Los_Angeles", 1));
        assert_eq!(day, Value::Text("2026-10-31".to_owned()));
        for (date, year, quarter) in [
            ("2026-01-31", 2026, 4),
            ("2026-02-01", 2027, 1),
            ("2026-12-31", 2027, 4),
        ] {
            let found = run("FISCAL_YEAR", Some(date), ("UTC", 2));
            assert_eq!(found, Value::Integer(year), "{date}");
            let found = run("FISCAL_QUARTER", Some(date), ("UTC", 2));
            assert_eq!(found, Value::Integer(quarter), "{date}");
        }
        assert_eq!(
            run("FISCAL_YEAR", Some("2026-12-31"), ("UTC", 1)),
            Value::Integer(2026)
        );
        assert_eq!(run("CALENDAR_YEAR", None, ("UTC", 1)), Value::Null);
    }
}
