//! The command that looks at a deployment again.

use crate::args::app::DeployArgs;
use crate::commands::query::command;
use crate::world::World;

/// `accredit api` on `path`, with the words of this command that say which org and who.
pub(super) fn command_for(world: &World, args: &DeployArgs, path: &str) -> String {
    let mut words = world.words_to_repeat();
    let folder = args.folder.to_string_lossy();
    if let Some(at) = words.iter().rposition(|word| *word == folder) {
        words.remove(at);
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut of_name = ["app", "deploy"].into_iter().peekable();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if of_name.next_if_eq(&word).is_some() {
            if word == "deploy" {
                kept.push("api");
            }
            continue;
        }
        let name = word.split('=').next().unwrap_or_default();
        match name {
            "--wait" | "--api-version" => {
                // The value is the next word, or stands behind an equals sign.
                if name == word {
                    words.next();
                }
            }
            "--check-only" | "--" => {}
            _ => kept.push(word),
        }
    }
    kept.push(path);
    command(&kept)
}
