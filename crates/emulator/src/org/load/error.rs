//! What is wrong with a file that was to be loaded.

use std::fmt;

/// Why nothing was loaded: the file, the line, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    path: String,
    line: Option<usize>,
    problem: String,
}

impl LoadError {
    /// A mistake in the file at `path`.
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: None,
            problem: problem.into(),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str(&self.path)?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for LoadError {}

impl From<rusqlite::Error> for LoadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::new("", format!("the database of the org refused: {error}"))
    }
}

/// A mistake in a file whose path the reader does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) line: usize,
    pub(crate) problem: String,
}

impl Trouble {
    pub(super) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }

    pub(super) fn at(self, path: &str) -> LoadError {
        LoadError {
            path: path.to_owned(),
            line: Some(self.line),
            problem: self.problem,
        }
    }
}

/// The line, counted from one, that the byte at `offset` is in.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
