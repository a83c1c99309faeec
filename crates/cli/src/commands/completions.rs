//! `accredit completions SHELL`.

use crate::args::{CompletionsArgs, visible};
use crate::error::CliError;
use crate::output::Output;

/// Prints the script for a shell.
pub(crate) fn run(args: &CompletionsArgs, out: &Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut visible(), "accredit", &mut script);
    let script = String::from_utf8_lossy(&script);
    out.result(&script, &script)
}
