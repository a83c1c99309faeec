//! Plans of `sf data export tree --plan`: which files hold which object, in which order.

use serde::Deserialize;

use super::super::error::Trouble;
use super::super::kind;

/// A step of a plan.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Step {
    pub(in super::super) sobject: String,
    #[serde(default)]
    files: Vec<File>,
}

/// A file of a step: newer plans say only its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum File {
    Name(String),
    Described { file: String },
}

impl Step {
    /// The paths of its files, which stand next to the plan at `plan`.
    pub(in super::super) fn files(&self, plan: &str) -> impl Iterator<Item = String> {
        let folder = kind::parent(plan);
        self.files.iter().map(move |file| {
            let (File::Name(name) | File::Described { file: name }) = file;
            joined(folder, name)
        })
    }
}

/// Reads a plan.
pub(in super::super) fn read(text: &str) -> Result<Vec<Step>, Trouble> {
    serde_json::from_str(text).map_err(|error| {
        let problem = format!("expected a plan, a list of sobject and files: {error}");
        Trouble::new(error.line(), problem)
    })
}

/// `data/Accounts.json` of `data` and `./Accounts.json`.
fn joined(folder: &str, name: &str) -> String {
    let mut words: Vec<&str> = folder.split(['/', '\\']).collect();
    if folder.is_empty() {
        words.clear();
    }
    for word in name.split(['/', '\\']) {
        match word {
            "" | "." => {}
            ".." => drop(words.pop()),
            _ => words.push(word),
        }
    }
    words.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_next_to_their_plan() {
        let text =
            r#"[{"sobject": "A", "files": ["a.json", "./b/c.json", {"file": "../d.json"}]}]"#;
        let steps = read(text).unwrap();
        let files: Vec<_> = steps[0].files("/tmp/data/plan.json").collect();
        assert_eq!(
            files,
            ["/tmp/data/a.json", "/tmp/data/b/c.json", "/tmp/d.json"]
        );
        assert_eq!(steps[0].files("plan.json").next().unwrap(), "a.json");
    }
}
