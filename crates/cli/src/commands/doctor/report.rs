//! The list of checks: what each found, how long it took, what to do.
//!
//! Owns its two forms and the exit code. Every text goes through the [`Redactor`] first, so that
//! the list can be shown to anybody.

use serde_json::{Value, json};

use super::redactor::Redactor;
use crate::error::CliError;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is wrong.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work.
    Fail,
    /// What it needs is not there.
    Skip,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// What a check found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) state: State,
    found: Vec<String>,
    fix: Vec<String>,
    code: Option<String>,
    exit_code: u8,
}

impl Finding {
    fn new(state: State, found: impl Into<String>) -> Self {
        Self {
            state,
            found: vec![found.into()],
            fix: Vec::new(),
            code: None,
            exit_code: 0,
        }
    }

    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self::new(State::Ok, found)
    }

    pub(super) fn skip(why: impl Into<String>) -> Self {
        Self::new(State::Skip, why)
    }

    pub(super) fn warn(found: impl Into<String>, fix: impl Into<String>) -> Self {
        let mut this = Self::new(State::Warn, found);
        this.fix.push(fix.into());
        this
    }

    /// A failure with all its causes and hints.
    pub(super) fn fail(error: &CliError) -> Self {
        let mut this = Self::new(State::Fail, error.to_string());
        let mut below = std::error::Error::source(error);
        while let Some(cause) = below {
            this.found.push(format!("because: {cause}"));
            below = cause.source();
        }
        this.fix = error.hints().to_vec();
        this.code = error.code().map(str::to_owned);
        this.exit_code = error.exit_code();
        this
    }

    /// The same with one more line of what was found.
    pub(super) fn and(mut self, found: impl Into<String>) -> Self {
        self.found.push(found.into());
        self
    }
}

/// A check that was made.
#[derive(Debug)]
struct Check {
    name: &'static str,
    finding: Finding,
    milliseconds: u64,
}

/// The checks in their order.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Check>);

impl Report {
    pub(super) fn add(&mut self, name: &'static str, finding: Finding, milliseconds: u64) {
        self.0.push(Check {
            name,
            finding,
            milliseconds,
        });
    }

    /// The exit code of the first check that failed, the one that others follow from; 0 if none.
    pub(super) fn exit_code(&self) -> u8 {
        let mut failed = self
            .0
            .iter()
            .filter(|check| check.finding.state == State::Fail);
        failed
            .next()
            .map_or(0, |check| check.finding.exit_code.max(1))
    }

    /// For people.
    pub(super) fn lines(&self, redactor: &Redactor) -> String {
        let mut text = String::new();
        for check in &self.0 {
            let Finding { found, fix, .. } = &check.finding;
            let head = format!("{:<5} {:<12}", check.finding.state.as_str(), check.name);
            let took = if check.finding.state == State::Skip {
                String::new()
            } else {
                format!(" ({} ms)", check.milliseconds)
            };
            for (at, line) in found.iter().enumerate() {
                let (head, took) = if at == 0 { (&*head, &*took) } else { ("", "") };
                text.push_str(&format!("{head:<18} {}{took}\n", redactor.apply(line)));
            }
            for line in fix {
                text.push_str(&format!("{:<18} fix: {}\n", "", redactor.apply(line)));
            }
        }
        let count = |state| {
            self.0
                .iter()
                .filter(|check| check.finding.state == state)
                .count()
        };
        text.push_str(&format!(
            "\n{} ok, {} to look at, {} failed, {} not checked\n",
            count(State::Ok),
            count(State::Warn),
            count(State::Fail),
            count(State::Skip)
        ));
        text
    }

    /// For programs.
    pub(super) fn document(&self, redactor: &Redactor) -> Value {
        let all = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| redactor.apply(text)).collect()
        };
        let checks: Vec<Value> = self
            .0
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "state": check.finding.state.as_str(),
                    "found": all(&check.finding.found),
                    "fix": all(&check.finding.fix),
                    "code": check.finding.code,
                    "milliseconds": check.milliseconds,
                })
            })
            .collect();
        json!({"checks": checks, "exitCode": self.exit_code()})
    }
}
