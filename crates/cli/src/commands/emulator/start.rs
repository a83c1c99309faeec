//! `accredit emulator start`: serves until a signal, then lets requests finish.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use accredit::error::Error;
use accredit_emulator::Emulator;
use serde_json::json;

use crate::args::emulator::StartArgs;
use crate::commands::emulator::{builder, reach, runtime};
use crate::emulator_client::DEFAULT_ADDRESS;
use crate::env_vars;
use crate::error::CliError;
use crate::files::{self, Access};
use crate::interrupt;
use crate::management_key;
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
    let key = management_key::find(
        args.management_key_file.as_deref(),
        world.environment.as_ref(),
    )?;
    let proxy = args.proxy.as_deref().map(proxy_address).transpose()?;
    let folder = match args.tls || proxy.is_some() {
        true => Some(reach::state_folder(args.state_dir.as_deref(), world)?),
        false => None,
    };
    let authority = folder
        .as_deref()
        .map(|folder| reach::authority(folder, world))
        .transpose()?;
    // One that was left behind would be taken for ours.
    if let Some(path) = &args.ready_file {
        files::remove(path);
    }
    runtime()?.block_on(async {
        let mut signals = interrupt::hand_over()
            .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))?;
        let mut builder = builder(&args.org, world).listen(address);
        if let Some(key) = key {
            builder = builder.management_key(key);
        }
        if let Some(authority) = authority {
            builder = builder.tls(authority);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        let emulator = builder.start().await?;
        let told = lead_here(&emulator, folder.as_deref(), world)
            .and_then(|()| announce(&emulator, args.ready_file.as_deref(), out));
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
    let url = emulator.tls_url().unwrap_or_else(|| emulator.url());
    let proxy = emulator.proxy_url();
    out.result(&format!("{url}\n"), &json!({"url": url, "proxy": proxy}))?;
    if let Some(path) = ready_file {
        files::write(path, format!("{url}\n").as_bytes(), Access::Everybody)?;
    }
    out.step(&format!(
        "A local org is ready at {url}: use it as login URL. Ctrl-C stops it.\n\
         Setup in a browser: {0}/setup\n\
         Next: accredit emulator app add NAME --cert server.crt --emulator {0}",
        emulator.url()
    ));
    if let Some(proxy) = proxy {
        out.step(&format!(
            "Salesforce's hosts are answered by the proxy {proxy}. To send programs there: \
             eval \"$(accredit emulator env --emulator {})\"",
            emulator.url()
        ));
    }
    Ok(())
}

/// Lets the emulator know how programs get here, for `emulator env`.
fn lead_here(emulator: &Emulator, folder: Option<&Path>, world: &World) -> Result<(), CliError> {
    let bundle = folder
        .map(|folder| reach::write_bundle(emulator, folder))
        .transpose()?;
    let variables = reach::variables(emulator, bundle.as_deref(), world);
    let text =
        |(name, value): (&str, OsString)| (name.to_owned(), value.to_string_lossy().into_owned());
    emulator.set_variables(variables.into_iter().map(text).collect());
    Ok(())
}

fn proxy_address(text: &str) -> Result<SocketAddr, CliError> {
    parse(text).map_err(|error| CliError::usage(format!("{error} (flag --proxy)")))
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
