//! What the values of a record must be like.

use super::error::Refusal;
use super::input::Purpose;
use crate::org::record::Values;
use crate::org::schema::{Field, FieldType, Flag, Object, Storage};
use crate::org::value::Value;

/// Refuses what describe says cannot be done with the object.
pub(super) fn can(object: &Object, ability: &str, verb: &str) -> Result<(), Refusal> {
    if object.can(ability) && object.key_prefix.is_some() {
        return Ok(());
    }
    let message = format!("entity type {} does not support {verb}", object.name);
    Err(Refusal::new("INVALID_TYPE_FOR_OPERATION", message))
}

/// Refuses a record that lacks what it needs.
pub(super) fn required(object: &Object, values: &Values, purpose: Purpose) -> Result<(), Refusal> {
    let missing: Vec<String> = object
        .fields
        .iter()
        .filter(|field| is_required(field, purpose))
        .filter(|field| match values.get(&field.name) {
            Some(value) => *value == Value::Null,
            None => purpose == Purpose::Create && !is_defaulted(field),
        })
        .map(|field| field.name.clone())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Required fields are missing: [{}]", missing.join(", "));
    Err(Refusal::new("REQUIRED_FIELD_MISSING", message).with_fields(missing))
}

fn is_required(field: &Field, purpose: Purpose) -> bool {
    let is_writable = match purpose {
        Purpose::Create => field.is(Flag::Createable),
        Purpose::Update => field.is(Flag::Updateable),
    };
    is_writable && !field.is(Flag::Nillable) && field.kind != FieldType::Boolean
}

fn is_defaulted(field: &Field) -> bool {
    field.is(Flag::DefaultedOnCreate) || field.default_value.is_some()
}

/// Looks at each of these values alone.
pub(super) fn check(fields: &[&Field], values: &Values) -> Result<(), Refusal> {
    for field in fields {
        match values.get(&field.name) {
            Some(Value::Text(text)) => check_text(field, text)?,
            Some(Value::Integer(number)) => check_integer(field, *number)?,
            Some(Value::Real(number)) => check_real(field, *number)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_text(field: &Field, text: &str) -> Result<(), Refusal> {
    if field.kind.storage() != Storage::Text {
        return Ok(());
    }
    let length = text.chars().count();
    if field.length > 0 && length > usize::try_from(field.length).unwrap_or(usize::MAX) {
        let max = field.length;
        let message = format!("data value too large: {text} (max length={max})");
        return Err(Refusal::on(field, "STRING_TOO_LONG", &message));
    }
    if field.kind == FieldType::Email && !is_email(text) {
        let message = format!("invalid email address: {text}");
        return Err(Refusal::on(field, "INVALID_EMAIL_ADDRESS", &message));
    }
    if field.is(Flag::RestrictedPicklist) {
        return check_choice(field, text);
    }
    Ok(())
}

/// Every value must be one of those that the field offers.
fn check_choice(field: &Field, text: &str) -> Result<(), Refusal> {
    let mut chosen: Vec<&str> = match field.kind {
        FieldType::Multipicklist => text.split(';').collect(),
        _ => vec![text],
    };
    chosen.retain(|value| !field.choices.iter().any(|choice| choice.value == **value));
    match chosen.first() {
        Some(_) if field.choices.is_empty() => Ok(()),
        Some(value) => {
            let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
            let message = format!("bad value for restricted picklist field: {value}");
            Err(Refusal::on(field, code, &message))
        }
        None => Ok(()),
    }
}

/// One `@`, something before it, and a domain with a dot after it.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "@,;:<>()[]\\\"".contains(c);
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && local.len() <= 64
        && !text.chars().filter(|c| *c != '@').any(is_odd)
        && labels.len() > 1
        && labels
            .iter()
            .all(|label| !label.is_empty() && !label.contains('@'))
}

fn check_integer(field: &Field, number: i64) -> Result<(), Refusal> {
    let digits = if field.digits == 0 { 9 } else { field.digits };
    let is_small = i32::try_from(number).is_ok();
    let fits = 10_i64
        .checked_pow(digits)
        .is_none_or(|limit| number.abs() < limit);
    if is_small && fits {
        return Ok(());
    }
    Err(outside(field, &number.to_string()))
}

/// `precision` digits in all, `scale` of them after the point.
fn check_real(field: &Field, number: f64) -> Result<(), Refusal> {
    let whole = field.precision.saturating_sub(field.scale);
    let digits = i32::try_from(whole).unwrap_or(i32::MAX);
    if field.precision == 0 || number.abs() < 10_f64.powi(digits) {
        return Ok(());
    }
    Err(outside(field, &number.to_string()))
}

fn outside(field: &Field, number: &str) -> Refusal {
    let message = format!("value outside of valid range on numeric field: {number}");
    Refusal::on(field, "NUMBER_OUTSIDE_VALID_RANGE", &message)
}
