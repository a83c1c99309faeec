//! Values that follow from the number of a record.

use std::time::Duration;

use accredit::clock::UnixTime;

use super::DAY;
use crate::org::value::Value;

/// The element that `number` chooses.
pub(super) fn pick<'v>(values: &[&'v str], number: usize) -> &'v str {
    let index = number % values.len().max(1);
    values.get(index).copied().unwrap_or_default()
}

/// Every `nth` value is missing.
pub(super) fn except(nth: usize, number: usize, value: impl Into<Value>) -> Value {
    if number % nth == nth - 1 {
        return Value::Null;
    }
    value.into()
}

/// A number that fits a column.
pub(super) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or_default()
}

/// `days` before `now`.
pub(super) fn days_ago(now: UnixTime, days: usize) -> UnixTime {
    let seconds = DAY * u64::try_from(days).unwrap_or_default();
    now.saturating_sub(Duration::from_secs(seconds))
}
