//! `--log` and `-v`: events to stderr. Nothing is built unless it is asked for.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

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
        (None, 1) => Some("info".to_owned()),
        (None, 2) => Some("debug".to_owned()),
        (None, _) => Some("trace".to_owned()),
    };
    let Some(filter) = wanted else {
        return Ok(());
    };
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        CliError::usage(format!("{filter:?} is no level and no filter"))
            .hint("expected error, warn, info, debug, trace, or a filter like accredit=debug")
            .with_source(error)
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init()
        .map_err(|_| CliError::other("logging is started already"))
}
