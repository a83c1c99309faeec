//! What is left behind when the user presses Ctrl-C: nothing.
//!
//! Owns the list of passing files and folders, the terminal that shows nothing while a passphrase
//! is typed, a thread that waits for the signals that end a program, removes what is on the list,
//! puts the terminal back, and ends the process with 128 and the number of the signal as exit code.
//! A command that leaves work with others says by a farewell how it goes on.
//! Invariant: nothing is made for the list while the thread is at work.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;

use rustix::process::Signal as Number;
use rustix::termios::{OptionalActions, Termios, tcsetattr};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the thread knows.
struct Watch {
    paths: Vec<PathBuf>,
    /// A terminal that shows nothing at the moment, and how it was before.
    terminal: Option<(File, Termios)>,
    phase: Phase,
    farewell: Option<Farewell>,
}

/// What is still to be done and said.
type Farewell = Box<dyn FnOnce() + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody waits for signals.
    Idle,
    /// The thread waits, removes and ends the process.
    Watching,
    /// The command deals with signals by itself.
    HandedOver,
}

static WATCH: Mutex<Watch> = Mutex::new(Watch {
    paths: Vec::new(),
    terminal: None,
    phase: Phase::Idle,
    farewell: None,
});

fn lock() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file or a folder that is removed should the program be interrupted; `make` gives its
/// path too.
pub(crate) fn passing<T>(make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<T> {
    let mut watch = watching()?;
    let (made, path) = make()?;
    watch.paths.push(path);
    Ok(made)
}

/// Puts a terminal back to `before` should the program be interrupted until [`restored`].
pub(crate) fn restoring(terminal: &File, before: &Termios) -> io::Result<()> {
    let terminal = terminal.try_clone()?;
    watching()?.terminal = Some((terminal, before.clone()));
    Ok(())
}

/// The terminal is as it was.
pub(crate) fn restored() {
    lock().terminal = None;
}

/// The list, with somebody who waits for signals.
fn watching() -> io::Result<MutexGuard<'static, Watch>> {
    let mut watch = lock();
    if watch.phase == Phase::Idle {
        wait_for_signals()?;
        watch.phase = Phase::Watching;
    }
    Ok(watch)
}

/// Has `farewell` called should the program be interrupted from now on, in place of the one before.
/// A second signal does not wait for its end.
pub(crate) fn on_signal(farewell: impl FnOnce() + Send + 'static) -> io::Result<()> {
    watching()?.farewell = Some(Box::new(farewell));
    Ok(())
}

/// Nothing is to be done or said any more.
pub(crate) fn forget_farewell() {
    lock().farewell = None;
}

/// Does something that an interruption may not break in two. Nothing passing can be made in it.
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> T) -> T {
    let _watch = lock();
    work()
}

/// Leaves signals to the caller from now on. Needs the I/O driver of a runtime.
pub(crate) fn hand_over() -> io::Result<Signals> {
    let signals = Signals::new()?;
    lock().phase = Phase::HandedOver;
    Ok(signals)
}

fn wait_for_signals() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    // Registered before the thread starts, so that no signal is missed.
    let mut signals = {
        let _entered = runtime.enter();
        Signals::new()?
    };
    let wait = move || {
        loop {
            let number = runtime.block_on(signals.next());
            // Held to the end: nothing is made for the list any more.
            let mut watch = lock();
            if watch.phase == Phase::HandedOver {
                continue;
            }
            if let Some((terminal, before)) = &watch.terminal {
                let _gone = tcsetattr(terminal, OptionalActions::Flush, before);
            }
            for path in &watch.paths {
                let _gone = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
            }
            if let Some(farewell) = watch.farewell.take() {
                let spoken = thread::Builder::new().spawn(move || {
                    farewell();
                    end(number);
                });
                if spoken.is_ok() {
                    runtime.block_on(signals.next());
                }
            }
            end(number);
        }
    };
    let thread = thread::Builder::new().name("accredit-signals".to_owned());
    thread.spawn(wait).map(drop)
}

fn end(number: Number) -> ! {
    #[expect(clippy::exit, reason = "the other threads are in mid-request")]
    std::process::exit(128 + number.as_raw());
}

/// The signals that end a program.
pub(crate) struct Signals(Vec<(Number, Signal)>);

impl Signals {
    /// Starts to listen. Needs the I/O driver of a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let mut all = vec![
            (Number::INT, SignalKind::interrupt()),
            (Number::TERM, SignalKind::terminate()),
            (Number::QUIT, SignalKind::quit()),
        ];
        if !ignores_hangup() {
            all.push((Number::HUP, SignalKind::hangup()));
        }
        all.into_iter()
            .map(|(number, kind)| Ok((number, signal(kind)?)))
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Number {
        std::future::poll_fn(|context| {
            for (number, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*number);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Says whether the program was started to outlive its terminal, as `nohup` does it. Where the
/// system does not tell, it is taken for so.
fn ignores_hangup() -> bool {
    fs::read_to_string("/proc/self/status").map_or(true, |status| {
        status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_none_or(|mask| mask & 1 != 0)
    })
}
