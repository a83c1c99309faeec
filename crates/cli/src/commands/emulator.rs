//! `accredit emulator …`: a local org of one's own, and the management of a running one.

use accredit_emulator::{Builder, DirectoryError, Emulator, Mode, OrgRefused, Seed, StartError};
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};

use crate::args::emulator::{self as args, EmulatorCommand, OrgArgs};
use crate::emulator_client::EmulatorClient;
use crate::error::CliError;
use crate::output::Output;
use crate::world::World;

mod app;
mod env;
mod fault;
mod java;
mod journal;
mod load;
mod org;
mod reach;
mod run;
mod snapshot;
mod start;
mod user;

pub(crate) use run::passing_folder;

/// The user that the sample org has for integrations, and that an empty one gets.
pub(crate) const INTEGRATION_USER: &str = "integration@accredit.example";

/// What to do about an org that cannot be opened.
const DB_HINT: &str = "check the file that --db names, or leave --db out";

/// Runs one of the commands and gives its exit code.
pub(crate) fn run(
    command: EmulatorCommand,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<u8, CliError> {
    let environment = world.environment.as_ref();
    let client = |target| EmulatorClient::new(target, timeout, environment);
    match command {
        EmulatorCommand::Start(args) => start::run(&args, world, out),
        EmulatorCommand::Run(args) => return run::run(&args, timeout, world, out),
        EmulatorCommand::App(args) => app::run(&args.command, &client(&args.target)?, out),
        EmulatorCommand::User(args) => user::run(&args.command, &client(&args.target)?, out),
        EmulatorCommand::Org(args) => org::run(&args.command, &client(&args.target)?, out),
        EmulatorCommand::Fault(args) => fault::run(&args.command, &client(&args.target)?, out),
        EmulatorCommand::Journal(args) => journal::run(&args.command, &client(&args.target)?, out),
        EmulatorCommand::Env(args) => env::print(&args, &client(&args.target)?, out),
        EmulatorCommand::Load(args) => {
            let client = EmulatorClient::patient(&args.target, timeout, environment)?;
            load::run(&args, &client, out)
        }
        EmulatorCommand::Snapshot(args) => snapshot::save(&args, &client(&args.target)?, out),
        EmulatorCommand::Restore(args) => snapshot::restore(&args, &client(&args.target)?, out),
        EmulatorCommand::Reset(args) => snapshot::reset(&args, &client(&args.target)?, out),
    }
    .map(|()| 0)
}

/// An emulator as the flags want it.
pub(crate) fn builder(args: &OrgArgs, world: &World) -> Builder {
    let mut builder = Emulator::builder()
        .mode(mode(args.mode))
        .seed(seed(args.seed))
        .clock(world.clock.clone())
        .random(world.random.clone());
    if let Some(host) = &args.my_domain {
        builder = builder.my_domain(host);
    }
    match &args.db {
        Some(path) => builder.place(accredit_emulator::store::Place::File(path.clone())),
        None => builder,
    }
}

const fn mode(mode: args::Mode) -> Mode {
    match mode {
        args::Mode::Salesforce => Mode::Salesforce,
        args::Mode::Strict => Mode::Strict,
    }
}

const fn seed(seed: args::Seed) -> Seed {
    match seed {
        args::Seed::Sample => Seed::Sample,
        args::Seed::Empty => Seed::Empty,
    }
}

/// What an emulator runs on.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    RuntimeBuilder::new_multi_thread()
        .enable_all()
        .thread_name("accredit-emulator")
        .build()
        .map_err(|error| CliError::other("no threads for the emulator").with_source(error))
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        let this = match &error {
            StartError::ManagementKey => Self::settings(error.to_string()),
            _ => Self::other(error.to_string()),
        };
        match error {
            StartError::AddressInUse(_) => {
                this.hint("--listen 127.0.0.1:0 picks a free port and prints it")
            }
            StartError::Listen(_, below) => this
                .hint("expected an address of this machine, and a port above 1023")
                .with_source(below),
            StartError::ManagementKey => {
                this.hint("`openssl rand -hex 16` makes a key that nobody guesses")
            }
            StartError::Authority(_) => this,
            StartError::Store(below) => this.hint(DB_HINT).with_source(below),
            StartError::Directory(below) => this.hint(DB_HINT).with_source(below),
            StartError::Org(below) => this.hint(DB_HINT).with_source(below),
        }
    }
}

impl From<OrgRefused> for CliError {
    fn from(error: OrgRefused) -> Self {
        Self::settings(format!("the emulator refused: {error}"))
    }
}

impl From<DirectoryError> for CliError {
    fn from(error: DirectoryError) -> Self {
        Self::settings(format!("the emulator refused: {error}"))
    }
}
