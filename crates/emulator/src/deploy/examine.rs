//! A file of an app by itself: whether it is well-formed and says nothing that there is not.
//!
//! Owns the words in which the Metadata API complains of it.

use super::shapes::{Holds, Shape};
use crate::org::load::apps::SCOPES;
use crate::org::load::xml::{self, Element};

/// As much is said of one file.
const FLAWS_MAX: usize = 100;

/// What is wrong in a file, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) line: usize,
    pub(super) problem: String,
}

impl Flaw {
    fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}

/// Everything that is wrong in a file of this shape; its mistakes of form come alone.
pub(super) fn flaws(shape: &Shape, content: &str) -> Vec<Flaw> {
    let unreadable =
        |line, problem: &str| vec![Flaw::new(line, format!("Error parsing file: {problem}"))];
    let document = match xml::parse(content) {
        Ok(document) => document,
        Err(trouble) => return unreadable(trouble.line, &trouble.problem),
    };
    let root = match Element::root(&document, &[shape.name]) {
        Ok(root) => root,
        Err(trouble) => return unreadable(trouble.line, &trouble.problem),
    };
    let mut found = Vec::new();
    elements(root, shape.name, shape.elements, &mut found);
    for path in shape.required {
        let (holder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let holder = match holder {
            "" => Some(root),
            other => root.child(other),
        };
        // An app may do without OAuth; one with it needs all of it.
        if holder.is_some_and(|holder| holder.text(name).is_none()) {
            let problem = format!("Required field is missing: {name}");
            found.push(Flaw::new(root.line(), problem));
        }
    }
    if found.len() > FLAWS_MAX {
        found.truncate(FLAWS_MAX);
        let line = found.last().map_or(1, |flaw| flaw.line);
        let problem = "Error parsing file: too much is wrong, the rest was not read";
        found.push(Flaw::new(line, problem));
    }
    found
}

fn elements(
    holder: Element<'_>,
    of: &str,
    known: &'static [(&'static str, Holds)],
    found: &mut Vec<Flaw>,
) {
    for element in holder.children() {
        let name = element.name();
        if found.len() > FLAWS_MAX {
            return;
        }
        // The file is counted through for each line: never for what is well.
        let line = || element.line();
        match known.iter().find(|(own, _)| *own == name) {
            Some((_, Holds::Elements(inside))) => elements(element, name, inside, found),
            Some((_, holds)) => {
                let problem = flaw_of(name, &element.own_text(), *holds);
                found.extend(problem.map(|problem| Flaw::new(line(), problem)));
            }
            None => found.push(Flaw::new(
                line(),
                format!("Error parsing file: Element {name} invalid at this location in type {of}"),
            )),
        }
    }
}

fn flaw_of(name: &str, text: &str, holds: Holds) -> Option<String> {
    let problem = match holds {
        Holds::Flag if !matches!(text, "true" | "false" | "1" | "0") => {
            format!("'{text}' is not a valid value for the type xsd:boolean")
        }
        Holds::Number if text.parse::<u32>().is_err() => {
            format!("'{text}' is not a valid value for the type xsd:int")
        }
        Holds::Word(kind, words) if !words.contains(&text) => {
            format!("'{text}' is not a valid value for the enum '{kind}'")
        }
        Holds::Scope => return scope_flaw([text]),
        Holds::Scopes => return scope_flaw(text.split(',').map(str::trim)),
        Holds::Text if name == "consumerKey" && !(8..=256).contains(&text.len()) => {
            "The consumer key must have 8 to 256 characters".to_owned()
        }
        _ => return None,
    };
    Some(problem)
}

fn scope_flaw<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let is_known = |word: &str| SCOPES.iter().any(|(known, _)| *known == word);
    let unknown = words.into_iter().find(|word| !is_known(word))?;
    Some(format!(
        "'{unknown}' is not a valid value for the enum 'ConnectedAppOauthAccessScope'"
    ))
}
