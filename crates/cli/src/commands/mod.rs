//! One module for each command.

use crate::args::{Command, CommandLine};
use crate::error::CliError;
use crate::output::Output;
use crate::world::World;

mod completions;
mod emulator;
mod inspect;
mod key;
mod query;
mod quickstart;
mod serve;
mod token;

/// Runs a command and gives its exit code.
pub(crate) fn run(line: CommandLine, world: &World, out: &mut Output) -> Result<u8, CliError> {
    let timeout = line.global.timeout.as_deref();
    match line.command {
        Command::Quickstart(args) => quickstart::run(&args, world, out).map(|()| 0),
        Command::Key(command) => key::run(&command, world, out).map(|()| 0),
        Command::Token(args) => token::run(&args, timeout, world, out).map(|()| 0),
        Command::Query(args) => query::run(&args, timeout, world, out).map(|()| 0),
        Command::Inspect(args) => inspect::run(&args, world, out).map(|()| 0),
        Command::Serve(args) => serve::run(&args, timeout, world, out).map(|()| 0),
        Command::Emulator(command) => emulator::run(command, timeout, world, out),
        Command::Completions(args) => completions::run(&args, out).map(|()| 0),
    }
}
