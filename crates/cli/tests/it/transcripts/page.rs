//! What a transcript says: commands, and what is expected of each.

use std::fmt::{self, Display, Formatter};

use super::rewrite::{differing, placeholders, updated};
use crate::program::Run;

/// Stands for any lines.
pub(super) const ANY_LINES: &str = "...";
/// Stands for any text within a line.
pub(super) const ANY_TEXT: &str = "[...]";

pub(crate) struct Page {
    /// Comments at the top, without their `# `.
    pub(crate) head: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// One command.
#[derive(Default)]
pub(crate) struct Step {
    /// Where it stands in its file, from 1.
    pub(crate) line: usize,
    before: Vec<String>,
    lines: Vec<String>,
    stdout: Vec<String>,
    stderr: Vec<String>,
    code: i32,
}

impl Page {
    pub(crate) fn parse(text: &str) -> Self {
        let mut head = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        let mut comments = Vec::new();
        let (mut is_head, mut is_command) = (true, false);
        for (line, number) in text.lines().zip(1..) {
            let was_command = std::mem::take(&mut is_command);
            is_head &= line.starts_with('#');
            if let Some(command) = line.strip_prefix("$ ") {
                is_command = true;
                steps.push(Step {
                    line: number,
                    before: std::mem::take(&mut comments),
                    lines: vec![command.to_owned()],
                    ..Step::default()
                });
            } else if let Some(comment) = line.strip_prefix('#') {
                let comment = comment.trim().to_owned();
                if is_head { &mut head } else { &mut comments }.push(comment);
            } else if let Some(step) = steps.last_mut() {
                is_command = was_command && line.starts_with("> ");
                step.take(line, is_command);
            }
        }
        for step in &mut steps {
            while step.stdout.last().is_some_and(String::is_empty) {
                step.stdout.pop();
            }
        }
        Self { head, steps }
    }

    pub(crate) fn has_mark(&self, mark: &str) -> bool {
        self.head.iter().any(|line| line == mark)
    }
}

impl Display for Page {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for line in &self.head {
            writeln!(f, "# {line}")?;
        }
        self.steps.iter().try_for_each(|step| step.fmt(f))
    }
}

impl Step {
    /// The whole command, as the shell takes it.
    pub(crate) fn command(&self) -> String {
        self.lines.join("\n")
    }

    fn take(&mut self, line: &str, is_command: bool) {
        if is_command {
            self.lines.push(line[2..].to_owned());
        } else if let Some(line) = line.strip_prefix('!') {
            self.stderr
                .push(line.strip_prefix(' ').unwrap_or(line).to_owned());
        } else if let Some(code) = line.strip_prefix("? ") {
            self.code = code.parse().unwrap();
        } else if !line.is_empty() || self.stderr.is_empty() {
            let line = line.strip_prefix('\\').unwrap_or(line);
            self.stdout.push(line.to_owned());
        }
    }

    /// What came of the command beside what was expected, if it does not fit.
    pub(super) fn differs(&self, run: &Run) -> Option<String> {
        let mut told = format!("$ {}\n", self.lines.join("\n  > "));
        let unchanged = told.len();
        if self.code != run.code {
            told.push_str(&format!(
                "  exit code\n    - {}\n    + {}\n",
                self.code, run.code
            ));
        }
        let streams = [
            ("stdout", &self.stdout, lines_of(&run.stdout)),
            ("stderr", &self.stderr, lines_of(&run.stderr)),
        ];
        for (name, expected, found) in streams {
            if !fit(expected, &found) {
                told.push_str(&format!("  {name}\n{}", differing(expected, &found)));
            }
        }
        (told.len() > unchanged).then_some(told)
    }

    /// The step with what came of it in two runs.
    pub(super) fn rewritten(&self, first: &Run, second: &Run) -> Self {
        let lines = |expected: &[String], first: &str, second: &str| {
            let found = lines_of(first);
            if fit(expected, &found) && fit(expected, &lines_of(second)) {
                return expected.to_vec();
            }
            updated(expected, &placeholders(&found, &lines_of(second)))
        };
        Self {
            line: self.line,
            before: self.before.clone(),
            lines: self.lines.clone(),
            stdout: lines(&self.stdout, &first.stdout, &second.stdout),
            stderr: lines(&self.stderr, &first.stderr, &second.stderr),
            code: first.code,
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for line in &self.before {
            writeln!(f, "{}", format!("# {line}").trim_end())?;
        }
        writeln!(f, "$ {}", self.lines.join("\n> "))?;
        for line in &self.stdout {
            let looks_else = line.starts_with(['$', '!', '?', '#', '>', '\\']);
            writeln!(f, "{}{line}", if looks_else { "\\" } else { "" })?;
        }
        for line in &self.stderr {
            writeln!(f, "{}", format!("! {line}").trim_end())?;
        }
        match self.code {
            0 => Ok(()),
            code => writeln!(f, "? {code}"),
        }
    }
}

/// The lines of a stream, without blanks at their ends and without empty ones at the end.
fn lines_of(text: &str) -> Vec<String> {
    let lines = text.trim_end().lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// Says whether lines are as expected.
fn fit(expected: &[String], found: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first == ANY_LINES => {
            (0..=found.len()).any(|passed| fit(rest, &found[passed..]))
        }
        Some((first, rest)) => found
            .split_first()
            .is_some_and(|(line, left)| fits(first, line) && fit(rest, left)),
    }
}

/// Says whether a line is as expected.
pub(super) fn fits(expected: &str, found: &str) -> bool {
    let Some((before, after)) = expected.split_once(ANY_TEXT) else {
        return expected == found;
    };
    let Some(found) = found.strip_prefix(before) else {
        return false;
    };
    let starts = found.char_indices().map(|(at, _)| at);
    starts
        .chain([found.len()])
        .any(|at| fits(after, &found[at..]))
}
