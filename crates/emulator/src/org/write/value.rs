//! From a value that a client wrote to the form in which it is kept.
//!
//! Owns what each type of field accepts, and the error of what it does not.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};

use super::error::Refusal;
use super::given::{Content, Given, PARSER_ERROR};
use crate::ids::RecordId;
use crate::org::schema::{Field, FieldType, Storage};
use crate::org::value::{Value, datetime_text};

/// Reads the value of `field`.
pub(super) fn read(field: &Field, given: &Given) -> Result<Value, Refusal> {
    let value = match &given.content {
        Content::Null if field.kind == FieldType::Boolean => None,
        Content::Null => Some(Value::Null),
        Content::Text(text) if text.trim().is_empty() && field.kind != FieldType::Boolean => {
            Some(Value::Null)
        }
        Content::Text(text) => of_text(field, text)?,
        Content::Boolean(is_set) => of_boolean(field, *is_set),
        Content::Number(digits) => of_number(field, digits),
        Content::Record(_) | Content::Array => None,
    };
    value.ok_or_else(|| mismatch(field, given))
}

/// The value that a text means; nothing if the type has no such values.
fn of_text(field: &Field, text: &str) -> Result<Option<Value>, Refusal> {
    let trimmed = text.trim();
    Ok(match field.kind.storage() {
        Storage::Id => {
            let id = RecordId::parse(trimmed).ok_or_else(|| Refusal::malformed_id(field, text))?;
            Some(Value::Text(id.to_string()))
        }
        Storage::Text => Some(Value::Text(trimmed.to_owned())),
        Storage::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Value::Boolean(true)),
            "false" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        Storage::Integer | Storage::Real => of_number(field, trimmed),
        Storage::Date => date(trimmed).map(|date| Value::Text(date.to_string())),
        Storage::Datetime => moment(trimmed).map(|at| Value::Text(datetime_text(at))),
        Storage::Time => time(trimmed).map(Value::Text),
        Storage::Compound => None,
    })
}

fn of_boolean(field: &Field, is_set: bool) -> Option<Value> {
    (field.kind.storage() == Storage::Boolean).then_some(Value::Boolean(is_set))
}

fn of_number(field: &Field, digits: &str) -> Option<Value> {
    match field.kind.storage() {
        Storage::Real => {
            let number = digits.parse::<f64>().ok()?;
            number.is_finite().then_some(Value::Real(number))
        }
        Storage::Integer => {
            let whole = digits.strip_suffix(".0").unwrap_or(digits);
            whole.parse().ok().map(Value::Integer)
        }
        _ => None,
    }
}

/// `2026-11-21`, also with a time, which is left out.
fn date(text: &str) -> Option<Date> {
    match text.split_once('T') {
        Some((day, _)) => moment(text).and(strict_date(day)),
        None => strict_date(text),
    }
}

fn strict_date(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10 && !text.starts_with(['+', '-']);
    let date: Date = text.parse().ok().filter(|_| is_plain)?;
    (1700..=4000).contains(&date.year()).then_some(date)
}

/// `2026-11-21T17:47:00.000+0000`, with `Z`, with a colon, without fractions, or a date alone.
fn moment(text: &str) -> Option<Timestamp> {
    if let Some(day) = strict_date(text) {
        return day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    }
    let (day, rest) = text.split_once('T')?;
    let day = strict_date(day)?;
    let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone);
    let clock: Time = clock.parse().ok()?;
    let clock = civil::time(
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.subsec_nanosecond() / 1_000_000 * 1_000_000,
    );
    let offset = Offset::from_seconds(offset(zone)?).ok()?;
    offset.to_timestamp(day.to_datetime(clock)).ok()
}

/// Seconds east of UTC: `Z`, `+01:00`, `-0800`, or nothing at all.
fn offset(zone: &str) -> Option<i32> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let is_plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let hours: i32 = hours
        .parse()
        .ok()
        .filter(|hours| *hours <= 14 && is_plain)?;
    let minutes: i32 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// `17:47:00.000Z`
fn time(text: &str) -> Option<String> {
    let time: Time = text.strip_suffix('Z').unwrap_or(text).parse().ok()?;
    let millis = time.subsec_nanosecond() / 1_000_000;
    Some(format!(
        "{:02}:{:02}:{:02}.{millis:03}Z",
        time.hour(),
        time.minute(),
        time.second()
    ))
}

/// The type has no such values.
fn mismatch(field: &Field, given: &Given) -> Refusal {
    let (token, text) = match &given.content {
        Content::Null => ("VALUE_NULL", "null"),
        Content::Boolean(true) => ("VALUE_TRUE", "true"),
        Content::Boolean(false) => ("VALUE_FALSE", "false"),
        Content::Number(digits) if digits.contains(['.', 'e', 'E']) => {
            ("VALUE_NUMBER_FLOAT", digits.as_str())
        }
        Content::Number(digits) => ("VALUE_NUMBER_INT", digits.as_str()),
        Content::Text(text) => ("VALUE_STRING", text.as_str()),
        Content::Record(_) => ("START_OBJECT", "{"),
        Content::Array => ("START_ARRAY", "["),
    };
    let Some(place) = given.place else {
        let message = format!("value not of required type: {text}");
        return Refusal::on(field, "INVALID_TYPE_ON_FIELD_IN_RECORD", &message);
    };
    let message = format!(
        "Cannot deserialize instance of {} from {token} value {text} or request may be missing a \
         required field at {place}",
        field.kind.as_str()
    );
    Refusal::new(PARSER_ERROR, message)
}
