//! Writes sessions to the database behind the sign-ins, many in one transaction.
//!
//! Owns the thread that does so. A sign-in waits only if the thread is [`QUEUE_MAX`] entries behind. What
//! a crash can lose is what WAL mode could lose anyway: the last moments.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use accredit::clock::UnixTime;

use super::sessions::{Session, TokenDigest};
use super::tables;
use crate::store::Store;

/// How many entries may wait.
const QUEUE_MAX: usize = 4_096;

/// The most entries in one transaction: readers of the database wait for no more.
const BATCH_MAX: usize = 256;

/// Something to write.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A session began.
    Begin(Arc<Session>),
    /// A session was used.
    Used(TokenDigest, UnixTime),
    /// A session is over.
    End(TokenDigest),
    /// Somebody waits for all before this.
    Flush(SyncSender<()>),
}

/// The queue to the thread. Dropping it waits until everything is written.
pub(crate) struct Ledger {
    queue: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Starts the thread.
    pub(crate) fn start(store: Arc<Store>) -> Self {
        let (queue, entries) = sync_channel(QUEUE_MAX);
        Self {
            queue: Some(queue),
            writer: Some(thread::spawn(move || write_all(&entries, &store))),
        }
    }

    /// Queues an entry.
    pub(crate) fn write(&self, entry: Entry) {
        let queue = self.queue.as_ref();
        if queue.is_none_or(|queue| queue.send(entry).is_err()) {
            tracing::error!("sessions are no longer written: the writer ended");
        }
    }

    /// Waits until everything queued so far is written.
    pub(crate) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        self.write(Entry::Flush(done));
        if wait.recv().is_err() {
            tracing::error!("sessions could not be flushed");
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.queue = None;
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

fn write_all(entries: &Receiver<Entry>, store: &Store) {
    while let Ok(first) = entries.recv() {
        let mut batch = vec![first];
        batch.extend(entries.try_iter().take(BATCH_MAX));
        if let Err(error) = tables::write_sessions(store, &batch) {
            tracing::error!(%error, "sessions could not be written");
        }
        for entry in batch {
            if let Entry::Flush(done) = entry {
                // Whoever waited may have gone.
                done.send(()).unwrap_or_default();
            }
        }
    }
}
