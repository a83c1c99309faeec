//! The right side of a test: a literal that fits its field.
//!
//! Owns which literals a field accepts and the words in which the others are refused.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Currency, Literal, Number, Span, Value as Given};

use super::dates::{date_text, moment_text, time_text};
use super::environment::Environment;
use super::expression::Typed;
use crate::ids::RecordId;
use crate::org::schema::{FieldType, Storage};
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// The currency of an org that has one.
const CURRENCY: &str = "USD";

/// How long a string in a condition may be, in characters.
const STRING_LENGTH_MAX: usize = 4_000;

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Null,
    Value(Value),
    /// From the first up to, and without, the second.
    Range(Value, Value),
}

/// What `given` means for `field`. The place is that of the field: there Salesforce puts the caret.
pub(super) fn operand(
    field: &Typed<'_>,
    given: &Given,
    environment: Environment<'_>,
) -> Result<Operand, Error> {
    let Environment {
        refusals, calendar, ..
    } = environment;
    let subject = field.span;
    if let Literal::String(text) = &given.literal {
        check_length(text, given.span, environment)?;
    }
    let wrong_type = || refusals.at(subject, ErrorCode::InvalidField, wrong_type(field));
    let storage = field.storage();
    let value = match (storage, &given.literal) {
        (Storage::Boolean, Literal::Null) => Value::Boolean(false),
        (_, Literal::Null) => return Ok(Operand::Null),
        (Storage::Text, Literal::String(text)) if text.is_empty() => return Ok(Operand::Null),
        (Storage::Text, Literal::String(text)) => Value::Text(text.clone()),
        (Storage::Id, Literal::String(text)) => {
            let id = RecordId::parse(text).ok_or_else(|| {
                let code = ErrorCode::InvalidQueryFilterOperator;
                refusals.at(subject, code, format!("invalid ID field: {text}"))
            })?;
            Value::Text(id.to_string())
        }
        (Storage::Boolean, Literal::Boolean(value)) => Value::Boolean(*value),
        (Storage::Integer | Storage::Real, Literal::Number(number)) => numeric(number),
        (Storage::Real, Literal::Currency(currency)) if field.kind == FieldType::Currency => {
            in_currency(currency).ok_or_else(|| {
                refusals.unsupported(given.span, "amounts in other currencies than USD")
            })?
        }
        (Storage::Date, Literal::Date(date)) => Value::Text(date_text(*date)),
        (Storage::Datetime, Literal::DateTime(moment)) => {
            Value::Text(moment_text(*moment).ok_or_else(wrong_type)?)
        }
        (Storage::Time, Literal::Time(time)) => {
            Value::Text(time_text(*time).ok_or_else(wrong_type)?)
        }
        (Storage::Date | Storage::Datetime, Literal::DateLiteral(literal)) => {
            environment.is_passing.set(true);
            let days = calendar.days(*literal);
            let edge = |day: jiff::civil::Date| match storage {
                Storage::Date => Value::Text(day.to_string()),
                _ => Value::Text(calendar.start_of_day(day)),
            };
            return Ok(Operand::Range(edge(days.start), edge(days.end)));
        }
        _ => return Err(wrong_type()),
    };
    Ok(Operand::Value(value))
}

/// Refuses strings that are too long.
pub(super) fn check_length(
    text: &str,
    span: Span,
    environment: Environment<'_>,
) -> Result<(), Error> {
    if text.chars().count() <= STRING_LENGTH_MAX {
        return Ok(());
    }
    let detail = format!("a string may have at most {STRING_LENGTH_MAX} characters");
    let code = ErrorCode::MalformedQuery;
    Err(environment.refusals.at(span, code, detail))
}

fn numeric(number: &Number) -> Value {
    match number.to_i64() {
        Some(number) => Value::Integer(number),
        None => Value::Real(number.to_f64()),
    }
}

fn in_currency(currency: &Currency) -> Option<Value> {
    (currency.code == CURRENCY).then(|| numeric(&currency.amount))
}

fn wrong_type(field: &Typed<'_>) -> String {
    let soap = field.kind.soap();
    let (needs, kind) = match field.storage() {
        Storage::Text | Storage::Id => ("should be enclosed in quotes", "string"),
        _ => (
            "should not be enclosed in quotes",
            soap.split_once(':').map_or(soap, |(_, name)| name),
        ),
    };
    format!(
        "value of filter criterion for field '{}' must be of type {kind} and {needs}",
        field.name
    )
}
