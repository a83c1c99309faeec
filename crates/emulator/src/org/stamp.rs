//! When the schema was last seen to change.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use accredit::clock::UnixTime;

use super::Org;
use super::schema::Schema;

/// The schema that was seen last, and since when.
#[derive(Debug, Default)]
pub(super) struct Stamp(Mutex<Option<(Weak<Schema>, UnixTime)>>);

impl Org {
    /// Since when the schema is as it is, as far as anybody asked. A schema that took the place of
    /// another is always a second younger, for that is how finely clients compare.
    pub(crate) fn schema_changed_at(&self, now: UnixTime) -> UnixTime {
        let schema = self.schema();
        let mut seen = self.stamp.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = UnixTime::from_secs(now.as_secs());
        let at = match seen.as_ref() {
            Some((known, at))
                if known
                    .upgrade()
                    .is_some_and(|known| Arc::ptr_eq(&known, &schema)) =>
            {
                return *at;
            }
            Some((_, before)) => now.max(before.saturating_add(Duration::from_secs(1))),
            None => now,
        };
        *seen = Some((Arc::downgrade(&schema), at));
        at
    }
}
