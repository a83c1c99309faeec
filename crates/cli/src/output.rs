//! The only writer to stdout and stderr.
//!
//! The rules: stdout carries the document and nothing else; steps, warnings and errors go to
//! stderr. With `--json` the document is one JSON object on stdout, on failure too, and stderr
//! stays empty but for the log. Color and progress bars only on a terminal.

use std::error::Error as StdError;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use serde::Serialize;
use serde_json::json;

use crate::args::TokenArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::settings::{Environment, lookup};

/// Who reads the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A person, or a pipe that wants the bare document.
    Human,
    /// A program: the envelope of `--json`.
    Json,
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Errors and warnings only.
    Quiet,
    /// The steps as well.
    Normal,
}

/// Whether a secret may be shown on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reveal {
    /// `--reveal` was given.
    Asked,
    /// It was not.
    NotAsked,
}

impl Reveal {
    /// From the flag.
    pub(crate) const fn of(flag: &TokenArgs) -> Self {
        if flag.reveal {
            Self::Asked
        } else {
            Self::NotAsked
        }
    }
}

/// What the terminal allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    /// Not a terminal, or one without color.
    Plain,
    /// A terminal with color.
    Color,
}

/// The two streams and the rules for them.
#[derive(Debug)]
pub(crate) struct Output {
    form: Form,
    verbosity: Verbosity,
    stderr: Terminal,
    warnings: Vec<String>,
}

impl Output {
    /// Writes to the streams of the process.
    pub(crate) fn new(form: Form, verbosity: Verbosity, environment: &dyn Environment) -> Self {
        let is_plain = lookup(environment, env_vars::NO_COLOR.name).is_some()
            || lookup(environment, env_vars::TERM.name).is_some_and(|term| term == "dumb");
        let stderr = if !is_plain && io::stderr().is_terminal() {
            Terminal::Color
        } else {
            Terminal::Plain
        };
        Self {
            form,
            verbosity,
            stderr,
            warnings: Vec::new(),
        }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Says whether a progress bar would be seen and is wanted.
    pub(crate) fn has_progress(&self) -> bool {
        self.says_steps() && self.stderr == Terminal::Color
    }

    /// Says whether a person would see a secret that is written to stdout.
    fn is_shown_to_a_person(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Refuses to show a secret to whoever looks over a shoulder, unless it is asked for.
    pub(crate) fn refuse_terminal(&self, reveal: Reveal) -> Result<(), CliError> {
        if reveal == Reveal::Asked || !self.is_shown_to_a_person() {
            return Ok(());
        }
        Err(
            CliError::usage("the result is a password, and stdout is a terminal: it was not shown")
                .hint("--reveal shows it; `accredit exec -- CMD` hands it to a command unseen"),
        )
    }

    /// Refuses to write a file that is no text to a terminal, or into the envelope of `--json`.
    pub(crate) fn refuse_binary(&self) -> Result<(), CliError> {
        if self.form == Form::Human && !self.is_shown_to_a_person() {
            return Ok(());
        }
        Err(
            CliError::usage("a Parquet file is no text, and was not written to stdout")
                .hint("--output FILE writes it to a file; a pipe takes it too, without --json"),
        )
    }

    /// Tells GitHub Actions to mask a secret in its log from now on.
    pub(crate) fn mask_in_ci(&self, secret: &str, environment: &dyn Environment) {
        let is_in_ci =
            lookup(environment, env_vars::GITHUB_ACTIONS.name).is_some_and(|value| value == "true");
        if is_in_ci {
            say(format_args!("::add-mask::{secret}"));
        }
    }

    fn says_steps(&self) -> bool {
        self.form == Form::Human && self.verbosity == Verbosity::Normal
    }

    /// Says on stderr what is being done.
    pub(crate) fn step(&self, text: &str) {
        if self.says_steps() {
            say(format_args!("{}", printable(text)));
        }
    }

    /// Says on stderr what is to be known when the program is interrupted, whoever reads stdout.
    pub(crate) fn last_words(&self, lines: Vec<String>) -> impl FnOnce() + Send + 'static {
        let head = self.paint("36", "hint:");
        move || {
            for line in lines {
                say(format_args!("{head} {}", printable(&line)));
            }
        }
    }

    /// Shows the help of a command that cannot be run as it was typed.
    pub(crate) fn help(&self, text: &str) {
        if self.form == Form::Human {
            say(format_args!("{}\n", text.trim_end()));
        }
    }

    /// Says what the user should know although the command goes on.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.form == Form::Human {
            let head = self.paint("33", "warning:");
            say(format_args!("{head} {}", printable(&text)));
        }
        self.warnings.push(text);
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Gives stdout, buffered, to a command that writes its document piece by piece. The command
    /// ends with [`finish`].
    pub(crate) fn document(&self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(64 * 1024, io::stdout().lock())
    }

