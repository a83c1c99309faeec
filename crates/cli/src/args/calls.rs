//! The words of the commands that use a token: `whoami`, `revoke`, `api`, `exec`.

use std::ffi::OsString;

use clap::Args;

use crate::args::SignInArgs;

/// Which org, and how to get in.
#[derive(Debug, Args)]
pub(crate) struct OrgArgs {
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Take the access token from this variable instead of signing in; -r is the instance URL then
    #[arg(long, value_name = "NAME")]
    #[arg(conflicts_with_all = ["client_id", "username", "key", "sandbox", "audience"])]
    pub(crate) access_token_env: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The variable that holds the access token [default: ACCREDIT_ACCESS_TOKEN]
    #[arg(long, value_name = "NAME")]
    pub(crate) access_token_env: Option<String>,
    /// Read the access token from stdin
    #[arg(long, conflicts_with = "access_token_env")]
    pub(crate) stdin: bool,
    /// Where the token came from: the instance URL of the org
    #[arg(short = 'r', long, alias = "login-url", value_name = "URL")]
    pub(crate) instance_url: Option<String>,
}

#[derive(Debug, Args)]
#[command(mut_arg("key", |arg| arg.short(None::<char>)))]
pub(crate) struct ApiArgs {
    /// What to ask: a path below /services/, or one below the newest version, as in limits
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// HTTP method [default: GET, with a body POST]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Header of the request, as NAME: VALUE
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// Member of the body, a text; a[b]=c and a[]=c go deeper
    #[arg(short = 'f', long, value_name = "KEY=VALUE")]
    pub(crate) raw_field: Vec<String>,
    /// Member of the body: true, false, null, a number, @FILE (@- for stdin), or a text
    #[arg(short = 'F', long, value_name = "KEY=VALUE")]
    pub(crate) field: Vec<String>,
    /// Send this file as the body, - for stdin; fields go into the URL then
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<String>,
    /// Follow nextRecordsUrl and Sforce-Locator to the last page
    #[arg(long)]
    pub(crate) paginate: bool,
    /// Print status and headers of the answer too
    #[arg(long)]
    pub(crate) include: bool,
    /// Version of the API, such as 65.0 [default: the newest of the org]
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) org: OrgArgs,
    /// Show *** in place of the token in what the command prints
    #[arg(long)]
    pub(crate) mask: bool,
    /// The command and its words
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
