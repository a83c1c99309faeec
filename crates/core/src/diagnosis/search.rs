//! From whatever a person pastes to the entries that speak of it.
//!
//! Owns the reading of codes, JSON bodies, form bodies and lines of logs. Best match first.

use serde_json::Value;

use super::{Area, Diagnosis, When, catalogue, words};
use crate::oauth::{ErrorCode, ErrorResponse};

/// The longest text that is looked at, in bytes; the rest is passed over.
const TEXT_LENGTH_MAX: usize = 64 * 1024;

/// The shortest description that counts when it stands somewhere in a line, in bytes.
const PART_LENGTH_MIN: usize = 6;

/// How well an entry fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The text is a reply, and this is what it says.
    Reply,
    /// Error and description are both in the text.
    Both,
    /// The description is.
    Description,
    /// A phrase of another program is.
    Phrase,
    /// The error is.
    Error,
}

/// Finds the entries that `text` speaks of: a code (`ACC-1010`), the words of a server, a pasted
/// JSON or form body, or a whole line of a log. Best first; empty if nothing is known.
#[must_use]
pub fn search(text: &str) -> Vec<&'static Diagnosis> {
    let text = text.get(..floor(text, TEXT_LENGTH_MAX)).unwrap_or_default();
    let text = normal(text);
    let named = codes(&text);
    if !named.is_empty() {
        return named;
    }
    let mut found: Vec<(Fit, &'static Diagnosis)> = Vec::new();
    for value in documents(&text) {
        found.extend(of_document(&value).map(|entry| (Fit::Reply, entry)));
    }
    let lower = text.to_ascii_lowercase();
    found.extend(catalogue().filter_map(|entry| Some((fit(entry, &text, &lower)?, entry))));
    found.extend(by_other_words(&text, &lower));
    best(found)
}

/// The largest boundary of a character that is not above `limit`.
fn floor(text: &str, limit: usize) -> usize {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// One spelling: straight quotes, single blanks, and form bodies decoded.
fn normal(text: &str) -> String {
    let text = if text.contains("error_description=") || text.contains("%20") {
        decoded(text)
    } else {
        text.to_owned()
    };
    let text = text.replace(['\u{2019}', '\u{2018}'], "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let pair = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match (
            first,
            pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn codes(text: &str) -> Vec<&'static Diagnosis> {
    let mut found = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        if let Some(entry) = Diagnosis::with_code(word)
            && !found.contains(&entry)
        {
            found.push(entry);
        }
    }
    found
}

/// The JSON documents in a text: from each first bracket as far as it goes.
fn documents(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let Some(start) = text.find(['{', '[']) else {
        return found;
    };
    let rest = text.get(start..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    while let Some(Ok(value)) = values.next() {
        match value {
            Value::Array(items) => found.extend(items),
            other => found.push(other),
        }
    }
    found
}

fn of_document(value: &Value) -> Option<&'static Diagnosis> {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    if let Some(error) = member("error") {
        let refusal = ErrorResponse {
            error: ErrorCode::parse(error),
            error_description: member("error_description").map(str::to_owned),
        };
        return Diagnosis::of(&refusal);
    }
    let code = member("errorCode").or_else(|| member("exceptionCode"))?;
    let message = member("message").or_else(|| member("exceptionMessage"));
    Diagnosis::of_rest(code, message.unwrap_or_default())
}

fn fit(entry: &'static Diagnosis, text: &str, lower: &str) -> Option<Fit> {
    let description = entry.description.to_ascii_lowercase();
    // One word says no more than a code does.
    let is_word = !description.is_empty() && !description.contains(' ');
    let has_description =
        !is_word && description.len() >= PART_LENGTH_MIN && lower.contains(&description);
    let has_error = (!entry.error.is_empty() && has_word(text, entry.error))
        || (is_word && has_word(text, entry.description));
    match (has_error, has_description) {
        (true, true) => Some(Fit::Both),
        (false, true) => Some(Fit::Description),
        (true, false) => Some(Fit::Error),
        (false, false) => None,
    }
}

/// Says whether `word` stands in the text and is no part of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|found| found.eq_ignore_ascii_case(word))
}

fn by_other_words(text: &str, lower: &str) -> Vec<(Fit, &'static Diagnosis)> {
    let aliases = words::aliases().filter(|(error, description, _)| {
        let has_description = !description.is_empty() && {
            let description = description.to_ascii_lowercase();
            lower.contains(&description)
        };
        has_description || (!error.is_empty() && has_word(text, error))
    });
    let phrases = words::PHRASES
        .iter()
        .filter(|(phrase, _)| lower.contains(phrase))
        .map(|(_, cause)| cause.code());
    aliases
        .map(|(_, _, code)| code)
        .chain(phrases)
        .filter_map(|code| Some((Fit::Phrase, Diagnosis::with_code(code)?)))
        .collect()
}

/// Keeps the entries of the best fit, the usual cause first, each once.
fn best(mut found: Vec<(Fit, &'static Diagnosis)>) -> Vec<&'static Diagnosis> {
    let Some(best) = found.iter().map(|(fit, _)| *fit).min() else {
        return Vec::new();
    };
    if best == Fit::Reply {
        // The words of a reply have siblings that facts tell apart.
        let siblings: Vec<_> = found
            .iter()
            .filter(|(fit, _)| *fit == Fit::Reply)
            .flat_map(|(_, entry)| entry.siblings())
            .collect();
        found.extend(siblings.into_iter().map(|entry| (Fit::Reply, entry)));
    }
    found.retain(|(fit, _)| *fit == best);
    // A longer description says more: "invalid assertion" is no "assertion".
    let longest = found.iter().map(|(_, entry)| entry.description.len()).max();
    if best == Fit::Description {
        found.retain(|(_, entry)| Some(entry.description.len()) == longest);
    }
    let is_usual = |entry: &Diagnosis| entry.when != When::Usual;
    found.sort_by_key(|(_, entry)| (is_usual(entry), entry.area == Area::Here, entry.code));
    found.dedup_by_key(|(_, entry)| entry.code);
    found.into_iter().map(|(_, entry)| entry).collect()
}
