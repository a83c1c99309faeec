//! `accredit serve …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ServeArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ServeCommand>,
    #[command(flatten)]
    pub(crate) run: RunServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServeCommand {
    /// Make keys for callers
    #[command(subcommand, arg_required_else_help = true)]
    Key(ServeKeyCommand),
    /// Revoke every token that replicas share in their store
    RevokeAll(ServeRevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeRevokeArgs {
    /// Configuration in TOML, as the replicas have it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServeKeyCommand {
    /// Print a new key, once, and the hash for the configuration
    New,
}

#[derive(Debug, Args)]
pub(crate) struct RunServeArgs {
    /// Configuration in TOML [default: one connection from the settings of `accredit token`]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Check configuration and keys, tell every mistake, and end
    #[arg(long)]
    pub(crate) check: bool,
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:8089]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Show secrets in the report, on this machine or to callers that may have the token
    #[arg(long)]
    pub(crate) reveal: bool,
}
