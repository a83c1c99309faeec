//! The words of `accredit profile` and `accredit config`.

use clap::{Args, Subcommand};

use crate::args::SignInArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Keep the settings of a sign-in under a name; the one named default is used by itself
    Add(Box<ProfileAddArgs>),
    /// List the profiles
    List,
    /// Show the settings of a profile
    Show(ProfileNameArgs),
    /// Remove a profile
    Remove(ProfileNameArgs),
    /// Keep what the environment says: the names of accredit, sf, SFDX, CumulusCI and Terraform
    Import(ProfileImportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ProfileAddArgs {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Version of the API, such as 65.0
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
    /// Replace the profile of this name
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileNameArgs {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileImportArgs {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Replace the profile of this name
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting as it would be used
    Show(ConfigShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShowArgs {
    /// Show where each value comes from too: flag, variable, profile, file or default
    #[arg(long)]
    pub(crate) origins: bool,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
}
