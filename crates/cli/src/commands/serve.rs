//! `accredit serve`: the broker, until a signal.
//!
//! Owns the life of the process: settings, keys, listener, reload, drain. What is answered is the
//! business of `accredit_broker`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use accredit::cache::TokioSpawn;
use accredit_broker::caller_key::CallerKey;
use accredit_broker::config::Config;
use accredit_broker::exposure::ChosenBy;
use accredit_broker::proxy::Upstream;
use accredit_broker::{App, Listening, Parts, Reveal, World as BrokerWorld, run as serve};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::args::serve::{RunServeArgs, ServeArgs, ServeCommand, ServeKeyCommand};
use crate::error::CliError;
use crate::interrupt;
use crate::logging;
use crate::otlp;
use crate::output::Output;
use crate::settings::Environment;
use crate::settings::network::{Traffic, client, upstream};
use crate::world::World;

mod audit_lines;
mod configuration;
mod doors;
mod keys;
mod reload;
mod revoke_all;
mod service_manager;
mod socket;

use audit_lines::AuditLines;
use configuration::{Source, refused};
use doors::{Doors, Inherited};
use keys::References;

/// How long requests may take that are under way when a signal comes: within the ten seconds that
/// platforms give.
const DRAIN_MAX: Duration = Duration::from_secs(9);

/// Runs the broker or one of its commands.
pub(crate) fn run(
    args: &ServeArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    match &args.command {
        Some(ServeCommand::Key(ServeKeyCommand::New)) => new_key(world, out),
        Some(ServeCommand::RevokeAll(revoke)) => revoke_all::run(revoke, timeout, world, out),
        None => start(&args.run, timeout, world, out),
    }
}

fn new_key(world: &World, out: &mut Output) -> Result<(), CliError> {
    let key = CallerKey::draw(world.random.as_ref())?;
    let (text, hash) = (key.expose(), key.hash().to_string());
    out.result(
        &format!("{text}\n{hash}\n"),
        &json!({"key": text, "hash": hash}),
    )?;
    out.step(
        "The first line is the key: give it to the caller, it is not kept.\nThe second line is \
         its hash: put it into the configuration as key_hash of [callers.NAME].",
    );
    Ok(())
}

fn start(
    args: &RunServeArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let inherited = Inherited::take(world.environment.as_ref())?;
    let room = service_manager::raise_open_files();
    service_manager::forbid_core_dumps();
    let mut source = Source::find(args, world, room)?;
    let config = source.read()?;
    if config.listener.limits().total > room {
        out.warn(format!(
            "the system gives this process files for {room} connections, and \
             listener.max_connections is more"
        ));
    }
    let (address, chosen_by) = match inherited.address() {
        Some(address) => (address, ChosenBy::Person),
        None => source.address(&config)?,
    };
    let environment = world.environment.as_ref();
    let is_secure = config
        .connections
        .iter()
        .any(|one| one.endpoint.login_url().as_str().starts_with("https:"));
    let scheme = if is_secure { "https:" } else { "http:" };
    let http = client(environment, timeout, Traffic::Tokens, scheme)?;
    let upstream = upstream(environment)?;
    let listening = Listening {
        address,
        chosen_by,
        reveal: match args.reveal {
            true => Reveal::ToCallers,
            false => Reveal::Never,
        },
    };
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let clock = Arc::clone(&world.clock);
        let audit = Arc::new(AuditLines::start(io::stdout(), clock)?);
        let parts = Parts {
            world: BrokerWorld {
                http: Arc::new(http),
                clock: Arc::clone(&world.clock),
                random: Arc::clone(&world.random),
                spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
            },
            upstream: Upstream::new(upstream),
            keys: Arc::new(References::new(world.clone())),
            audit: Arc::clone(&audit) as Arc<dyn accredit_broker::audit::AuditLog>,
        };
        if args.check {
            let checked = App::new(&config, listening, parts).await;
            checked.map_err(|mistakes| refused(&mistakes))?;
            return out.result("ok\n", &json!({"connections": config.connections.len()}));
        }
        let listening = (listening, inherited);
        let served = listen(source, &config, (listening, parts), (environment, out)).await;
        audit.finish();
        served
    });
    // A key may still be on its way from a vault that does not answer.
    runtime.shutdown_background();
    served
}

/// Listens, says where, and serves until a signal.
async fn listen(
    source: Source,
    config: &Config,
    ((listening, inherited), parts): ((Listening, Inherited), Parts),
    (environment, out): (&dyn Environment, &mut Output),
) -> Result<(), CliError> {
    logging::start_for_service();
    let traces = otlp::start(environment, &parts.world, out)?;
    let mut signals = interrupt::hand_over()
        .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))?;
    let socket = config.listener.socket.as_deref();
    let doors = Doors::open(listening.address, socket, inherited).await?;
    let bound = Listening {
        address: doors.address,
        ..listening
    };
    let (mut is_asked, starting) = (false, App::new(config, bound, parts));
    let Some(app) = reload::unless_ended(&mut signals, &mut is_asked, starting).await else {
        return Ok(());
    };
    let app = app.map_err(|mistakes| refused(&mistakes))?;
    announce(bound, config, out)?;
    let manager = service_manager::find(environment);
    service_manager::tell(manager.as_deref(), "READY=1");
    let reloading = reload::follow(app.clone(), source, signals, is_asked);
    let stop = async {
        reloading.await;
        service_manager::tell(manager.as_deref(), "STOPPING=1");
    };
    serve(doors.all, app, stop, DRAIN_MAX).await;
    traces.finish();
    Ok(())
}

fn announce(
    Listening {
        address: bound,
        chosen_by,
        ..
    }: Listening,
    config: &Config,
    out: &mut Output,
) -> Result<(), CliError> {
    if config.callers.is_empty() && !bound.ip().is_loopback() && chosen_by == ChosenBy::Platform {
        out.warn(
            "no caller is configured, so no token leaves and nothing is forwarded: reports only; \
             `accredit serve key new` makes a key for a caller",
        );
    }
    let is_plain = config.listener.tls.is_none() && !bound.ip().is_loopback();
    if is_plain && chosen_by == ChosenBy::Person {
        out.warn(
            "keys of callers and tokens cross the network in the clear: [listener.tls] names a \
             certificate; without it, something else has to keep the way to callers secret",
        );
    }
    let scheme = match config.listener.tls {
        Some(_) => "https",
        None => "http",
    };
    let url = format!("{scheme}://{bound}");
    out.result(&format!("{url}\n"), &json!({"url": url}))?;
    out.step(&format!(
        "The broker is ready at {url} with {} connection(s). Ctrl-C stops it.",
        config.connections.len()
    ));
    Ok(())
}

fn runtime() -> Result<Runtime, CliError> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::other("no runtime for the broker").with_source(error))
}
