//! What is left behind when the user presses Ctrl-C: nothing.
//!
//! Owns a thread that waits for the signals that end a program, removes the temporary files it was
//! told of, and ends the process with exit code 130 (143 for SIGTERM).

use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;

use tokio::runtime::Builder;

use crate::error::Kind;

/// Removes `path`, a file or a folder, should the program be interrupted from now on.
pub(crate) fn remove_when_interrupted(path: PathBuf) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    // Registered before the thread starts, so that no signal is missed.
    let signals = {
        let _entered = runtime.enter();
        Signals::new()?
    };
    thread::Builder::new()
        .name("accredit-signals".to_owned())
        .spawn(move || {
            let code = runtime.block_on(signals.first());
            let _gone = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            #[expect(clippy::exit, reason = "the other threads are in mid-request")]
            std::process::exit(code);
        })
        .map(drop)
}

/// The signals that end a program.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Starts to listen. Needs the I/O driver of a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the first one and gives the exit code that belongs to it.
    pub(crate) async fn first(mut self) -> i32 {
        self.next().await
    }

    /// Waits for the next one and gives the exit code that belongs to it.
    pub(crate) async fn next(&mut self) -> i32 {
        std::future::poll_fn(|context| {
            if self.interrupt.poll_recv(context).is_ready() {
                std::task::Poll::Ready(i32::from(Kind::Interrupted.code()))
            } else {
                self.terminate.poll_recv(context).map(|_| 143)
            }
        })
        .await
    }
}
