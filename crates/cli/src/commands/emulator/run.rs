//! `accredit emulator run -- CMD`: an org for the length of one command.
//!
//! Owns what the command finds in its environment and what becomes of it: its exit code is ours,
//! the signals that we get are its own, and nothing is left behind.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use accredit_emulator::{AppKind, Emulator, Environment, NewApp, NewOrg, NewUser, Upload};
use tempfile::TempDir;

use crate::args::emulator::{RunArgs, Seed};
use crate::certificate::CertificateFile;
use crate::child::Job;
use crate::commands::emulator::app::{elements, text};
use crate::commands::emulator::reach::{self, Variable};
use crate::commands::emulator::{INTEGRATION_USER, builder, mode, runtime, seed};
use crate::commands::key;
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::files::Existing;
use crate::interrupt;
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::world::World;

/// Runs the command and gives its exit code.
pub(crate) fn run(
    args: &RunArgs,
    timeout: Option<&str>,
    world: &World,
    out: &Output,
) -> Result<u8, CliError> {
    let runtime = runtime()?;
    let folder = passing_folder()?;
    let pair = pair(args, folder.path(), world)?;
    let proxy = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let emulator = runtime.block_on(builder(&args.org, world).proxy(proxy).start())?;
    let forget = || forget_apps(args, &emulator, timeout, world);
    let prepared = forget()
        .and_then(|()| prepare(args, &pair, &emulator, timeout, world))
        .and_then(|mut variables| {
            let bundle = reach::write_bundle(&emulator, folder.path())?;
            variables.extend(reach::variables(&emulator, Some(&bundle), world));
            Ok(variables)
        });
    let ended = prepared.and_then(|variables| {
        let mut signals = {
            let _entered = runtime.enter();
            interrupt::hand_over().map_err(|error| {
                CliError::other("signals cannot be waited for").with_source(error)
            })?
        };
        out.step(&format!("A local org is ready at {}", emulator.url()));
        let job = Job {
            words: &args.command,
            variables: variables
                .iter()
                .map(|(name, value)| (*name, value.as_os_str()))
                .collect(),
            removed: &FOREIGN,
            secrets: Vec::new(),
        };
        runtime.block_on(job.supervise(&mut signals))
    });
    let ended = ended.and_then(|code| forget().map(|()| code));
    runtime.block_on(emulator.shutdown());
    ended
}

/// The folder for the key, which goes with the command.
pub(crate) fn passing_folder() -> Result<TempDir, CliError> {
    interrupt::passing(|| {
        let folder = TempDir::with_prefix("accredit-")?;
        let path = folder.path().to_owned();
        Ok((folder, path))
    })
    .map_err(|error| CliError::other("no folder for key and certificate").with_source(error))
}

/// Key and certificate of the app.
struct Pair {
    key: KeyReference,
    certificate: String,
}

fn pair(args: &RunArgs, folder: &Path, world: &World) -> Result<Pair, CliError> {
    let Some(certificate) = &args.cert else {
        let made = key::make(
            &key::recipe_for("accredit-emulator")?,
            folder,
            "server",
            Existing::Keep,
            world,
        )?;
        return Ok(Pair {
            certificate: CertificateFile::read(&made.certificate)?.text,
            key: KeyReference::file(&made.key)?,
        });
    };
    let key = match &args.key {
        Some(text) => KeyReference::parse(text)?,
        None => KeyReference::file(&certificate.with_extension("key"))?,
    };
    if key == KeyReference::Stdin {
        return Err(CliError::usage(
            "the key is read twice, so it cannot be stdin",
        ));
    }
    key::check_pair(&key, certificate, world).map_err(|error| {
        error.hint("-f KEY names the key of the certificate, if it is not beside it")
    })?;
    Ok(Pair {
        certificate: CertificateFile::read(certificate)?.text,
        key,
    })
}

/// Registers app and user; gives the variables of the command.
fn prepare(
    args: &RunArgs,
    pair: &Pair,
    emulator: &Emulator,
    timeout: Option<&str>,
    world: &World,
) -> Result<Vec<Variable>, CliError> {
    let username = args.username.as_deref().unwrap_or(INTEGRATION_USER);
    if args.username.is_some() || args.org.seed == Seed::Empty {
        make_user(username, emulator, timeout, world)?;
    }
    let app = NewApp {
        name: APP_NAME.to_owned(),
        client_id: args.client_id.clone(),
        // An external client app would not be found through login.salesforce.com.
        kind: AppKind::Connected,
        certificates: vec![Upload::Text(pair.certificate.clone())],
        approved_users: vec![username.to_owned()],
        ..NewApp::default()
    };
    let client_id = emulator.add_app(app.clone())?;
    let app = NewApp {
        client_id: Some(client_id.as_str().to_owned()),
        ..app
    };
    add_sandbox(args, app, username, emulator)?;
    let mut variables = reach::identity(client_id.as_str(), username);
    variables.extend(reach::key(&pair.key)?);
    Ok(variables)
}

/// A sandbox with the same app and user, for programs that ask test.salesforce.com.
fn add_sandbox(
    args: &RunArgs,
    app: NewApp,
    username: &str,
    emulator: &Emulator,
) -> Result<(), CliError> {
    let my_domain = args.org.my_domain.as_deref().unwrap_or("accredit.");
    let label = my_domain.split('.').next().unwrap_or_default();
    let sandbox = emulator.add_org(NewOrg {
        my_domain: Some(format!("{label}--sandbox.sandbox.my.salesforce.com")),
        environment: Environment::Sandbox,
        mode: mode(args.org.mode),
        seed: seed(args.org.seed),
        ..NewOrg::named("sandbox")
    })?;
    sandbox.add_app(app)?;
    // The user of the seed is there already.
    let _known = sandbox.add_user(NewUser::named(username));
    Ok(())
}

/// The name of the app of the command.
const APP_NAME: &str = "accredit emulator run";

/// Removes our apps from an org that is kept: that of this command, and what one that was killed
/// has left.
fn forget_apps(
    args: &RunArgs,
    emulator: &Emulator,
    timeout: Option<&str>,
    world: &World,
) -> Result<(), CliError> {
    if args.org.db.is_none() {
        return Ok(());
    }
    let client = EmulatorClient::at(&emulator.url(), timeout, world.environment.as_ref())?;
    let apps = client.get("/apps")?;
    elements(&apps)
        .filter(|app| text(app, "name") == APP_NAME)
        .try_for_each(|app| client.delete(&format!("/apps/{}", segment(text(app, "clientId")))))
}

/// Makes a user, unless the org has it.
fn make_user(
    username: &str,
    emulator: &Emulator,
    timeout: Option<&str>,
    world: &World,
) -> Result<(), CliError> {
    let Err(refused) = emulator.add_user(NewUser::named(username)) else {
        return Ok(());
    };
    let client = EmulatorClient::at(&emulator.url(), timeout, world.environment.as_ref())?;
    client
        .get(&format!("/users/{}", segment(username)))
        .map(drop)
        .map_err(|_| refused.into())
}

/// Settings of another org, which must not reach the command.
const FOREIGN: [&str; 5] = [
    "ACCREDIT_MANAGEMENT_KEY",
    "ACCREDIT_AUDIENCE",
    "ACCREDIT_ACCESS_TOKEN",
    "SF_AUDIENCE_URL",
    "SF_ACCESS_TOKEN",
];
