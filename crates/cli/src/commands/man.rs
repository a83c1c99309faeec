//! `accredit man`: pages for man(1), from the same definitions as the help.

use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use serde_json::json;

use crate::args::{ManArgs, visible};
use crate::error::CliError;
use crate::files::{Access, Existing, FileSet};
use crate::output::Output;

/// Prints the page of a command, or writes the pages of all of them.
pub(crate) fn run(args: &ManArgs, out: &Output) -> Result<(), CliError> {
    let mut root = visible();
    root.build();
    if let Some(folder) = &args.out_dir {
        let paths = write_all(&root, folder)?;
        let human: String = paths
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect();
        return out.result(&human, &json!({"files": paths}));
    }
    let mut command = &root;
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            CliError::usage(format!(
                "there is no command {word:?} below {}",
                command.get_name()
            ))
            .hint("`accredit --help` lists them all")
        })?;
    }
    let page = page(command)?;
    out.result(&page, &page)
}

fn page(command: &Command) -> Result<String, CliError> {
    let failed = |error| CliError::other("the page could not be made").with_source(error);
    let mut page = Vec::new();
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    Man::new(command.clone().name(name.to_owned()))
        .render(&mut page)
        .map_err(failed)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Writes a page for each command, all of them or none.
fn write_all(root: &Command, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut files = FileSet::new(Existing::Replace);
    let mut paths = Vec::new();
    let mut waiting = vec![root];
    while let Some(command) = waiting.pop() {
        let name = command
            .get_display_name()
            .unwrap_or_else(|| command.get_name());
        let path = folder.join(format!("{name}.1"));
        files.stage(path.clone(), page(command)?.as_bytes(), Access::Everybody)?;
        paths.push(path);
        let below = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help");
        waiting.extend(below.filter(|below| !below.is_hide_set()));
    }
    files.publish()?;
    paths.sort();
    Ok(paths)
}
