//! From the words of the command line to a command, and from a panic to an error.
//!
//! Owns the translation of clap's complaints: the same `error:` and `hint:` lines as everywhere,
//! and the same JSON with `--json`.

use std::cell::RefCell;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::args::CommandLine;
use crate::error::{CliError, Kind};
use crate::logging;
use crate::output::{Form, Output, Verbosity};
use crate::settings::Environment;

/// Reads the command line. `None` if it asked for help or the version, which has been printed.
pub(crate) fn parse(
    words: impl IntoIterator<Item = OsString>,
    environment: &dyn Environment,
) -> (Output, Result<Option<CommandLine>, CliError>) {
    let words: Vec<OsString> = words.into_iter().collect();
    match CommandLine::try_parse_from(&words) {
        Ok(line) => {
            let form = form(line.global.json);
            let verbosity = if line.global.quiet {
                Verbosity::Quiet
            } else {
                Verbosity::Normal
            };
            let out = Output::new(form, verbosity, environment);
            let started = logging::start(&line.global, environment);
            (out, started.map(|()| Some(line)))
        }
        Err(said) => {
            let asks_for_json = words
                .iter()
                .take_while(|word| *word != "--")
                .any(|word| word == "--json");
            let out = Output::new(form(asks_for_json), Verbosity::Normal, environment);
            let told = match said.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    let text = said.render().to_string();
                    let text = text.trim_end();
                    out.result(&format!("{text}\n"), &text).map(|()| None)
                }
                _ => Err(usage(&said)),
            };
            (out, told)
        }
    }
}

const fn form(json: bool) -> Form {
    if json { Form::Json } else { Form::Human }
}

/// What clap has to say, in our form: its first paragraph is the error, the others are hints.
fn usage(said: &clap::Error) -> CliError {
    if said.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return CliError::usage("no command was given").hint("see `accredit --help`");
    }
    let text = said.render().to_string();
    let mut paragraphs = text
        .split("\n\n")
        .map(one_line)
        .filter(|paragraph| !paragraph.is_empty());
    let first = paragraphs.next().unwrap_or_default();
    let error = CliError::usage(first.strip_prefix("error: ").unwrap_or(&first));
    paragraphs.fold(error, |error, paragraph| {
        error.hint(paragraph.strip_prefix("tip: ").unwrap_or(&paragraph))
    })
}

fn one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a command; a panic becomes an error with exit code 70 and one line.
pub(crate) fn guard(run: impl FnOnce() -> Result<u8, CliError>) -> Result<u8, CliError> {
    panic::set_hook(Box::new(remember));
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let what = PANIC.take().unwrap_or_else(|| "it panicked".to_owned());
        Err(
            CliError::new(Kind::Bug, format!("accredit has a bug: {what}"))
                .hint("please report this line and the command that led to it"),
        )
    })
}

fn remember(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(String::new, |location| {
        format!(" at {}:{}", location.file(), location.line())
    });
    let payload = info.payload();
    let said = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it panicked");
    let what = one_line(&format!("{said}{place}"));
    // A task of the emulator that panics is answered for by its server; this line says where.
    tracing::error!(panic = what, "a part of the program failed");
    PANIC.set(Some(what));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::Variables;

    fn mistake(line: &str) -> CliError {
        let words = line.split(' ').map(OsString::from);
        parse(words, &Variables::default()).1.unwrap_err()
    }

    #[test]
    fn usage_errors_have_one_line_and_hints() {
        let error = mistake("accredit token --colour");
        assert_eq!(error.to_string(), "unexpected argument '--colour' found");
        assert_eq!(error.exit_code(), 2);
        assert!(!error.hints().is_empty());
        let error = mistake("accredit emulator app add x");
        assert!(error.to_string().contains("--cert <FILE>"), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }

    #[test]
    fn a_panic_is_a_bug_and_has_one_line() {
        let error = guard(|| panic!("two\nlines")).unwrap_err();
        assert_eq!(error.exit_code(), 70);
        let text = error.to_string();
        assert!(
            text.starts_with("accredit has a bug: two lines at "),
            "{text}"
        );
    }
}
