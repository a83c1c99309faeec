//! The command line as a whole: what the definitions of single commands do not say of themselves.
//!
//! Owns the exit codes below each help, the refusal of `--timeout` where nobody is asked, and what
//! is left of the definitions for those who complete words.

use clap::{Arg, Command, CommandFactory as _};

use super::CommandLine;

/// The exit codes on one line, for the help of a command.
const EXIT_CODES: &str = "Exit codes: 0 ok, 1 other, 2 usage, 3 settings or key, 4 refused, 5 rate \
    limited, 6 unreachable, 7 partial, 70 bug";

/// Commands that ask nobody over the network.
const ASK_NOBODY: [&str; 6] = [
    "quickstart",
    "key",
    "manifest",
    "inspect",
    "completions",
    "start",
];

/// The definitions, as they are parsed.
pub(crate) fn command() -> Command {
    CommandLine::command().mut_subcommands(|one| finished(one, ""))
}

fn finished(command: Command, above: &str) -> Command {
    let name = command.get_name().to_owned();
    let asks_nobody = ASK_NOBODY.contains(&name.as_str()) || above == "key";
    let command = command
        .after_help(EXIT_CODES)
        .mut_subcommands(|one| finished(one, &name));
    if asks_nobody && !command.has_subcommands() {
        command.arg(no_timeout())
    } else {
        command
    }
}

/// Stands where `--timeout` would otherwise be taken and forgotten.
fn no_timeout() -> Arg {
    let refuse = |_: &str| -> Result<String, &str> {
        Err("this command asks nobody over the network, so there is nothing to wait for")
    };
    Arg::new("timeout")
        .long("timeout")
        .hide(true)
        .value_name("SECONDS")
        .value_parser(refuse)
}

/// The definitions without what is not to be seen.
pub(crate) fn visible() -> Command {
    shown(&command())
}

fn shown(command: &Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let arguments = command.get_arguments().filter(|one| !one.is_hide_set());
    Command::new(command.get_name().to_owned())
        .about(about)
        .args(arguments.cloned())
        .subcommands(command.get_subcommands().map(shown))
}
