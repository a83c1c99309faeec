//! Writes sessions to the database behind the sign-ins, many in one transaction.
//!
//! Owns the thread that does so. It is woken by the first entry, lingers for more, and writes what
//! came; so a sign-in costs one push. A sign-in waits only if the thread is [`QUEUE_MAX`] entries
//! behind. What a crash can lose is what WAL mode could lose anyway: the last moments.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use accredit::clock::UnixTime;

use super::sessions::{Session, TokenDigest};
use super::tables;
use crate::store::Store;

/// How many entries may wait.
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
    /// A session was used.
    Used(TokenDigest, UnixTime),
    /// A session is over.
    End(TokenDigest),
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
    /// Starts the thread.
    pub(crate) fn start(store: Arc<Store>) -> Self {
        let queue = Arc::new(Queue::default());
        let writers = Arc::clone(&queue);
        Self {
            queue,
            writer: Some(thread::spawn(move || writers.write_all(&store))),
        }
    }

    /// Queues an entry.
    pub(crate) fn write(&self, entry: Entry) {
        let queue = &self.queue;
        let mut state = queue.state();
        while state.entries.len() >= QUEUE_MAX {
            queue.hurry(&mut state);
            state = wait(&queue.written, state);
        }
        state.entries.push(entry);
        state.queued += 1;
        if state.entries.len() == 1 {
            queue.begun.notify_one();
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
