#![forbid(unsafe_code)]
//! The `accredit` command: the one place that reads environment, files, terminal and clock.

#[cfg(not(unix))]
compile_error!("accredit runs on Unix only");

use std::process::ExitCode;

mod access;
mod api_version;
mod args;
mod bulk;
mod certificate;
mod child;
mod commands;
mod describe;
mod emulator_client;
mod env_vars;
mod error;
mod files;
mod interrupt;
mod key_reference;
mod launch;
mod logging;
mod management_key;
mod mask;
mod otlp;
mod output;
mod own_files;
mod parquet;
mod passphrase;
mod pause;
mod profiles;
mod progress;
mod reach;
mod rest;
mod session;
mod settings;
mod token_cache;
mod wait;
mod world;

fn main() -> ExitCode {
    let world = world::World::real();
    let (mut out, parsed) = launch::parse(std::env::args_os(), world.environment.as_ref());
    let done = parsed.and_then(|line| match line {
        Some(line) => {
            let world = world.with_profile(line.global.profile.clone());
            launch::guard(|| commands::run(line, &world, &mut out))
        }
        None => Ok(0),
    });
    ExitCode::from(done.unwrap_or_else(|error| out.report(&error)))
}
