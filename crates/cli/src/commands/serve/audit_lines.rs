//! The audit log on stdout: one line of JSON for each use.
//!
//! Owns the thread that writes, so that no request waits for a pipe that is read slowly, unless it
//! is thousands of lines behind. No line is dropped.

use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use accredit_broker::audit::{AuditEntry, AuditLog};

use crate::error::CliError;

/// How many lines may wait to be written.
const LINES_MAX: usize = 8_192;

/// How much is written at once, in bytes.
const CHUNK: usize = 32 * 1024;

/// Writes lines in the order in which they come.
#[derive(Debug)]
pub(super) struct AuditLines(Mutex<Option<Writer>>);

#[derive(Debug)]
struct Writer {
    lines: SyncSender<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl AuditLines {
    pub(super) fn start() -> Result<Self, CliError> {
        let (sender, lines) = sync_channel(LINES_MAX);
        let thread = thread::Builder::new().name("accredit-audit".to_owned());
        let thread = thread
            .spawn(move || write(&lines))
            .map_err(|error| CliError::other("no thread for the audit log").with_source(error))?;
        Ok(Self(Mutex::new(Some(Writer {
            lines: sender,
            thread,
        }))))
    }

    /// Writes what is left.
    pub(super) fn finish(&self) {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Writer { lines, thread }) = last {
            drop(lines);
            let _panicked = thread.join();
        }
    }
}

impl AuditLog for AuditLines {
    fn record(&self, entry: &AuditEntry<'_>) {
        let Ok(mut line) = serde_json::to_vec(entry) else {
            return;
        };
        line.push(b'\n');
        let sender = match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(writer) => writer.lines.clone(),
            None => return,
        };
        let _ended = sender.send(line);
    }
}

fn write(lines: &Receiver<Vec<u8>>) {
    let mut chunk = Vec::with_capacity(CHUNK);
    while let Ok(line) = lines.recv() {
        chunk.extend_from_slice(&line);
        while chunk.len() < CHUNK {
            match lines.try_recv() {
                Ok(line) => chunk.extend_from_slice(&line),
                Err(_) => break,
            }
        }
        let mut stdout = io::stdout().lock();
        // Whoever read the log may be gone; the broker goes on.
        let _gone = stdout.write_all(&chunk).and_then(|()| stdout.flush());
        chunk.clear();
    }
}
