//! One module for each command.

use crate::args::{Command, CommandLine};
use crate::error::CliError;
use crate::output::Output;
use crate::world::World;

mod api;
mod app;
mod completions;
mod config;
mod doctor;
mod emulator;
mod exec;
mod explain;
mod import;
mod inspect;
mod key;
mod man;
mod profile;
mod query;
mod quickstart;
mod revoke;
mod serve;
mod token;
mod whoami;

/// Runs a command and gives its exit code.
pub(crate) fn run(line: CommandLine, world: &World, out: &mut Output) -> Result<u8, CliError> {
    let timeout = line.global.timeout.as_deref();
    match line.command {
        Command::Quickstart(args) => quickstart::run(&args, world, out).map(|()| 0),
        Command::Key(command) => key::run(&command, world, out).map(|()| 0),
        Command::App(command) => app::run(&command, timeout, world, out).map(|()| 0),
        Command::Token(args) => token::run(&args, timeout, world, out).map(|()| 0),
        Command::Query(args) => query::run(&args, timeout, world, out).map(|()| 0),
        Command::Import(args) => import::run(&args, timeout, world, out),
        Command::Api(args) => api::run(&args, timeout, world, out).map(|()| 0),
        Command::Whoami(args) => whoami::run(&args, timeout, world, out).map(|()| 0),
        Command::Exec(args) => exec::run(&args, timeout, world, out),
        Command::Revoke(args) => revoke::run(&args, timeout, world, out).map(|()| 0),
        Command::Profile(command) => profile::run(&command, world, out).map(|()| 0),
        Command::Config(command) => config::run(&command, world, out).map(|()| 0),
        Command::Inspect(args) => inspect::run(&args, world, out).map(|()| 0),
        Command::Doctor(args) => doctor::run(&args, timeout, world, out),
        Command::Serve(args) => serve::run(&args, timeout, world, out).map(|()| 0),
        Command::Explain(args) => explain::run(&args, out).map(|()| 0),
        Command::Emulator(command) => emulator::run(command, timeout, world, out),
        Command::Completions(args) => completions::run(&args, out).map(|()| 0),
        Command::Man(args) => man::run(&args, out).map(|()| 0),
    }
}
