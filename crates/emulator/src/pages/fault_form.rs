//! The form that adds a fault.
//!
//! Owns the names of effects and which fields each needs. Fields that an effect does not know are
//! left alone: without a script the form shows them all.

use serde_json::{Map, Value};

use super::input::Posted;
use crate::faults::NewFault;

/// An effect that can be chosen.
pub(super) struct Kind {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    /// The fields that it knows.
    fields: &'static [&'static str],
}

const fn kind(
    (word, label): (&'static str, &'static str),
    hint: &'static str,
    fields: &'static [&'static str],
) -> Kind {
    Kind {
        word,
        label,
        hint,
        fields,
    }
}

/// Every effect.
pub(super) const KINDS: [Kind; 13] = [
    kind(
        ("error", "Error"),
        "A status and an error in the form of the endpoint. Uses status, code and message.",
        &["status", "code", "message"],
    ),
    kind(
        ("rate-limit", "Rate limit"),
        "Too many sign-ins, or too many calls in a day.",
        &[],
    ),
    kind(
        ("unknown-error", "Unknown error"),
        "What Salesforce says when it does not know what went wrong.",
        &[],
    ),
    kind(
        ("kill-session", "Dead session"),
        "The session ends before the request is looked at.",
        &[],
    ),
    kind(
        ("latency", "Latency"),
        "The answer, later. Uses milliseconds.",
        &["milliseconds"],
    ),
    kind(
        ("hang-up", "Hang up"),
        "The connection ends without an answer.",
        &[],
    ),
    kind(
        ("hang-up-mid-body", "Hang up in mid body"),
        "The connection ends when half of the body was sent.",
        &[],
    ),
    kind(
        ("html-page", "HTML page"),
        "A page for people instead of JSON. Uses status.",
        &["status"],
    ),
    kind(
        ("truncated-gzip", "Truncated gzip"),
        "A compressed body of which the second half is missing.",
        &[],
    ),
    kind(
        ("wrong-gzip", "Wrong gzip"),
        "A plain body that says it is compressed.",
        &[],
    ),
    kind(
        ("slow-drip", "Slow drip"),
        "The body a few bytes at a time. Uses bytes and milliseconds.",
        &["bytes", "milliseconds"],
    ),
    kind(
        ("redirect", "Redirect"),
        "Somewhere else. Uses location.",
        &["location"],
    ),
    kind(("empty", "Empty"), "Success, with nothing in it.", &[]),
];

/// Methods that can be chosen.
pub(super) const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"];

/// Fields whose values are numbers.
const NUMBERS: [&str; 5] = ["status", "milliseconds", "bytes", "nth", "count"];

/// Fields that say which requests are struck.
const WHOM: [&str; 6] = ["method", "path", "app", "user", "nth", "count"];

/// What stands in the form.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// What was sent, to be shown again.
    pub(super) fn of(posted: &Posted) -> Self {
        let names = [
            "kind",
            "status",
            "code",
            "message",
            "milliseconds",
            "bytes",
            "location",
        ];
        let all = names.iter().chain(&WHOM);
        Self(
            all.map(|name| ((*name).to_owned(), posted.value(name).into()))
                .collect(),
        )
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Says whether `word` is the effect chosen; the first is, until another was.
    pub(super) fn is_kind(&self, word: &str) -> bool {
        match self.value("kind") {
            "" => word == "error",
            chosen => chosen == word,
        }
    }
}

/// The fault that a form describes. The error says what was expected.
pub(super) fn read(posted: &Posted) -> Result<NewFault, String> {
    let word = posted.value("kind");
    let kind = KINDS.iter().find(|kind| kind.word == word);
    let kind = kind.ok_or("choose what goes wrong")?;
    let mut effect = members(posted, kind.fields)?;
    effect.insert("kind".to_owned(), word.into());
    for name in ["status", "milliseconds", "location"] {
        let is_needed = match word {
            "error" => name == "status",
            "latency" => name == "milliseconds",
            "redirect" => name == "location",
            _ => false,
        };
        if is_needed && !effect.contains_key(name) {
            return Err(format!("{} needs {name}", kind.label));
        }
    }
    let mut fault = members(posted, &WHOM)?;
    fault.insert("effect".to_owned(), effect.into());
    serde_json::from_value(fault.into()).map_err(|error| error.to_string())
}

/// Fields that are filled in, numbers as numbers.
fn members(posted: &Posted, names: &[&str]) -> Result<Map<String, Value>, String> {
    let filled = names.iter().filter(|name| !posted.value(name).is_empty());
    filled
        .map(|name| {
            let text = posted.value(name);
            let value = match text.parse::<u64>() {
                Ok(number) if NUMBERS.contains(name) => Value::from(number),
                _ if NUMBERS.contains(name) => {
                    return Err(format!("{name} is {text:?}, expected a whole number"));
                }
                _ => Value::from(text),
            };
            Ok(((*name).to_owned(), value))
        })
        .collect()
}
