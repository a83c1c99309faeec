//! Values of files as values of fields.
//!
//! Owns how dates, numbers and checkboxes may be written, and the words that say what was expected.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::rows::Given;
use crate::org::schema::{Field, Storage};
use crate::org::value::{Value, datetime_text};

/// The value as it is kept. The error says what was expected and found.
pub(super) fn value(field: &Field, given: &Given) -> Result<Value, String> {
    let storage = field.kind.storage();
    let text = match given {
        Given::Null => {
            return Ok(match storage {
                Storage::Boolean => Value::Boolean(false),
                _ => Value::Null,
            });
        }
        Given::Text(text) => text.clone(),
        Given::Number(number) => number.to_string(),
        Given::Boolean(value) => value.to_string(),
        Given::Key(_) | Given::Match { .. } => return Err(unfit("a value", "a reference")),
    };
    match storage {
        Storage::Boolean => boolean(&text),
        Storage::Integer => integer(&text),
        Storage::Real => real(&text),
        Storage::Date => date(&text),
        Storage::Datetime => datetime(&text),
        Storage::Time => time(&text),
        Storage::Text | Storage::Id => Ok(Value::from(text.as_str())),
        Storage::Compound => Err(unfit("values for its parts", &text)),
    }
}

fn unfit(expected: &str, found: &str) -> String {
    let found: String = found.chars().take(60).collect();
    format!("expected {expected}, found {found:?}")
}

fn boolean(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(Value::Boolean(true)),
        "false" | "0" | "no" | "" => Ok(Value::Boolean(false)),
        _ => Err(unfit("true or false", text)),
    }
}

/// A number; nothing for the empty text.
fn number(text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
    number.map(Some).ok_or_else(|| unfit("a number", text))
}

fn real(text: &str) -> Result<Value, String> {
    Ok(number(text)?.map_or(Value::Null, Value::Real))
}

fn integer(text: &str) -> Result<Value, String> {
    if let Ok(whole) = text.trim().parse() {
        return Ok(Value::Integer(whole));
    }
    match number(text)? {
        None => Ok(Value::Null),
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            let whole = format!("{number:.0}").parse();
            whole
                .map(Value::Integer)
                .map_err(|_| unfit("a whole number", text))
        }
        Some(_) => Err(unfit("a whole number", text)),
    }
}

fn date(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    // A moment stands for its day.
    let day = text.get(..10).unwrap_or(text);
    let is_alone = text.len() == 10 || text.as_bytes().get(10).is_some_and(|b| b"T ".contains(b));
    match day.parse::<Date>() {
        Ok(date) if is_alone => Ok(Value::Text(date.to_string())),
        _ => Err(unfit("a date such as 2026-11-21", text)),
    }
}

fn datetime(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    moment(text)
        .map(|at| Value::Text(datetime_text(at)))
        .ok_or_else(|| unfit("a moment such as 2026-11-21T17:47:00.000+0000", text))
}

/// A moment; without an offset it is one of UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let utc = jiff::tz::TimeZone::UTC;
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if text.contains(['+', 'Z', 'z']) {
        // Salesforce leaves out the colon of the offset.
        let (moment, offset) = text.rsplit_once('+')?;
        let (hours, minutes) = offset.split_at_checked(2)?;
        return format!("{moment}+{hours}:{minutes}").parse().ok();
    }
    let local = text.parse::<DateTime>().ok()?;
    Some(local.to_zoned(utc).ok()?.timestamp())
}

fn time(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let plain = text.trim_end_matches(['Z', 'z']);
    let time: Time = plain
        .parse()
        .map_err(|_| unfit("a time such as 17:47:00.000Z", text))?;
    Ok(Value::Text(format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::schema::{FieldType, Shape};

    fn converted(kind: FieldType, text: &str) -> Result<Value, String> {
        let field = Field::new("X__c", "X".to_owned(), kind, Shape::default());
        value(&field, &Given::Text(text.to_owned()))
    }

    #[test]
    fn what_files_write_becomes_what_fields_keep() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (kind, given, kept) in [
            (FieldType::Boolean, "TRUE", Value::Boolean(true)),
            (FieldType::Boolean, "0", Value::Boolean(false)),
            (FieldType::Int, "7.0", Value::Integer(7)),
            (FieldType::Currency, "811.0", Value::Real(811.0)),
            (FieldType::Double, "", Value::Null),
            (
                FieldType::Date,
                "2026-11-21T00:00:00.000Z",
                text("2026-11-21"),
            ),
            (
                FieldType::Datetime,
                "2026-11-21T17:47:00.000+0100",
                text("2026-11-21T16:47:00.000+0000"),
            ),
            (
                FieldType::Datetime,
                "2026-11-21 17:47:00",
                text("2026-11-21T17:47:00.000+0000"),
            ),
            (
                FieldType::Datetime,
                "2026-11-21",
                text("2026-11-21T00:00:00.000+0000"),
            ),
            (FieldType::Time, "17:47", text("17:47:00.000Z")),
            (FieldType::String, "", Value::Null),
        ] {
            assert_eq!(converted(kind, given), Ok(kept), "{given}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (kind, given, expected) in [
            (FieldType::Boolean, "maybe", "true or false"),
            (FieldType::Int, "7.5", "a whole number"),
            (FieldType::Double, "seven", "a number"),
            (FieldType::Double, "inf", "a number"),
            (FieldType::Date, "21.11.2026", "a date such as 2026-11-21"),
            (FieldType::Time, "noon", "a time such as 17:47:00.000Z"),
        ] {
            let problem = format!("expected {expected}, found {given:?}");
            assert_eq!(converted(kind, given), Err(problem));
        }
    }
}
