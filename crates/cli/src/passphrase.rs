//! The passphrase of a private key: from a file, a variable, or a person at a terminal.
//!
//! Owns the order of the three and the prompt without echo. Invariant: the terminal is left as it
//! was found, however the prompt ends.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use accredit::error::Error;
use accredit::secret::Secret;
use accredit_keys::Passphrases;
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::env_vars;
use crate::error::CliError;
use crate::files;
use crate::interrupt;
use crate::settings::{Environment, lookup};
use crate::world::World;

/// The longest passphrase, in bytes.
const LENGTH_MAX: usize = 1024;

/// Where the passphrase comes from.
#[derive(Clone, Debug)]
pub(crate) struct PassphraseSource {
    file: Option<PathBuf>,
    environment: Arc<dyn Environment>,
}

impl PassphraseSource {
    /// The file that a flag names wins over the variable, and that over a person.
    pub(crate) fn new(file: Option<PathBuf>, world: &World) -> Self {
        Self {
            file,
            environment: Arc::clone(&world.environment),
        }
    }

    /// What was written down for us: no person is asked.
    pub(crate) fn written(&self) -> Result<Option<Secret<String>>, Error> {
        if let Some(path) = &self.file {
            let place = format!("the passphrase file {}", path.display());
            let bytes = files::read(path, LENGTH_MAX as u64)
                .map(Secret::new)
                .map_err(|error| {
                    Error::setting(format!("{place} could not be read")).with_source(error)
                })?;
            return text(bytes.expose(), &place).map(Some);
        }
        let name = env_vars::PASSPHRASE.name;
        match lookup(self.environment.as_ref(), name) {
            Some(value) => {
                let bytes = Secret::new(value.into_encoded_bytes());
                text(bytes.expose(), &format!("the variable {name}")).map(Some)
            }
            None => Ok(None),
        }
    }

    /// A passphrase for a key that is about to be made: a person is asked twice.
    pub(crate) fn chosen(&self) -> Result<Secret<String>, Error> {
        if let Some(written) = self.written()? {
            return Ok(written);
        }
        let none = || {
            Error::setting(
                "no passphrase was given for the new key, and there is no terminal to ask at: \
                 pass --passphrase-file FILE or set ACCREDIT_PASSPHRASE",
            )
        };
        let first = ask("Passphrase for the new key: ")?.ok_or_else(none)?;
        let second = ask("The same once more: ")?.ok_or_else(none)?;
        if first.expose() == second.expose() {
            Ok(first)
        } else {
            Err(Error::setting("the two passphrases differ"))
        }
    }
}

impl Passphrases for PassphraseSource {
    fn passphrase(&self, origin: &str) -> Result<Option<Secret<String>>, Error> {
        match self.written()? {
            Some(written) => Ok(Some(written)),
            None => ask(&format!("Passphrase for {origin}: ")),
        }
    }
}

/// The error of a key that could not be loaded, with the way to a passphrase if that is missing.
pub(crate) fn explain(error: Error) -> CliError {
    let is_locked = error.to_string().ends_with("no passphrase was given");
    let told = CliError::from(error);
    if is_locked {
        told.hint("pass --passphrase-file FILE or set ACCREDIT_PASSPHRASE")
    } else {
        told
    }
}

/// The first line; a file ends with a line end that does not belong to the passphrase.
fn text(bytes: &[u8], place: &str) -> Result<Secret<String>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::setting(format!("{place} is not UTF-8 text")))?;
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default();
    if line.is_empty() || lines.any(|more| !more.is_empty()) {
        return Err(Error::setting(format!(
            "{place} has not one line, expected the passphrase and nothing else"
        )));
    }
    Ok(Secret::new(line.to_owned()))
}

/// Asks the person at the terminal; `None` if nobody is there.
fn ask(prompt: &str) -> Result<Option<Secret<String>>, Error> {
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let failed = |error: io::Error| {
        Error::setting("the passphrase could not be asked for").with_source(error)
    };
    let silent = Silent::new(&terminal).map_err(failed)?;
    (&terminal).write_all(prompt.as_bytes()).map_err(failed)?;
    let typed = typed(&terminal);
    drop(silent);
    // The line end that was typed was not shown.
    (&terminal).write_all(b"\n").map_err(failed)?;
    match typed.map_err(failed)? {
        Some(typed) => text(typed.expose(), "what was typed").map(Some),
        None => {
            // Nobody is at the mercy of this: the process ends as any other that is interrupted.
            let _ended = kill_process(getpid(), Signal::INT);
            Err(Error::setting(
                "the prompt for the passphrase was interrupted",
            ))
        }
    }
}

/// A terminal that shows nothing and hands over every key, until dropped.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        interrupt::restoring(terminal, &before)?;
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _gone = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        interrupt::restored();
    }
}

/// Reads a line key by key; `None` if it was interrupted.
fn typed(mut terminal: &File) -> io::Result<Option<Secret<Vec<u8>>>> {
    const INTERRUPT: u8 = 3;
    const END: u8 = 4;
    const KILL: u8 = 21;
    // Room for all that may be typed, so that no copy is left behind.
    let mut line = Vec::with_capacity(LENGTH_MAX);
    let mut key = [0];
    loop {
        if terminal.read(&mut key)? == 0 {
            break;
        }
        match key {
            [b'\n' | b'\r' | END] => break,
            [INTERRUPT] => return Ok(None),
            [8 | 127] => drop(line.pop()),
            [KILL] => line.clear(),
            [byte] if line.len() < LENGTH_MAX => line.push(byte),
            _ => return Err(io::Error::other("it is longer than 1024 bytes")),
        }
    }
    Ok(Some(Secret::new(line)))
}
