//! The text of the file, what overrides it, and what is wrong with both.
//!
//! Owns the list of mistakes and the place of each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::de::DeTable;

use super::overrides::{self, Overrides};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Such as `broker.toml:7: connections.default.key`.
    pub place: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The file and the mistakes found so far, each with its line.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    overrides: &'a Overrides,
    /// Which setting each override was taken for.
    used: RefCell<BTreeMap<String, String>>,
    empty: DeTable<'static>,
    mistakes: RefCell<Vec<(usize, Mistake)>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(name: &'a str, text: &'a str, overrides: &'a Overrides) -> Self {
        Self {
            name,
            text,
            overrides,
            used: RefCell::default(),
            empty: DeTable::default(),
            mistakes: RefCell::new(Vec::new()),
        }
    }

    fn line_of(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    pub(super) fn is_overridden(&self, variable: &str) -> bool {
        self.overrides.text(variable).is_some()
    }

    /// Says whether the environment overrides something in a table.
    pub(super) fn reaches(&self, table: &str) -> bool {
        self.overrides.reaches(table)
    }

    /// A table of which only the environment speaks.
    pub(super) const fn empty(&self) -> &DeTable<'static> {
        &self.empty
    }

    /// File, line and key, as they stand before a mistake; and the variable, if one overrides it.
    pub(super) fn place(&self, span: &Range<usize>, key: &str) -> String {
        let (name, line) = (self.name, self.line_of(span));
        let variable = overrides::variable(key);
        match key {
            "" => format!("{name}:{line}"),
            _ if self.overrides.text(&variable).is_some() => {
                format!("{name}:{line}: {key} ({variable})")
            }
            key => format!("{name}:{line}: {key}"),
        }
    }

    /// What the environment says of a setting.
    pub(super) fn overriding(&self, span: &Range<usize>, key: &str) -> Option<&'a str> {
        let variable = overrides::variable(key);
        let text = self.overrides.text(&variable)?;
        let earlier = self.used.borrow_mut().insert(variable, key.to_owned());
        if let Some(earlier) = earlier.filter(|earlier| earlier != key) {
            let what = format!("this variable stands for two settings, this and {earlier}");
            self.mistake(span, key, what);
        }
        Some(text)
    }

    pub(super) fn mistake(&self, span: &Range<usize>, key: &str, what: impl Into<String>) {
        let mistake = Mistake {
            place: self.place(span, key),
            what: what.into(),
        };
        let line = self.line_of(span);
        self.mistakes.borrow_mut().push((line, mistake));
    }

    /// The mistakes, and the overrides that nobody took. `connections` are those that there are.
    pub(super) fn finish(self, connections: &[String]) -> Result<(), Mistakes> {
        let used = self.used.take();
        let unused = self.overrides.variables();
        let unused = unused.filter(|variable| !used.contains_key(*variable));
        for (at, variable) in unused.enumerate() {
            let what = match at {
                0 => format!(
                    "overrides nothing; known are {}",
                    overrides::known(connections)
                ),
                _ => "overrides nothing".to_owned(),
            };
            let place = variable.to_owned();
            self.mistakes
                .borrow_mut()
                .push((usize::MAX, Mistake { place, what }));
        }
        self.finish_early()
    }

    /// The mistakes in the order of their lines; none is a success.
    pub(super) fn finish_early(self) -> Result<(), Mistakes> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|(line, _)| *line);
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(Mistakes(
                mistakes.into_iter().map(|(_, mistake)| mistake).collect(),
            )),
        }
    }
}
