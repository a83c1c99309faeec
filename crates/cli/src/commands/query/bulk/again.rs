//! The command that goes on where this one was interrupted.

use crate::world::World;

/// How to go on with a job.
#[derive(Clone, Debug)]
pub(crate) struct Again {
    job: String,
    command: String,
}

impl Again {
    /// The words of this command, with the job in place of what it was made from.
    pub(crate) fn of(world: &World, made_from: Option<&str>, job: &str) -> Self {
        let words = world.words_to_repeat();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let Some(made_from) = made_from {
            let place = words.iter().rposition(|word| *word == made_from);
            if let Some(place) = place {
                words.remove(place);
            }
            // A result of all rows is asked for when the job is made.
            words.retain(|word| *word != "--all-rows" && *word != "--");
            words.extend(["--resume", job]);
        }
        Self {
            job: job.to_owned(),
            command: command(&words),
        }
    }

    /// What to tell somebody who is interrupted.
    pub(crate) fn hints(&self, host: &str) -> Vec<String> {
        let Self { job, command } = self;
        vec![
            format!("{host} keeps the job {job} and its result for seven days; fetch it with:"),
            format!("  {command}"),
        ]
    }
}

/// Words as they are typed into a shell.
pub(crate) fn command(words: &[&str]) -> String {
    let mut quoted = words.iter().enumerate().map(|(at, word)| match at {
        0 => "accredit".to_owned(),
        _ => quote(word),
    });
    let first = quoted.next().unwrap_or_default();
    quoted.fold(first, |line, word| format!("{line} {word}"))
}

fn quote(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_gives_way_to_its_job() {
        let words = [
            "/usr/bin/accredit",
            "query",
            "--bulk",
            "SELECT Id FROM A WHERE N = 'x'",
            "--all-rows",
            "--output",
            "my file",
        ];
        let world = World {
            words: words.map(str::to_owned).into(),
            ..World::real()
        };
        let again = Again::of(&world, Some(words[3]), "750000000000001AAA");
        assert_eq!(
            again.hints("h")[1],
            "  accredit query --bulk --output 'my file' --resume 750000000000001AAA"
        );
        let resumed = Again::of(&world, None, "750000000000001AAA");
        assert!(
            resumed
                .command
                .contains(r"'SELECT Id FROM A WHERE N = '\''x'\'''")
        );
    }
    #[test]
    fn a_pin_is_not_told() {
        let words = "accredit query x --key pkcs11:object=k?pin-value=1234 --bulk";
        let world = World {
            words: words.split(' ').map(str::to_owned).collect(),
            ..World::real()
        };
        let hints = Again::of(&world, Some("x"), "750000000000001AAA").hints("h");
        assert!(!hints[1].contains("1234"), "{hints:?}");
        assert!(hints[1].contains("--bulk --resume"), "{hints:?}");
    }
}
