//! A command of the user that runs with variables of ours.
//!
//! Owns its environment, the signals that are handed on to it, the masking of what it prints, and
//! its exit code, which becomes ours.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::oneshot::{Receiver, channel};

use crate::error::CliError;
use crate::interrupt::Signals;
use crate::mask::Masker;

/// A command that is to be run.
pub(crate) struct Job<'a> {
    /// The program and its words.
    pub(crate) words: &'a [OsString],
    /// Variables that are set.
    pub(crate) variables: Vec<(&'a str, &'a OsStr)>,
    /// Variables that are removed.
    pub(crate) removed: &'a [&'a str],
    /// What may not be seen in what it prints.
    pub(crate) secrets: Vec<String>,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("words", &self.words.len())
            .finish_non_exhaustive()
    }
}

impl Job<'_> {
    /// Runs it and gives its exit code.
    pub(crate) async fn supervise(&self, signals: &mut Signals) -> Result<u8, CliError> {
        let mut child = self.spawn()?;
        let copies = self.copies(&mut child)?;
        let status = loop {
            tokio::select! {
                ended = child.wait() => {
                    break ended.map_err(|error| {
                        CliError::other("the command could not be waited for").with_source(error)
                    })?;
                }
                signal = signals.next() => hand_on(&child, signal),
            }
        };
        // What the command started may hold its streams for longer than it lived itself.
        for copy in copies {
            tokio::select! {
                // A copy that failed has lost its reader, and nobody is left to tell.
                _ended = copy => {}
                signal = signals.next() => return Ok(ended_by(signal)),
            }
        }
        Ok(exit_code(status))
    }

    fn spawn(&self) -> Result<Child, CliError> {
        let (program, words) = self
            .words
            .split_first()
            .ok_or_else(|| CliError::usage("no command was given after --"))?;
        let mut command = Command::new(program);
        for name in self.removed {
            command.env_remove(name);
        }
        command
            .args(words)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if !self.secrets.is_empty() {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        command.spawn().map_err(|error| {
            CliError::other(format!(
                "the command {} could not be started",
                program.display()
            ))
            .with_source(error)
        })
    }

    /// A thread for each stream that is masked; what tells of their ends.
    fn copies(&self, child: &mut Child) -> Result<Vec<Receiver<()>>, CliError> {
        let failed = |error| CliError::other("the output could not be masked").with_source(error);
        let mut copies = Vec::new();
        if let Some(from) = child.stdout.take() {
            let from = from.into_owned_fd().map_err(failed)?;
            copies.push(self.copy(from, io::stdout()).map_err(failed)?);
        }
        if let Some(from) = child.stderr.take() {
            let from = from.into_owned_fd().map_err(failed)?;
            copies.push(self.copy(from, io::stderr()).map_err(failed)?);
        }
        Ok(copies)
    }

    fn copy(&self, from: OwnedFd, to: impl Write + Send + 'static) -> io::Result<Receiver<()>> {
        let masker = Masker::new(self.secrets.iter().map(String::as_str));
        let thread = thread::Builder::new().name("accredit-mask".to_owned());
        let (ended, end) = channel::<()>();
        thread.spawn(move || {
            let _copied = copy_masked(std::fs::File::from(from), to, masker);
            drop(ended);
        })?;
        Ok(end)
    }
}

fn copy_masked(mut from: impl Read, mut to: impl Write, mut masker: Masker) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        to.write_all(&masker.feed(buffer.get(..length).unwrap_or_default()))?;
        to.flush()?;
    }
    to.write_all(&masker.finish())?;
    to.flush()
}

/// Gives the command the signal that we got. Those of a terminal's keys reach it by themselves.
fn hand_on(child: &Child, signal: Signal) {
    let is_key = matches!(signal, Signal::INT | Signal::QUIT);
    if is_key && io::stdin().is_terminal() {
        return;
    }
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // If it is gone already, its end is what we wait for.
        let _gone = kill_process(pid, signal);
    }
}

/// The exit code, or 128 and the number of the signal that ended the command.
fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code & 0xff).unwrap_or(1)
}

/// The exit code of a program that this signal ended.
fn ended_by(signal: Signal) -> u8 {
    u8::try_from(128 + signal.as_raw()).unwrap_or(1)
}
