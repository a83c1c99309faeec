//! What to tell somebody whose import was interrupted.

use crate::args::import::ImportArgs;
use crate::commands::query::command;
use crate::world::World;

/// The jobs so far, and the words of the command.
#[derive(Debug)]
pub(super) struct Hints {
    words: Vec<String>,
    is_stdin: bool,
    given: usize,
    jobs: Vec<String>,
}

impl Hints {
    pub(super) fn of(world: &World, args: &ImportArgs) -> Self {
        Self {
            words: world.words_to_repeat(),
            is_stdin: args.file == "-",
            given: args.resume.len(),
            jobs: Vec::new(),
        }
    }

    /// From now on this job is to be gone on with.
    pub(super) fn go_on_with(&mut self, job: &str) {
        self.jobs.push(job.to_owned());
    }

    pub(super) fn jobs(&self) -> &[String] {
        &self.jobs
    }

    /// The lines to say when a job is aborted that has not all of its data.
    pub(super) fn lines_of_an_upload(&self) -> Vec<String> {
        let lines = self.lines();
        if lines.is_empty() {
            return vec!["nothing was imported: the job was aborted before it had the data".into()];
        }
        lines
    }

    /// The lines to say; none while no job may have its data.
    pub(super) fn lines(&self) -> Vec<String> {
        let new = self.jobs.get(self.given..).unwrap_or_default();
        if self.jobs.is_empty() && self.given == 0 {
            return Vec::new();
        }
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        for job in new {
            words.extend(["--resume", job]);
        }
        let with = match self.is_stdin {
            true => " and the same input",
            false => "",
        };
        vec![
            format!("what was sent goes on without this program; go on with this command{with}:"),
            format!("  {}", command(&words)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_added_to_those_that_were_given() {
        let words = "accredit import x --resume 750A";
        let mut hints = Hints {
            words: words.split(' ').map(str::to_owned).collect(),
            is_stdin: false,
            given: 1,
            jobs: Vec::new(),
        };
        assert_eq!(hints.lines()[1], format!("  {words}"));
        hints.go_on_with("750A");
        hints.go_on_with("750B");
        assert_eq!(hints.lines()[1], format!("  {words} --resume 750B"));
        hints.given = 0;
        hints.jobs.clear();
        assert!(hints.lines().is_empty());
        assert!(hints.lines_of_an_upload()[0].starts_with("nothing was imported"));
    }
}
