//! What a failure means and which setting to change.
//!
//! Owns the catalogue as data: an entry for each refusal of the token endpoint (fact sheet §2), for
//! each error of the REST API that stops an integration (§5.7), and for the causes on this side of
//! the wire, each with a stable code. Command line, broker and emulator speak through it. It looks
//! at nothing itself: what is known locally comes as [`Facts`].

use crate::oauth::ErrorResponse;

mod app;
mod assertion;
mod cause;
mod facts;
mod local;
mod records;
mod rest;
mod search;
mod user;
mod words;

pub use cause::LocalCause;
pub use facts::{AppKind, AudienceFact, CertificateFact, Facts, Pairing, When};
pub use search::search;

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// `ACC-nnnn`; never changes its meaning.
    pub code: &'static str,
    /// Who says it.
    pub area: Area,
    /// `error` or `errorCode` on the wire; empty if there is none.
    pub error: &'static str,
    /// `error_description` or `message` on the wire. Of the token endpoint word for word, of the
    /// REST API the part that is always the same; empty if any goes with the code.
    pub description: &'static str,
    /// What went wrong, in one sentence.
    pub cause: &'static str,
    /// The page and setting in Salesforce, or the flag here, by name.
    pub setting: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Whether trying again can help.
    pub retry: Retry,
    /// Which facts choose this entry among those with the same words.
    pub when: When,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// The authorization server (RFC 6749 §5.2).
    TokenEndpoint,
    /// The REST API, Bulk API or identity service of the org.
    Rest,
    /// Nobody: it is found out on this side.
    Here,
}

impl Area {
    /// The area in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenEndpoint => "the token endpoint",
            Self::Rest => "the REST API",
            Self::Here => "accredit itself",
        }
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not until somebody changes something.
    Never,
    /// Yes, after a pause.
    Later,
    /// Yes, with a new token.
    WithNewToken,
}

impl Retry {
    /// The answer in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "no, not until something is changed",
            Self::Later => "yes, after a pause",
            Self::WithNewToken => "yes, with a new token",
        }
    }
}

/// What most entries have in common.
const BLANK: Diagnosis = Diagnosis {
    code: "",
    area: Area::Here,
    error: "",
    description: "",
    cause: "",
    setting: "",
    fix: "",
    retry: Retry::Never,
    when: When::Usual,
};

/// Every entry, in the order of the codes within its area.
pub fn catalogue() -> impl Iterator<Item = &'static Diagnosis> {
    [
        assertion::ENTRIES,
        app::ENTRIES,
        user::ENTRIES,
        rest::ENTRIES,
        records::ENTRIES,
        local::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

impl Diagnosis {
    /// Finds the entry for what the authorization server said, whatever the case of its letters.
    /// Where several causes share the words, the most frequent one is given; where only the
    /// description is known, its entry.
    #[must_use]
    pub fn of(refusal: &ErrorResponse) -> Option<&'static Self> {
        Self::choose(refusal, &Facts::default())
    }

    /// As [`of`](Self::of); where several causes share the words, the facts choose.
    #[must_use]
    pub fn choose(refusal: &ErrorResponse, facts: &Facts) -> Option<&'static Self> {
        let (error, said) = (refusal.error.as_str(), refusal.description());
        let is_said = |text: &str| !text.is_empty() && said.eq_ignore_ascii_case(text);
        let told = || catalogue().filter(|entry| entry.area == Area::TokenEndpoint);
        let of_error = || told().filter(|entry| entry.error == error);
        let fittest = |entry: &&'static Self| entry.when;
        let holds = |entry: &&'static Self| facts.choose(entry.when);

        of_error()
            .filter(|entry| is_said(entry.description))
            .filter(holds)
            .min_by_key(fittest)
            .or_else(|| of_error().find(|entry| holds_part(said, entry.description)))
            .or_else(|| {
                told()
                    .filter(|entry| is_said(entry.description))
                    .filter(holds)
                    .min_by_key(fittest)
            })
            .or_else(|| of_error().find(|entry| entry.description.is_empty()))
            .or_else(|| words::alias(error, said))
    }

    /// Finds the entry for an error of the REST API, the Bulk API or the identity service: its
    /// `errorCode`, empty if it has none, and its message.
    #[must_use]
    pub fn of_rest(code: &str, message: &str) -> Option<&'static Self> {
        let told = || catalogue().filter(|entry| entry.area == Area::Rest);
        let of_code = || told().filter(|entry| !code.is_empty() && entry.error == code);
        of_code()
            .find(|entry| holds_part(message, entry.description))
            .or_else(|| of_code().find(|entry| entry.description.is_empty()))
            .or_else(|| {
                let mut wordless = told().filter(|entry| entry.error.is_empty());
                wordless.find(|entry| message.trim().eq_ignore_ascii_case(entry.description))
            })
            .or_else(|| words::alias(code, message).filter(|entry| entry.area == Area::Rest))
    }

    /// Finds the entry with this code.
    #[must_use]
    pub fn with_code(code: &str) -> Option<&'static Self> {
        catalogue().find(|entry| entry.code.eq_ignore_ascii_case(code))
    }

    /// The other entries with the same words, which facts tell apart from this one.
    pub fn siblings(&self) -> impl Iterator<Item = &'static Self> {
        catalogue().filter(move |other| {
            let is_same = other.error == self.error && other.description == self.description;
            is_same && other.code != self.code && !(self.error.is_empty() && is_wordless(other))
        })
    }

    /// What is on the wire: `error: description`, either of them, or nothing.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.error, self.description) {
            (error, "") => error.to_owned(),
            ("", description) => description.to_owned(),
            (error, description) => format!("{error}: {description}"),
        }
    }
}

const fn is_wordless(entry: &Diagnosis) -> bool {
    entry.error.is_empty() && entry.description.is_empty()
}

/// Says whether `text` holds `part`, whatever the case of its ASCII letters. The empty part is in
/// nothing.
fn holds_part(text: &str, part: &str) -> bool {
    !part.is_empty()
        && text
            .as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests;
