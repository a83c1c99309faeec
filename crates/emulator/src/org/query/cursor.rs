//! Cursors: the rest of an answer that is larger than a batch.
//!
//! Owns locators and how long they are good. A cursor keeps the rows that were found, not what was
//! in them: a record is read when its page is asked for. The number of rows kept is bounded; the
//! oldest cursors go first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;

use super::compile::Records;
use crate::ids::RecordId;

/// How long a locator is good.
const LIFETIME: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How many cursors are kept.
const CURSORS_MAX: usize = 1_000;

/// How many rows all cursors keep together, eight bytes each.
const ROWS_MAX: usize = 16_000_000;

/// The key prefix of locators.
const KEY_PREFIX: &str = "0r8";

/// The rows that one query found.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub(super) session: Vec<u8>,
    pub(super) created_at: UnixTime,
    pub(super) records: Arc<Records>,
    /// All rows of the answer, those of the first page too.
    pub(super) rows: Vec<i64>,
    /// How many records a page has when the call says nothing else.
    pub(super) batch: usize,
}

/// All cursors, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    open: VecDeque<(RecordId, Arc<Cursor>)>,
    last: u64,
    rows: usize,
}

impl Cursors {
    /// Keeps `cursor` and returns its locator.
    pub(super) fn keep(&mut self, cursor: Cursor) -> RecordId {
        self.expire(cursor.created_at);
        self.last += 1;
        let locator = RecordId::numbered(KEY_PREFIX, self.last);
        self.rows += cursor.rows.len();
        self.open.push_back((locator.clone(), Arc::new(cursor)));
        while self.open.len() > 1 && (self.open.len() > CURSORS_MAX || self.rows > ROWS_MAX) {
            self.drop_oldest();
        }
        locator
    }

    /// The cursor that `session` was given `locator` for.
    pub(super) fn find(
        &mut self,
        locator: &str,
        (session, now): (&[u8], UnixTime),
    ) -> Option<Arc<Cursor>> {
        self.expire(now);
        let locator = RecordId::parse(locator)?;
        let (_, cursor) = self.open.iter().find(|(known, _)| *known == locator)?;
        (cursor.session == session).then(|| Arc::clone(cursor))
    }

    fn expire(&mut self, now: UnixTime) {
        while self
            .open
            .front()
            .is_some_and(|(_, oldest)| now.since(oldest.created_at) > LIFETIME)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, cursor)) = self.open.pop_front() {
            self.rows -= cursor.rows.len();
        }
    }
}
