//! From flags and environment to values that can be used, each with where it came from.
//!
//! Precedence, highest first: flag, environment, profile, file, default. Every mistake is collected
//! before any is told. This is the only place that reads the environment of the process.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accredit::error::Error;

use crate::env_vars::{Holds, Variable};
use crate::error::CliError;
use crate::settings::layer::{Layer, member_of};

pub(crate) mod layer;
pub(crate) mod network;
pub(crate) mod sign_in;

/// The environment as an argument, and what is written down below it.
pub(crate) trait Environment: accredit_keys::Environment {
    /// What is written down, the stronger first; or what is wrong with it.
    fn layers(&self) -> Result<&[Layer], &str> {
        Ok(&[])
    }

    /// Every variable whose name begins with `prefix`.
    fn variables(&self, _prefix: &str) -> Vec<(OsString, OsString)> {
        Vec::new()
    }

    /// Says whether a flag names a profile.
    fn names_a_profile(&self) -> bool {
        false
    }
}

/// The environment of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variables(&self, prefix: &str) -> Vec<(OsString, OsString)> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let all = std::env::vars_os();
        all.filter(|(name, _)| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
            .collect()
    }
}

impl accredit_keys::Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<OsString> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        std::env::var_os(name)
    }
}

/// A variable that is set to something; the empty text counts as not set, because that is what an
/// undefined secret of a build system becomes.
pub(crate) fn lookup(environment: &dyn Environment, name: &str) -> Option<OsString> {
    environment.variable(name).filter(|text| !text.is_empty())
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This flag.
    Flag(&'static str),
    /// This variable.
    Environment(&'static str),
    /// The profile of this name.
    Profile(Arc<str>),
    /// This file of settings.
    File(Arc<str>),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "variable {name}"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// A flag by its long name, and what it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag<'a> {
    pub(crate) name: &'static str,
    pub(crate) value: Option<&'a str>,
}

impl<'a> Flag<'a> {
    pub(crate) const fn new(name: &'static str, value: Option<&'a str>) -> Self {
        Self { name, value }
    }
}

/// Text that was found for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) holds: Holds,
    pub(crate) origin: Origin,
}

/// Collects values and mistakes.
#[derive(Debug)]
pub(crate) struct Picker<'a> {
    environment: &'a dyn Environment,
    problems: Vec<Problem>,
}

/// One mistake, and what to do about it.
#[derive(Debug)]
struct Problem {
    what: String,
    hint: Option<String>,
}

impl<'a> Picker<'a> {
    pub(crate) const fn new(environment: &'a dyn Environment) -> Self {
        Self {
            environment,
            problems: Vec::new(),
        }
    }

    /// Notes a mistake.
    pub(crate) fn problem(&mut self, what: impl Into<String>, hint: Option<String>) {
        let what = what.into();
        // A file that is damaged is damaged for every setting.
        if !self.problems.iter().any(|problem| problem.what == what) {
            self.problems.push(Problem { what, hint });
        }
    }

    /// Says whether a variable that is no setting of ours is set.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        lookup(self.environment, name).is_some()
    }

    /// The first place that says something.
    pub(crate) fn find(&mut self, flag: Flag<'_>, variable: &'static Variable) -> Option<Found> {
        if let Some(text) = flag.value {
            return Some(Found {
                text: text.to_owned(),
                holds: Holds::Value,
                origin: Origin::Flag(flag.name),
            });
        }
        let own = [(variable.name, Holds::Value)];
        let others = variable.fallbacks.iter();
        let others = others.map(|fallback| (fallback.name, fallback.holds));
        // A profile that a flag names goes before what is meant for other programs.
        if self.environment.names_a_profile() {
            return self
                .find_among(own)
                .or_else(|| self.find_below(variable))
                .or_else(|| self.find_among(others));
        }
        self.find_among(own.into_iter().chain(others))
            .or_else(|| self.find_below(variable))
    }

    /// The first of these variables that is set.
    fn find_among(
        &mut self,
        names: impl IntoIterator<Item = (&'static str, Holds)>,
    ) -> Option<Found> {
        let set = |(name, holds)| Some((name, holds, lookup(self.environment, name)?));
        let (name, holds, text) = names.into_iter().find_map(set)?;
        match text.into_string() {
            Ok(text) => Some(Found {
                text,
                holds,
                origin: Origin::Environment(name),
            }),
            Err(_) => {
                self.problem(format!("the variable {name} is not UTF-8 text"), None);
                None
            }
        }
    }

    /// What a profile or the file of settings says.
    fn find_below(&mut self, variable: &'static Variable) -> Option<Found> {
        let member = member_of(variable)?;
        let layers = match self.environment.layers() {
            Ok(layers) => layers,
            Err(what) => {
                self.problem(what, None);
                return None;
            }
        };
        layers.iter().find_map(|layer| {
            Some(Found {
                text: layer.values.get(member)?.clone(),
                holds: Holds::Value,
                origin: layer.origin.clone(),
            })
        })
    }

    /// A value that may be left out.
    pub(crate) fn optional<T>(
        &mut self,
        flag: Flag<'_>,
        variable: &'static Variable,
        read: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Setting<T>> {
        let found = self.find(flag, variable)?;
        self.read(&found, read)
    }

    /// A value that must be there. `what` is its name in a sentence.
    pub(crate) fn required<T>(
        &mut self,
        what: &str,
        flag: Flag<'_>,
        variable: &'static Variable,
        read: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Setting<T>> {
        let before = self.problems.len();
        let found = self.find(flag, variable);
        match found {
            Some(found) => self.read(&found, read),
            None if self.problems.len() > before => None,
            None => {
                self.problem(
                    format!("no {what} was given"),
                    Some(format!("pass {} or set {}", flag.name, variable.name)),
                );
                None
            }
        }
    }

    /// Reads text that was found; a mistake names the place it came from.
    pub(crate) fn read<T>(
        &mut self,
        found: &Found,
        read: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Setting<T>> {
        match read(&found.text) {
            Ok(value) => Some(Setting {
                value,
                origin: found.origin.clone(),
            }),
            Err(error) => {
                let hint = advice(&error);
                self.problem(format!("{error} ({})", found.origin), hint);
                None
            }
        }
    }

    /// Gives the values if there was no mistake, or all the mistakes as one error.
    pub(crate) fn finish<T>(self, values: Option<T>) -> Result<T, CliError> {
        match values {
            Some(values) if self.problems.is_empty() => Ok(values),
            _ => Err(together(self.problems)),
        }
    }
}

/// What the catalogue says to do about a wrong setting.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let entry = error.cause()?.diagnosis()?;
    Some(format!("{}: {}", entry.code, entry.fix))
}

fn together(problems: Vec<Problem>) -> CliError {
    let (mut whats, mut hints) = (Vec::new(), Vec::new());
    for problem in problems {
        whats.push(problem.what);
        hints.extend(problem.hint);
    }
    let error = CliError::settings(whats.join("; "));
    hints.into_iter().fold(error, CliError::hint)
}

/// Reads a number of seconds, with a fraction if wanted.
pub(crate) fn seconds(text: &str) -> Result<Duration, Error> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            Error::setting(format!(
                "{text:?} is no time-out, expected seconds between 0.001 and 86400"
            ))
        })
}

#[cfg(test)]
pub(crate) mod tests;
