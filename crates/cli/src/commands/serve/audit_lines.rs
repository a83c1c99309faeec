//! The audit log on stdout: one line of JSON for each use.
//!
//! Owns the thread that writes, so that no request waits for a pipe that is read slowly or not at
//! all. Invariant: a line that could not be written is counted, and the log itself says where.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use accredit::clock::Clock;
use accredit_broker::audit::{AuditEntry, AuditLog};
use serde_json::json;

use crate::error::CliError;
use crate::logging::cut;

/// How many lines may wait to be written.
const LINES_MAX: usize = 8_192;

/// The longest part of a line, in bytes.
const PART_MAX: usize = 1024;

/// How much is written at once, in bytes.
const CHUNK: usize = 32 * 1024;

/// How long the end of the process waits for lines to be written.
const FINISH_MAX: Duration = Duration::from_millis(500);

/// Writes lines in the order in which they come.
#[derive(Debug)]
pub(super) struct AuditLines {
    writer: Mutex<Option<Writer>>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Writer {
    lines: SyncSender<Vec<u8>>,
    done: Receiver<()>,
    /// Whether lines are being lost, which is said once.
    is_behind: bool,
}

impl AuditLines {
    pub(super) fn start(
        output: impl Write + Send + 'static,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CliError> {
        let (sender, lines) = sync_channel(LINES_MAX);
        let (finished, done) = sync_channel(1);
        let lost = Arc::<AtomicU64>::default();
        let mut writing = Writing {
            output,
            clock,
            lost: Arc::clone(&lost),
            told: 0,
            has_failed: false,
        };
        let thread = thread::Builder::new().name("accredit-audit".to_owned());
        thread
            .spawn(move || {
                writing.write_all(&lines);
                let _nobody_waits = finished.send(());
            })
            .map_err(|error| CliError::other("no thread for the audit log").with_source(error))?;
        let writer = Mutex::new(Some(Writer {
            lines: sender,
            done,
            is_behind: false,
        }));
        Ok(Self { writer, lost })
    }

    /// Writes what is left, unless nobody takes it.
    pub(super) fn finish(&self) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Writer { lines, done, .. }) = writer.take() else {
            return;
        };
        drop(lines);
        if done.recv_timeout(FINISH_MAX).is_err() {
            tracing::error!("the end of the audit log is lost: nobody reads it");
        }
    }
}

impl AuditLog for AuditLines {
    fn record(&self, entry: &AuditEntry<'_>) {
        let Ok(mut line) = serde_json::to_vec(&short(entry)) else {
            return;
        };
        line.push(b'\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = &mut *writer else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        match writer.lines.try_send(line) {
            Ok(()) => writer.is_behind = false,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                if !writer.is_behind {
                    writer.is_behind = true;
                    tracing::error!("lines of the audit log are lost: nobody reads it");
                }
            }
        }
    }

    fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The entry with parts of a length that makes a line which no platform cuts (Cloud Foundry does at
/// 61,440 bytes). Longer ones were made up: no such connection or method was ever known.
fn short<'a>(entry: &AuditEntry<'a>) -> AuditEntry<'a> {
    let cut = |text: &'a str| cut(text, PART_MAX);
    AuditEntry {
        caller: cut(entry.caller),
        connection: cut(entry.connection),
        subject: entry.subject.map(cut),
        method: cut(entry.method),
        path: cut(entry.path),
        ..entry.clone()
    }
}

/// What the thread has.
struct Writing<O> {
    output: O,
    clock: Arc<dyn Clock>,
    lost: Arc<AtomicU64>,
    /// How many of the lost lines the log tells of.
    told: u64,
    has_failed: bool,
}

impl<O: Write> Writing<O> {
    fn write_all(&mut self, lines: &Receiver<Vec<u8>>) {
        let mut chunk = Vec::with_capacity(CHUNK);
        while let Ok(line) = lines.recv() {
            let mut count = 1;
            chunk.extend_from_slice(&line);
            while chunk.len() < CHUNK {
                let Ok(line) = lines.try_recv() else {
                    break;
                };
                chunk.extend_from_slice(&line);
                count += 1;
            }
            self.write(&mut chunk, count);
            chunk.clear();
        }
    }

    /// Writes some lines, and how many are missing before them.
    fn write(&mut self, chunk: &mut Vec<u8>, count: u64) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.told {
            let time = self.clock.now().as_millis();
            let gap = json!({"time": time, "lost": lost - self.told});
            chunk.splice(0..0, format!("{gap}\n").into_bytes());
        }
        let written = self.output.write_all(chunk);
        match written.and_then(|()| self.output.flush()) {
            Ok(()) => (self.told, self.has_failed) = (lost, false),
            // Whoever read the log may be gone, or the disk full; the broker goes on.
            Err(error) => {
                self.lost.fetch_add(count, Ordering::Relaxed);
                if !self.has_failed {
                    self.has_failed = true;
                    tracing::error!(%error, "the audit log cannot be written");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Sender, channel};

    use accredit::clock::{ManualClock, UnixTime};

    use super::*;

    const ENTRY: AuditEntry<'_> = AuditEntry {
        time: 1,
        caller: "a",
        connection: "default",
        subject: None,
        way: "token",
        method: "GET",
        path: "/",
        status: 200,
    };

    /// An output that takes nothing before it is told what to do.
    struct Gate {
        orders: Receiver<io::Result<()>>,
        written: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Nobody gives orders any more: the way is open.
            self.orders.recv().unwrap_or(Ok(()))?;
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.written.send(text).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (AuditLines, Sender<io::Result<()>>, Receiver<String>) {
        let (order, orders) = channel();
        let (sender, written) = channel();
        let gate = Gate {
            orders,
            written: sender,
        };
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(7)));
        (AuditLines::start(gate, clock).unwrap(), order, written)
    }

    #[test]
    fn a_log_that_nobody_reads_holds_nobody_up_and_says_what_is_missing() {
        let (lines, order, written) = gate();
        let all = 3 * LINES_MAX as u64;
        (0..all).for_each(|_| lines.record(&ENTRY));
        let lost = lines.lost();
        assert!(lost > all / 2, "{lost}");
        drop(order);
        lines.finish();
        let text: String = written.iter().collect();
        let (gaps, whole): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.contains("lost"));
        assert_eq!(gaps, [format!("{{\"time\":7000,\"lost\":{lost}}}")]);
        assert_eq!(whole.len() as u64 + lost, all);
    }

    #[test]
    fn no_line_is_so_long_that_a_platform_cuts_it() {
        let long = "\"ü".repeat(20_000);
        let (lines, order, written) = gate();
        drop(order);
        lines.record(&AuditEntry {
            connection: &long,
            method: &long,
            subject: Some(&long),
            ..ENTRY
        });
        lines.finish();
        let line: String = written.iter().collect();
        assert!(
            line.len() < 61_440 && line.ends_with("}\n"),
            "{}",
            line.len()
        );
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(entry["status"], 200);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_counted_and_goes_on() {
        let (lines, order, written) = gate();
        lines.record(&ENTRY);
        order.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        while lines.lost() == 0 {
            thread::yield_now();
        }
        lines.record(&ENTRY);
        drop(order);
        lines.finish();
        let text: String = written.iter().collect();
        assert!(
            text.starts_with("{\"time\":7000,\"lost\":1}\n{\"time\":1,"),
            "{text}"
        );
    }

    #[test]
    fn the_end_does_not_wait_for_a_log_that_nobody_reads() {
        let (lines, order, _written) = gate();
        lines.record(&ENTRY);
        lines.finish();
        drop(order);
    }
}
