//! How values are shown: `soql_label(value, labels)` and `soql_format(value, form)`.
//!
//! Owns `toLabel` and `FORMAT` of SOQL for the locale en_US. What is nothing is shown as nothing.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

type Shown = Result<Option<String>, rusqlite::Error>;

/// Makes the functions known to `connection`.
pub(super) fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("soql_label", 2, flags, label)?;
    connection.create_scalar_function("soql_format", 2, flags, format_value)
}

/// The labels of the values that are separated by semicolons; a value without label shows itself.
fn label(context: &Context<'_>) -> Shown {
    let labels = context.get_or_create_aux(
        1,
        |value| -> Result<HashMap<String, String>, rusqlite::Error> {
            let labels: HashMap<String, String> =
                serde_json::from_str(value.as_str()?).unwrap_or_default();
            let lower = labels.into_iter().map(|(k, v)| (k.to_lowercase(), v));
            Ok(lower.collect())
        },
    )?;
    let value = context.get_raw(0);
    let Some(text) = value.as_str_or_null()? else {
        return Ok(None);
    };
    let of = |value: &str| {
        let known = labels.get(&value.to_lowercase());
        known.cloned().unwrap_or_else(|| value.to_owned())
    };
    let shown: Vec<String> = text.split(';').map(of).collect();
    Ok(Some(shown.join(";")))
}

/// `form` is `currency:2`, `percent:0`, `number:2`, `date`, `datetime:America/Los_Angeles` or
/// `time`.
fn format_value(context: &Context<'_>) -> Shown {
    let form: String = context.get(1)?;
    let (kind, detail) = form.split_once(':').unwrap_or((&form, ""));
    let value = context.get_raw(0);
    Ok(match value {
        ValueRef::Integer(number) => Some(numeric(kind, &number.to_string(), detail)),
        ValueRef::Real(number) => {
            let places: usize = detail.parse().unwrap_or(0);
            Some(numeric(kind, &format!("{number:.places$}"), detail))
        }
        ValueRef::Text(_) => moment(kind, value.as_str()?, detail),
        ValueRef::Null | ValueRef::Blob(_) => None,
    })
}

/// Puts commas and signs around a plain number.
fn numeric(kind: &str, plain: &str, scale: &str) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let places: usize = scale.parse().unwrap_or(0);
    if places > 0 {
        grouped.push_str(&format!(".{part:0<places$}"));
    }
    match kind {
        "currency" => format!("{sign}${grouped}"),
        "percent" => format!("{sign}{grouped}%"),
        _ => format!("{sign}{grouped}"),
    }
}

fn moment(kind: &str, text: &str, zone: &str) -> Option<String> {
    if kind == "date" {
        let date: Date = text.parse().ok()?;
        return Some(format!("{}/{}/{}", date.month(), date.day(), date.year()));
    }
    if kind == "time" {
        let time: jiff::civil::Time = text.trim_end_matches('Z').parse().ok()?;
        return Some(clock(time));
    }
    let utc: DateTime = text.get(..23)?.parse().ok()?;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let utc = utc.to_zoned(TimeZone::UTC).ok()?;
    let local = utc.with_time_zone(zone).datetime();
    let (month, day, year) = (local.month(), local.day(), local.year());
    Some(format!("{month}/{day}/{year}, {}", clock(local.time())))
}

/// `5:47 PM`
fn clock(time: jiff::civil::Time) -> String {
    let half = if time.hour() < 12 { "AM" } else { "PM" };
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{hour}:{:02} {half}", time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(call: &str) -> Option<String> {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let sql = format!("SELECT {call}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn values_are_shown_as_in_the_united_states() {
        for (value, form, shown) in [
            ("1234567.5", "currency:2", "$1,234,567.50"),
            ("-12500000.0", "currency:0", "-$12,500,000"),
            ("100", "currency:2", "$100.00"),
            ("75.0", "percent:0", "75%"),
            ("999.125", "number:2", "999.12"),
            ("1000", "number:0", "1,000"),
            ("'2026-11-01'", "date", "11/1/2026"),
            ("'17:05:00.000Z'", "time", "5:05 PM"),
            (
                "'2026-11-21T08:07:00.000+0000'",
                "datetime:America/Los_Angeles",
                "11/21/2026, 12:07 AM",
            ),
        ] {
            let found = run(&format!("soql_format({value}, '{form}')"));
            assert_eq!(found.as_deref(), Some(shown), "{value}");
        }
        assert_eq!(run("soql_format(NULL, 'date')"), None);
        let labels = r#"'{"A":"First","B":"Second"}'"#;
        let found = run(&format!("soql_label('a;C;B', {labels})"));
        assert_eq!(found.as_deref(), Some("First;C;Second"));
        assert_eq!(run(&format!("soql_label(NULL, {labels})")), None);
    }
}
