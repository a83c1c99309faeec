//! `accredit app …`: the registration of an app in an org.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::calls::OrgArgs;
use crate::args::emulator::PermittedUsers;

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Write the metadata that registers an app with a certificate
    Manifest(Box<ManifestArgs>),
    /// Deploy such metadata with a token that you have already, and wait for the end
    Deploy(Box<DeployArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    /// Name of the app: letters, digits and underscores, such as Nightly_Sync
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Certificate that verifies its assertions
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Whom Salesforce writes to about the app
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contact_email: String,
    /// Name that people see [default: the name, with blanks]
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Write a connected app; since Spring '26 an org takes a new one only after asking Support
    #[arg(long)]
    pub(crate) connected_app: bool,
    /// Permitted users
    #[arg(long, value_enum, default_value_t = PermittedUsers::PreAuthorized)]
    pub(crate) users: PermittedUsers,
    /// Permission set whose users are pre-authorized; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) permission_set: Vec<String>,
    /// Profile whose users are pre-authorized; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) user_profile: Vec<String>,
    /// Scope of its tokens, such as Api or api; may be repeated [default: Api and RefreshToken]
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// Callback URL: the form wants one, this sign-in never uses it
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://localhost:1717/OauthRedirect"
    )]
    pub(crate) callback_url: String,
    /// Consumer key, chosen by you [default: chosen by Salesforce]
    #[arg(short = 'i', long, value_name = "CLIENT_ID")]
    pub(crate) client_id: Option<String>,
    /// Whether login IP ranges apply
    #[arg(long, value_enum, default_value_t = IpRelaxation::Enforce)]
    pub(crate) ip_relaxation: IpRelaxation,
    /// Layout of the files
    #[arg(long, value_enum, default_value_t = Layout::Source)]
    pub(crate) layout: Layout,
    /// Folder to write to: force-app/main/default of a project
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out_dir: PathBuf,
    /// Version in package.xml, such as 65.0
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
    /// Replace files that are there already
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the clicks in Setup that do the same, and write nothing
    #[arg(long, conflicts_with_all = ["force", "layout", "out_dir", "api_version"])]
    pub(crate) explain: bool,
}

/// Whether the login IP ranges of users apply to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IpRelaxation {
    /// They apply
    Enforce,
    /// They do not
    Bypass,
    /// They do not, after a second factor
    #[value(name = "bypass-2factor")]
    BypassTwoFactor,
    /// They apply, but not when a token is refreshed
    EnforceRelaxRefresh,
}

/// How the files are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// Source format, for `sf project deploy start --source-dir`
    Source,
    /// Metadata API format with package.xml, for `sf project deploy start --metadata-dir`
    Mdapi,
}

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// Folder with the files of `accredit app manifest`, in either layout
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
    /// Let Salesforce check the files and change nothing
    #[arg(long)]
    pub(crate) check_only: bool,
    /// How long to wait for the end, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(crate) wait: String,
    /// Version of the API, such as 65.0 [default: the newest of the org]
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
}