    /// Writes the result: `human` as it is, or `value` in the envelope of `--json`.
    pub(crate) fn result(&self, human: &str, value: &impl Serialize) -> Result<(), CliError> {
        self.write(0, human, value)
    }

    /// Writes a result that tells of failures by itself; the exit code is that of the worst.
    pub(crate) fn result_with_status(
        &self,
        status: u8,
        human: &str,
        value: &impl Serialize,
    ) -> Result<u8, CliError> {
        self.write(status, human, value).map(|()| status)
    }

    fn write(&self, status: u8, human: &str, value: &impl Serialize) -> Result<(), CliError> {
        let mut document = self.document();
        let written = match self.form {
            Form::Human => document.write_all(human.as_bytes()),
            Form::Json => {
                let envelope =
                    json!({"status": status, "result": value, "warnings": self.warnings});
                writeln!(document, "{envelope}")
            }
        };
        written.map_err(CliError::stdout)?;
        finish(document)
    }

    /// Tells of a failure and gives the exit code.
    pub(crate) fn report(&self, error: &CliError) -> u8 {
        if !error.is_quiet() {
            match self.form {
                Form::Human => self.report_to_people(error),
                Form::Json => self.report_to_programs(error),
            }
        }
        error.exit_code()
    }

    fn report_to_people(&self, error: &CliError) {
        let head = self.paint("1;31", "error:");
        say(format_args!("{head} {}", printable(&error.to_string())));
        for below in causes(error) {
            say(format_args!("  because: {}", printable(&below)));
        }
        for hint in error.hints() {
            let head = self.paint("36", "hint:");
            say(format_args!("{head} {}", printable(hint)));
        }
    }

    fn report_to_programs(&self, error: &CliError) {
        let report = failure(error, &self.warnings);
        // Nobody is left to hear of it if stdout is gone.
        let _gone = writeln!(io::stdout(), "{report}");
    }

    fn paint(&self, style: &str, text: &str) -> String {
        match self.stderr {
            Terminal::Color => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            Terminal::Plain => text.to_owned(),
        }
    }
}

/// The JSON form of a failure.
pub(crate) fn failure(error: &CliError, warnings: &[String]) -> serde_json::Value {
    let mut message = error.to_string();
    for below in causes(error) {
        message.push_str(": ");
        message.push_str(&below);
    }
    json!({
        "name": error.kind().name(),
        "message": message,
        "exitCode": error.exit_code(),
        "code": error.code().unwrap_or(error.kind().name()),
        "actions": error.hints(),
        "warnings": warnings,
    })
}

fn causes(error: &CliError) -> impl Iterator<Item = String> {
    let mut below = error.source();
    std::iter::from_fn(move || {
        let this = below?;
        below = this.source();
        Some(this.to_string())
    })
}

/// Hands the rest of a document over.
pub(crate) fn finish(mut document: BufWriter<StdoutLock<'static>>) -> Result<(), CliError> {
    document.flush().map_err(CliError::stdout)
}

/// Writes one line to stderr; if that fails there is nobody to tell.
fn say(line: std::fmt::Arguments<'_>) {
    let _gone = writeln!(io::stderr(), "{line}");
}

/// Text of others made safe for a terminal: control characters but for the line break and the tab
/// are shown as `?`.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '?'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_of_a_failure_has_the_members_of_the_salesforce_cli() {
        let error = CliError::settings("no key")
            .hint("give one")
            .with_source(io::Error::other("below"));
        assert_eq!(
            failure(&error, &["odd".to_owned()]),
            json!({
                "name": "SettingsError",
                "message": "no key: below",
                "exitCode": 3,
                "code": "SettingsError",
                "actions": ["give one"],
                "warnings": ["odd"],
            })
        );
    }

    #[test]
    fn a_servers_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a?[2Jb\nc");
    }
}
