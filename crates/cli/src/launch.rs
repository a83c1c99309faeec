//! From the words of the command line to a command, and from a panic to an error.
//!
//! Owns the translation of clap's complaints: the same `error:` and `hint:` lines as everywhere,
//! and the same JSON with `--json`.

use std::cell::RefCell;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use clap::FromArgMatches as _;
use clap::error::{ContextValue, ErrorKind};

use crate::args::{self, CommandLine};
use crate::error::{CliError, Kind};
use crate::key_reference::refuse_secret;
use crate::logging;
use crate::output::{Form, Output, Verbosity};
use crate::settings::Environment;

/// Reads the command line. `None` if it asked for help or the version, which has been printed.
pub(crate) fn parse(
    words: impl IntoIterator<Item = OsString>,
    environment: &dyn Environment,
) -> (Output, Result<Option<CommandLine>, CliError>) {
    let words: Vec<OsString> = words.into_iter().collect();
    let matches = args::command().try_get_matches_from(&words);
    match matches.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
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
                _ => {
                    let error = usage(&said, &words);
                    if is_bare(&said) {
                        out.help(&help_of(&words));
                    }
                    Err(error)
                }
            };
            (out, told)
        }
    }
}

const fn form(json: bool) -> Form {
    if json { Form::Json } else { Form::Human }
}

/// What clap has to say, in our form: its first paragraph is the error, the others are hints.
fn usage(said: &clap::Error, words: &[OsString]) -> CliError {
    if is_bare(said) {
        return CliError::usage("no command was given").hint("`accredit --help` lists them all");
    }
    let text = said.render().to_string();
    if quotes_a_secret(said, &text, words) {
        return CliError::usage(
            "a secret stands where none is expected (not shown): give the name of its file or \
             variable",
        )
        .hint("for more information, try '--help'");
    }
    let mut paragraphs = text
        .split("\n\n")
        .map(one_line)
        .filter(|paragraph| !paragraph.is_empty());
    let first = paragraphs.next().unwrap_or_default();
    let error = CliError::usage(first.strip_prefix("error: ").unwrap_or(&first));
    paragraphs.fold(error, |error, paragraph| {
        let paragraph = paragraph.strip_prefix("tip: ").unwrap_or(&paragraph);
        match paragraph.strip_prefix("Usage: ") {
            Some(form) => error.hint(format!("expected: {form}")),
            None => error.hint(paragraph),
        }
    })
}

/// Says whether a command was left out.
fn is_bare(said: &clap::Error) -> bool {
    matches!(
        said.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    )
}

/// Says whether clap repeats a word that may be a secret, or the part of one before a `=`.
fn quotes_a_secret(said: &clap::Error, text: &str, words: &[OsString]) -> bool {
    let has_part = said.context().any(|(_, value)| match value {
        ContextValue::String(part) => refuse_secret(part).is_err(),
        _ => false,
    });
    let text = one_line(text);
    has_part
        || words
            .iter()
            .map(|word| word.to_string_lossy())
            .any(|word| refuse_secret(&word).is_err() && text.contains(&one_line(&word)))
}

/// The help of the command that the words lead to.
fn help_of(words: &[OsString]) -> String {
    let mut root = args::command();
    root.build();
    let mut command = &root;
    for word in words.iter().skip(1) {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    command.clone().render_help().to_string()
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
