//! `accredit completions SHELL`.

use clap::CommandFactory as _;

use crate::args::{CommandLine, CompletionsArgs};
use crate::error::CliError;
use crate::output::Output;

/// Prints the script for a shell.
pub(crate) fn run(args: &CompletionsArgs, out: &Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut CommandLine::command(),
        "accredit",
        &mut script,
    );
    let script = String::from_utf8_lossy(&script);
    out.result(&script, &script)
}
