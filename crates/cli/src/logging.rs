//! `--log` and `-v`: events to stderr, never in color: they are searched and kept. Nothing is built
//! unless it is asked for.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::args::GlobalArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::settings::{Environment, lookup};

/// Starts logging if a flag or the environment asks for it.
pub(crate) fn start(args: &GlobalArgs, environment: &dyn Environment) -> Result<(), CliError> {
    let from_environment =
        || lookup(environment, env_vars::LOG.name).map(|text| text.to_string_lossy().into_owned());
    let wanted = match (&args.log, args.verbose) {
        (Some(filter), _) => Some(filter.clone()),
        (None, 0) => from_environment(),
        (None, 1) => Some("accredit=debug".to_owned()),
        (None, _) => Some("accredit=trace".to_owned()),
    };
    let Some(filter) = wanted else {
        return Ok(());
    };
    let wrong = || {
        CliError::usage(format!("{filter:?} is no level and no filter"))
            .hint("expected error, warn, info, debug, trace, or a filter like accredit=debug")
    };
    // A word that is no level would be taken for the name of a module.
    if !filter.split(',').all(has_level) {
        return Err(wrong());
    }
    let filter = EnvFilter::try_new(&filter).map_err(|error| wrong().with_source(error))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init()
        .map_err(|_| CliError::other("logging is started already"))
}

/// Starts logging for a process that stays, if it was not started: what its operator must know.
pub(crate) fn start_for_service() {
    // Whoever asked for more has it already.
    let _started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("accredit=info,accredit_broker=info"))
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
}

/// Says whether one part of a filter ends with a level.
fn has_level(part: &str) -> bool {
    let level = part
        .rsplit_once('=')
        .map_or(part, |(_, level)| level)
        .trim();
    !level.is_empty() && level.parse::<LevelFilter>().is_ok()
}
