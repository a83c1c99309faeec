//! Writes sessions to the database behind the sign-ins, many in one transaction.
//!
//! Owns the thread that does so. It is woken by the first entry, lingers for more, and writes what
//! came; so a sign-in costs one push, which never waits. Whoever began a session is told when the
//! thread is [`QUEUE_MAX`] entries behind, and answers only once there is room.
//!
//! What is kept, and when: an answer does not wait for the disk. A process that is told to stop, or
//! that makes a snapshot, writes everything first; one that is killed loses the sessions of the
//! last [`LINGER`] and of the queue; a machine that fails may lose the last moments more, as WAL
//! mode does. An org in memory keeps nothing, so nothing is written for it.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use accredit::clock::UnixTime;

use super::sessions::Session;
use super::tables;
use crate::store::Store;

/// From how many entries on sign-ins wait.
const QUEUE_MAX: usize = 8_192;

/// The most entries in one transaction: readers of the database wait for no more.
const BATCH_MAX: usize = 256;

/// How long the thread waits for more entries after the first.
const LINGER: Duration = Duration::from_millis(5);

/// Something to write.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A session began.
    Begin(Arc<Session>),
    /// The session of this number was used.
    Used(u64, UnixTime),
    /// The session of this number is over.
    End(u64),
}

/// Whether the thread keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It does.
    Even,
    /// It is so far behind that sign-ins should wait.
    Behind,
}

/// The queue to the thread. Dropping it waits until everything is written.
pub(crate) struct Ledger {
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// Wakes the thread: there is something to do.
    begun: Condvar,
    /// Wakes the thread while it lingers: it should write now.
    hurried: Condvar,
    /// Wakes those who wait for the thread: what was taken is written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    /// How many entries were ever queued, and how many of them are written.
    queued: u64,
    written: u64,
    is_hurried: bool,
    is_closed: bool,
}

impl Ledger {
    /// Starts the thread, if the database outlives the process.
    pub(crate) fn start(store: Arc<Store>) -> Self {
        let queue = Arc::new(Queue::default());
        let writers = Arc::clone(&queue);
        let is_kept = store.is_kept();
        let writer = is_kept.then(|| thread::spawn(move || writers.write_all(&store)));
        Self { queue, writer }
    }

    /// Queues an entry. What is queued first is written first.
    pub(crate) fn write(&self, entry: Entry) -> Pace {
        if self.writer.is_none() {
            return Pace::Even;
        }
        let queue = &self.queue;
        let mut state = queue.state();
        let pace = if state.entries.len() < QUEUE_MAX {
            Pace::Even
        } else {
            Pace::Behind
        };
        // The next use of a session says the same.
        if pace == Pace::Behind && matches!(entry, Entry::Used(..)) {
            return pace;
        }
        state.entries.push(entry);
        state.queued += 1;
        if state.entries.len() == 1 {
            queue.begun.notify_one();
        }
        pace
    }

    /// Waits until the thread keeps up again.
    pub(crate) fn wait_for_room(&self) {
        let mut state = self.queue.state();
        while state.entries.len() >= QUEUE_MAX {
            self.queue.hurry(&mut state);
            state = wait(&self.queue.written, state);
        }
    }

    /// Waits until everything queued so far is written.
    pub(crate) fn flush(&self) {
        let mut state = self.queue.state();
        let until = state.queued;
        while state.written < until {
            self.queue.hurry(&mut state);
            state = wait(&self.queue.written, state);
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hurry(&self, state: &mut State) {
        state.is_hurried = true;
        self.hurried.notify_one();
    }

    fn write_all(&self, store: &Store) {
        while let Some(entries) = self.take() {
            for batch in entries.chunks(BATCH_MAX) {
                if let Err(error) = tables::write_sessions(store, batch) {
                    tracing::error!(%error, "sessions could not be written");
                }
            }
            let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            let mut state = self.state();
            state.written = state.written.saturating_add(count);
            self.written.notify_all();
        }
    }

    /// Waits for entries, then a little for more. `None` when the queue is closed and empty.
    fn take(&self) -> Option<Vec<Entry>> {
        let mut state = self.state();
        while state.entries.is_empty() && !state.is_closed {
            state = wait(&self.begun, state);
        }
        if !state.is_hurried && !state.is_closed {
            let lingered = self.hurried.wait_timeout(state, LINGER);
            state = lingered.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_hurried = false;
        let entries = std::mem::take(&mut state.entries);
        (!entries.is_empty()).then_some(entries)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.queue.state().is_closed = true;
        self.queue.begun.notify_one();
        self.queue.hurried.notify_one();
        if self
            .writer
            .take()
            .is_some_and(|writer| writer.join().is_err())
        {
            tracing::error!("the writer of sessions panicked");
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledger")
    }
}

fn wait<'a>(condition: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condition
        .wait(state)
        .unwrap_or_else(PoisonError::into_inner)
}
