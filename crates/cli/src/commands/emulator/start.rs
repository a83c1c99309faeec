//! `accredit emulator start`: serves until a signal, then lets requests finish.

use std::net::SocketAddr;
use std::path::Path;

use accredit::error::Error;
use accredit_emulator::Emulator;
use serde_json::json;

use crate::args::emulator::StartArgs;
use crate::commands::emulator::{builder, runtime};
use crate::emulator_client::DEFAULT_ADDRESS;
use crate::env_vars;
use crate::error::CliError;
use crate::files::{self, Access};
use crate::interrupt;
use crate::output::Output;
use crate::settings::{Environment, Flag, Picker};
use crate::world::World;

/// Starts, says where, and serves.
pub(crate) fn run(args: &StartArgs, world: &World, out: &mut Output) -> Result<(), CliError> {
    let address = address(args, world.environment.as_ref())?;
    if !address.ip().is_loopback() {
        out.warn(format!(
            "{address} can be reached from other machines, and what is in this org is nobody's \
             secret"
        ));
    }
    // One that was left behind would be taken for ours.
    if let Some(path) = &args.ready_file {
        files::remove(path);
    }
    runtime()?.block_on(async {
        let mut signals = interrupt::hand_over()
            .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))?;
        let emulator = builder(&args.org, world).listen(address).start().await?;
        let told = announce(&emulator, args.ready_file.as_deref(), out);
        if told.is_ok() {
            signals.next().await;
            out.step("Stopping...");
        }
        emulator.shutdown().await;
        if let (Ok(()), Some(path)) = (&told, &args.ready_file) {
            files::remove(path);
        }
        told
    })
}

fn announce(emulator: &Emulator, ready_file: Option<&Path>, out: &Output) -> Result<(), CliError> {
    let url = emulator.url();
    out.result(&format!("{url}\n"), &json!({"url": url}))?;
    if let Some(path) = ready_file {
        files::write(path, format!("{url}\n").as_bytes(), Access::Everybody)?;
    }
    out.step(&format!(
        "A local org is ready at {url}: use it as login URL. Ctrl-C stops it.\n\
         Next: accredit emulator app add NAME --cert server.crt --emulator {url}"
    ));
    Ok(())
}

fn address(args: &StartArgs, environment: &dyn Environment) -> Result<SocketAddr, CliError> {
    let mut picker = Picker::new(environment);
    let flag = Flag::new("--listen", args.listen.as_deref());
    let address = match picker.find(flag, &env_vars::LISTEN) {
        Some(found) => picker.read(&found, parse).map(|setting| setting.value),
        None => parse(DEFAULT_ADDRESS).ok(),
    };
    picker.finish(address)
}

fn parse(text: &str) -> Result<SocketAddr, Error> {
    let numeric = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
        Error::setting(format!(
            "{text:?} is no address, expected one like 127.0.0.1:8580"
        ))
    })
}
