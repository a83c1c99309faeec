//! Values from the text in which Salesforce sends them.

use jiff::Timestamp;
use jiff::civil::Date;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A whole number, also one that is written as `7.0`.
pub(super) fn integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        // Above 2^53 the text would say another number than the one that is found.
        let is_whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        is_whole.then_some(number as i64)
    })
}

pub(super) fn double(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Days since 1970.
pub(super) fn days(text: &str) -> Option<i32> {
    let date: Date = text.parse().ok()?;
    Some(date.since(EPOCH).ok()?.get_days())
}

/// Milliseconds since 1970: `2026-11-21T17:47:00.000+0000`, or with `Z`.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let moment: Timestamp = text.parse().ok()?;
    Some(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_salesforce_writes_them() {
        assert_eq!(integer("7"), Some(7));
        assert_eq!(integer("7.0"), Some(7));
        assert_eq!(integer("1e300"), None);
        assert_eq!(double("1.50E2"), Some(150.0));
        assert_eq!(double("NaN"), None);
        assert_eq!(days("1970-01-02"), Some(1));
        assert_eq!(days("1699-12-31"), Some(-98_616));
        assert_eq!(days("4000-12-31"), Some(741_807));
        for text in [
            "2026-11-21T17:47:00.000+0000",
            "2026-11-21T17:47:00.000Z",
            "2026-11-21T18:47:00.000+01:00",
        ] {
            assert_eq!(milliseconds(text), Some(1_795_283_220_000), "{text}");
        }
        assert_eq!(milliseconds("2026-11-21"), None);
    }
}
