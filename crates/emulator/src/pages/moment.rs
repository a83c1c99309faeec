//! Moments as people read them, in UTC.

use std::fmt;

use accredit::clock::UnixTime;

/// A moment to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// `2026-11-21T17:47:00Z`
    pub(super) iso: String,
    text: String,
}

impl Moment {
    pub(super) fn of(at: UnixTime) -> Self {
        let known = i64::try_from(at.as_secs())
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let Some(known) = known else {
            return Self {
                iso: String::new(),
                text: "the end of time".to_owned(),
            };
        };
        Self {
            iso: known.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            text: known.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    /// The day alone.
    pub(super) fn day(&self) -> &str {
        self.text.get(..10).unwrap_or(&self.text)
    }

    /// As an input of type `datetime-local` wants it.
    pub(super) fn local(&self) -> &str {
        self.iso.trim_end_matches('Z')
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads what an input of type `datetime-local` sends, as UTC.
pub(super) fn read(text: &str) -> Option<UnixTime> {
    let at: jiff::civil::DateTime = text.parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    let seconds = u64::try_from(at.timestamp().as_second()).ok()?;
    Some(UnixTime::from_secs(seconds))
}
