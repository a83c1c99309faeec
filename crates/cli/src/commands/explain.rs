//! `accredit explain`: what a code or a message means, and which setting to change.
//!
//! Asks nobody. The text that was given is never repeated: it may hold a token.

use std::fmt::Write as _;
use std::io::{self, Read as _};

use accredit::diagnosis::{Diagnosis, catalogue, search};
use serde_json::{Value, json};

use crate::args::explain::ExplainArgs;
use crate::error::CliError;
use crate::output::Output;

/// The longest text that is read from stdin, in bytes.
const TEXT_LENGTH_MAX: u64 = 64 * 1024;

/// Prints the entries that the text speaks of.
pub(crate) fn run(args: &ExplainArgs, out: &Output) -> Result<(), CliError> {
    if args.text.is_empty() {
        let all: Vec<_> = catalogue().collect();
        return out.result(&list(&all), &documents(&all));
    }
    let text = if args.text == ["-"] {
        read_stdin()?
    } else {
        args.text.join(" ")
    };
    let found = search(&text);
    let Some((first, others)) = found.split_first() else {
        return Err(unknown());
    };
    let has_same_words = others.iter().all(|other| other.words() == first.words());
    let human = if others.is_empty() {
        whole(first)
    } else if has_same_words {
        format!(
            "{}\nThe same words may mean, too:\n{}",
            whole(first),
            list(others)
        )
    } else {
        format!(
            "{}\nThese have it in common. Paste the whole message to get to one of them.\n",
            list(&found)
        )
    };
    out.result(&human, &documents(&found))
}

fn unknown() -> CliError {
    CliError::other("the catalogue has no entry for this text (not shown: it may hold a secret)")
        .hint("paste the whole message of the server, with its code")
        .hint("`accredit explain` lists every code; `accredit doctor` finds out by itself")
}

fn read_stdin() -> Result<String, CliError> {
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .take(TEXT_LENGTH_MAX)
        .read_to_end(&mut text)
        .map_err(|error| CliError::other("stdin could not be read").with_source(error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn whole(entry: &Diagnosis) -> String {
    let said = match entry.words() {
        words if words.is_empty() => format!("found out by {}", entry.area.as_str()),
        words => format!("{} says {words}", entry.area.as_str()),
    };
    format!(
        "{}  {said}\n\n  cause    {}\n  look at  {}\n  fix      {}\n  retry    {}\n",
        entry.code,
        entry.cause,
        entry.setting,
        entry.fix,
        entry.retry.as_str()
    )
}

fn list(entries: &[&Diagnosis]) -> String {
    let mut text = String::new();
    for entry in entries {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "  {}  {}", entry.code, entry.cause);
    }
    text
}

fn documents(entries: &[&Diagnosis]) -> Value {
    entries.iter().map(|entry| document(entry)).collect()
}

fn document(entry: &Diagnosis) -> Value {
    json!({
        "code": entry.code,
        "saidBy": entry.area.as_str(),
        "error": entry.error,
        "description": entry.description,
        "cause": entry.cause,
        "setting": entry.setting,
        "fix": entry.fix,
        "retry": entry.retry.as_str(),
        "chosen": entry.when.as_str(),
    })
}
