//! `accredit app …`: an app that is registered by metadata instead of clicks.

use crate::args::app::AppCommand;
use crate::error::CliError;
use crate::output::Output;
use crate::world::World;

mod advice;
mod archive;
mod deploy;
mod folder;
mod manifest;
mod metadata;
mod registration;
mod scope;
mod setup;
mod xml;

/// Runs the command.
pub(crate) fn run(
    command: &AppCommand,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    match command {
        AppCommand::Manifest(args) => manifest::run(args, world, out),
        AppCommand::Deploy(args) => deploy::run(args, timeout, world, out),
    }
}
