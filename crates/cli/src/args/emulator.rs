//! `accredit emulator …`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) use self::trials::{FaultAddArgs, FaultCommand, FilterArgs, JournalCommand};

mod trials;

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Serve a local org until interrupted; the first line of stdout is its URL
    Start(StartArgs),
    /// Run a command against a local org of its own, reached under Salesforce's own names
    ///
    /// The command finds the org at SF_LOGIN_URL and, through a proxy of its own, at
    /// login.salesforce.com, test.salesforce.com (a sandbox of the org) and the My Domain. A
    /// connected app is registered, because external client apps are not found through the shared
    /// login hosts. Every other host is refused.
    ///
    /// Python, Node, Go, Ruby, Java and curl are told of the proxy and its certificate by their own
    /// variables, such as HTTPS_PROXY, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS and
    /// JAVA_TOOL_OPTIONS. A program that asks no proxy takes SF_LOGIN_URL for its login URL.
    Run(RunArgs),
    /// Register, list and remove apps of a running emulator
    #[command(arg_required_else_help = true)]
    App(Targeted<AppCommand>),
    /// Add, list, change and remove users of a running emulator
    #[command(arg_required_else_help = true)]
    User(Targeted<UserCommand>),
    /// Load metadata, records and apps into a running emulator: all of it or nothing
    Load(LoadArgs),
    /// Keep a running emulator's org under a name; without one, list the names
    Snapshot(SnapshotArgs),
    /// Put a running emulator's org back to a snapshot
    Restore(RestoreArgs),
    /// Put a running emulator back to how it was after the last load, or else to how it started
    Reset(ResetArgs),
    /// Add, list and remove further orgs of a running emulator
    #[command(arg_required_else_help = true)]
    Org(Targeted<OrgCommand>),
    /// Add, list and remove what goes wrong on purpose
    #[command(arg_required_else_help = true)]
    Fault(Targeted<FaultCommand>),
    /// Look at the requests that a running emulator got
    #[command(arg_required_else_help = true)]
    Journal(Targeted<JournalCommand>),
    /// Print the variables that lead programs to a running emulator, as export lines
    Env(EnvArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Source projects, folders or files: metadata of objects and apps, describe answers, plans,
    /// and records as JSON, CSV or SQL dumps with mapping.yml
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Object of the CSV files [default: as their names say]
    #[arg(long, value_name = "OBJECT")]
    pub(crate) sobject: Option<String>,
    /// Write the new id of each record that its file names to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    /// Name of the snapshot: letters, digits, - _ and .
    pub(crate) name: Option<String>,
    /// Remove the snapshot
    #[arg(long, requires = "name")]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Name of the snapshot
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Forget what was loaded, too
    #[arg(long)]
    pub(crate) unload: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Which org is served.
#[derive(Debug, Args)]
pub(crate) struct OrgArgs {
    /// Keep the org in this SQLite file, all but its settings [default: in memory]
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// What is in a new org
    #[arg(long, value_enum, default_value_t = Seed::Sample)]
    pub(crate) seed: Seed,
    /// How assertions are checked
    #[arg(long, value_enum, default_value_t = Mode::Salesforce)]
    pub(crate) mode: Mode,
    /// My Domain of the org [default: accredit.my.salesforce.com]
    #[arg(long, value_name = "HOST")]
    pub(crate) my_domain: Option<String>,
}

impl OrgArgs {
    /// The sample org in memory, as it is without any flag.
    pub(crate) const fn sample() -> Self {
        Self {
            db: None,
            seed: Seed::Sample,
            mode: Mode::Salesforce,
            my_domain: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Seed {
    /// A sample company with accounts, contacts and opportunities
    Sample,
    /// No records
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As Salesforce does, which forgives what shipped clients send
    Salesforce,
    /// As RFC 7523 and RFC 8725 want it
    Strict,
}

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:8580]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Speak TLS too, with certificates of an authority that is made once; prints the https URL
    #[arg(long)]
    pub(crate) tls: bool,
    /// Listen here as a proxy that answers login.salesforce.com, test.salesforce.com,
    /// *.my.salesforce.com and *.my.site.com and refuses every other host; implies --tls
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) proxy: Option<String>,
    /// Where the authority is kept [default: ~/.local/state/accredit]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<String>,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
    /// Write the URL to this file once connections are accepted
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Ask everybody who manages the org for the key in this file [default: only programs on this
    /// machine may, without a key]
    #[arg(long, value_name = "FILE")]
    pub(crate) management_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Certificate of the app [default: a new key and certificate]
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Key of the certificate [default: beside it, ending in .key]
    #[arg(
        short = 'f',
        long = "jwt-key-file",
        alias = "key",
        requires = "cert",
        value_name = "KEY"
    )]
    pub(crate) key: Option<String>,
    /// Consumer key of the app [default: a new one]
    #[arg(short = 'i', long)]
    pub(crate) client_id: Option<String>,
    /// User to act for [default: the integration user of the org]
    #[arg(short = 'o', long)]
    pub(crate) username: Option<String>,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    /// Consumer key to tell programs [default: that of the only app]
    #[arg(short = 'i', long)]
    pub(crate) client_id: Option<String>,
    /// User to tell programs [default: the integration user, if the org has it]
    #[arg(short = 'o', long)]
    pub(crate) username: Option<String>,
    /// Key file to tell programs
    #[arg(short = 'f', long = "jwt-key-file", alias = "key", value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Add an org beside the first; prints where it is
    Add(NewOrgArgs),
    /// List the orgs
    List,
    /// Remove an org
    Remove(OrgRemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewOrgArgs {
    /// Name of the org: its place is /orgs/NAME
    pub(crate) name: String,
    /// Its My Domain [default: drawn from the name]
    #[arg(long, value_name = "HOST")]
    pub(crate) my_domain: Option<String>,
    /// Make it a sandbox, which test.salesforce.com knows
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// What is in it
    #[arg(long, value_enum, default_value_t = Seed::Sample)]
    pub(crate) seed: Seed,
    /// How assertions are checked
    #[arg(long, value_enum, default_value_t = Mode::Salesforce)]
    pub(crate) mode: Mode,
}

#[derive(Debug, Args)]
pub(crate) struct OrgRemoveArgs {
    /// Name of the org
    pub(crate) name: String,
}

/// Which running emulator is meant.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// Base URL of the emulator [default: the one on 127.0.0.1:8580]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) emulator: Option<String>,
}

/// A command for a running emulator.
#[derive(Debug, Args)]
pub(crate) struct Targeted<C: Subcommand> {
    #[command(subcommand)]
    pub(crate) command: C,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an app; prints its client id
    Add(AppAddArgs),
    /// List the apps
    List,
    /// Remove an app
    Remove(AppRemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AppAddArgs {
    /// Name of the app
    pub(crate) name: String,
    /// Certificate that verifies its assertions; twice for an overlap
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) cert: Vec<PathBuf>,
    /// Consumer key [default: a new one]
    #[arg(short = 'i', long)]
    pub(crate) client_id: Option<String>,
    /// Kind of app
    #[arg(long, value_enum, default_value_t = AppKind::External)]
    pub(crate) kind: AppKind,
    /// Permitted users
    #[arg(long, value_enum, default_value_t = PermittedUsers::PreAuthorized)]
    pub(crate) users: PermittedUsers,
    /// Profile whose users are pre-authorized; may be repeated [default: System Administrator]
    #[arg(long)]
    pub(crate) profile: Vec<String>,
    /// Scope of its tokens; may be repeated [default: api and web]
    #[arg(long)]
    pub(crate) scope: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AppKind {
    /// External client app
    External,
    /// Connected app
    Connected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermittedUsers {
    /// Admin approved users are pre-authorized
    PreAuthorized,
    /// All users may self-authorize
    SelfAuthorize,
}

#[derive(Debug, Args)]
pub(crate) struct AppRemoveArgs {
    /// Client id of the app
    pub(crate) client_id: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user
    Add(UserArgs),
    /// List the users
    List,
    /// Change profile or state of a user
    Set(UserArgs),
    /// Remove a user
    Remove(UserRemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    /// Username, in the form of an e-mail address
    pub(crate) username: String,
    /// Profile
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// State
    #[arg(long, value_enum)]
    pub(crate) state: Option<UserState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UserState {
    Active,
    Inactive,
    Frozen,
    Locked,
    IpRestricted,
}

#[derive(Debug, Args)]
pub(crate) struct UserRemoveArgs {
    /// Username
    pub(crate) username: String,
}
