//! The command line as it is typed: names, help texts, nothing else.
//!
//! No value is checked here and nothing is read: see `settings`. The flags of the sign-in are those
//! of `sf org login jwt`, its older spellings included.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::error::EXIT_CODES;

pub(crate) mod app;
pub(crate) mod calls;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod profile;
pub(crate) mod serve;
mod whole;

pub(crate) use whole::{command, visible};

/// Signs servers in to Salesforce with the OAuth 2.0 JWT bearer flow.
#[derive(Debug, Parser)]
#[command(
    name = "accredit",
    version,
    after_help = EXIT_CODES,
    after_long_help = crate::env_vars::help(),
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    /// Print one JSON object: {"status":0,"result":…,"warnings":[]}
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing on stderr but warnings and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log to stderr what accredit does (debug); with -vv all of it (trace)
    #[arg(short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log to stderr what this level or filter lets through, such as debug
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
    /// Take settings from this profile, below flags and variables [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How long one request may take, in seconds
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) timeout: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole sign-in on a local org: key, certificate, app, assertion, token, query
    Quickstart(QuickstartArgs),
    /// Make and check private keys and certificates
    #[command(subcommand, arg_required_else_help = true)]
    Key(key::KeyCommand),
    /// Register an app in an org by metadata
    #[command(subcommand, arg_required_else_help = true)]
    App(app::AppCommand),
    /// Get an access token
    Token(TokenArgs),
    /// Run a SOQL query
    Query(QueryArgs),
    /// Load a table into an object by Bulk API 2.0: insert, update, upsert, delete
    Import(import::ImportArgs),
    /// Call the REST API: any path, any method
    Api(calls::ApiArgs),
    /// Show whose token it is
    Whoami(calls::WhoamiArgs),
    /// Run a command with SF_ACCESS_TOKEN and SF_INSTANCE_URL set
    Exec(calls::ExecArgs),
    /// Revoke an access token
    Revoke(calls::RevokeArgs),
    /// Keep sign-ins under a name
    #[command(subcommand, arg_required_else_help = true)]
    Profile(profile::ProfileCommand),
    /// Show the settings that would be used
    #[command(subcommand, arg_required_else_help = true)]
    Config(profile::ConfigCommand),
    /// Show what a JWT or an access token says, offline
    Inspect(InspectArgs),
    /// Check a sign-in step by step, with the fix for each; safe to paste in public
    Doctor(doctor::DoctorArgs),
    /// Hold keys for other programs: hand out tokens, or forward requests with them
    Serve(serve::ServeArgs),
    /// Say what a code or a message means, and which setting to change
    Explain(explain::ExplainArgs),
    /// Run a local org to develop and test against
    #[command(subcommand, arg_required_else_help = true)]
    Emulator(emulator::EmulatorCommand),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page of a command
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    /// Keep key, request and certificate in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command, such as key new; without it the page of accredit
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(crate) out_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Who signs in where.
#[derive(Debug, Default, Args)]
pub(crate) struct SignInArgs {
    /// Consumer key of the app
    #[arg(short = 'i', long, alias = "clientid", value_name = "CLIENT_ID")]
    pub(crate) client_id: Option<String>,
    /// User to act for
    #[arg(short = 'o', long)]
    pub(crate) username: Option<String>,
    /// Private key: a path, - for stdin, env:NAME, vcap:, credhub:, vault:, ssh-agent: …
    #[arg(
        short = 'f',
        long = "jwt-key-file",
        aliases = ["keyfile", "jwtkeyfile", "key"],
        value_name = "KEY"
    )]
    pub(crate) key: Option<String>,
    /// File with the passphrase of the key [default: asked at the terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// My Domain of the org [default: login.salesforce.com]
    #[arg(
        short = 'r',
        long,
        aliases = ["instance-url", "instanceurl", "loginurl"],
        value_name = "URL"
    )]
    pub(crate) login_url: Option<String>,
    /// Sign in at test.salesforce.com, the login host of sandboxes
    #[arg(long, conflicts_with = "login_url")]
    pub(crate) sandbox: bool,
    /// Audience of the assertion, where it is not the login URL
    #[arg(long, value_name = "URL")]
    pub(crate) audience: Option<String>,
    /// Sign in anew, and keep no token for the next command
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) sf: SfArgs,
}

/// Flags of the Salesforce CLI that speak of its list of orgs.
#[derive(Debug, Default, Args)]
pub(crate) struct SfArgs {
    #[arg(short = 'a', long = "alias", alias = "setalias", hide = true)]
    alias: Option<String>,
    #[arg(
        short = 's',
        long = "set-default",
        alias = "setdefaultusername",
        hide = true
    )]
    set_default: bool,
    #[arg(
        short = 'd',
        long = "set-default-dev-hub",
        alias = "setdefaultdevhubusername",
        hide = true
    )]
    set_default_dev_hub: bool,
    /// Nothing is ever asked, so this is true already.
    #[arg(short = 'p', long = "no-prompt", alias = "noprompt", hide = true)]
    _no_prompt: bool,
}

impl SfArgs {
    /// The first flag that cannot be carried out.
    pub(crate) const fn refused(&self) -> Option<&'static str> {
        if self.alias.is_some() {
            Some("--alias")
        } else if self.set_default {
            Some("--set-default")
        } else if self.set_default_dev_hub {
            Some("--set-default-dev-hub")
        } else {
            None
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = TokenFormat::Token)]
    pub(crate) format: TokenFormat,
    /// Print assertion, reply and headers as one JSON object instead of the token
    #[arg(long, conflicts_with = "format")]
    pub(crate) show_assertion: bool,
    /// Show secrets: on a terminal, and in the report of --show-assertion
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenFormat {
    /// The token and a line break
    Token,
    /// The whole answer of Salesforce
    Json,
    /// Authorization: Bearer TOKEN
    Header,
    /// SF_ACCESS_TOKEN=… and SF_INSTANCE_URL=…
    Env,
    /// A line for `curl --config -`
    Curl,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The query
    #[arg(value_name = "SOQL", required_unless_present = "resume")]
    pub(crate) soql: Option<String>,
    #[command(flatten)]
    pub(crate) org: calls::OrgArgs,
    /// Form of the result [default: table, with --bulk csv]
    #[arg(long, value_enum, alias = "result-format")]
    pub(crate) format: Option<QueryFormat>,
    /// Write the result to this file
    #[arg(long, alias = "output-file", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ask by a job of Bulk API 2.0: for results of many thousand records
    #[arg(long, conflicts_with = "tooling")]
    pub(crate) bulk: bool,
    /// Fetch the result of this job of --bulk, which was started before
    #[arg(long, value_name = "JOBID", requires = "bulk")]
    #[arg(conflicts_with_all = ["soql", "all_rows", "check"])]
    pub(crate) resume: Option<String>,
    /// Include deleted and archived records
    #[arg(long)]
    pub(crate) all_rows: bool,
    /// Ask the Tooling API: metadata such as ApexClass and CustomField
    #[arg(long, alias = "use-tooling-api", conflicts_with = "all_rows")]
    pub(crate) tooling: bool,
    /// Only check the query: parse it here, and ask nobody
    #[arg(long)]
    pub(crate) check: bool,
    /// Version of the API, such as 65.0 [default: the newest of the org]
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    /// For people
    #[value(alias = "human")]
    Table,
    /// Values separated by commas, with a header; a line ends with a line feed alone
    Csv,
    /// One array
    Json,
    /// One object a line
    Ndjson,
    /// A Parquet file with typed columns
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The token, or - for stdin
    #[arg(allow_hyphen_values = true)]
    pub(crate) token: String,
    /// Verify the signature with this certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Show the whole token too
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_do_not_contradict_each_other() {
        command().debug_assert();
        visible().debug_assert();
    }

    #[test]
    fn every_spelling_of_the_salesforce_cli_is_read() {
        for line in [
            "-i a -o b -f c -r d",
            "--client-id a --username b --jwt-key-file c --instance-url d",
            "--clientid a --username b --jwtkeyfile c --instanceurl d",
            "--clientid a --username b --keyfile c --login-url d -p",
        ] {
            let words = ["accredit", "token"].into_iter().chain(line.split(' '));
            let Command::Token(args) = CommandLine::try_parse_from(words).unwrap().command else {
                panic!("{line}");
            };
            let SignInArgs {
                client_id,
                username,
                key,
                login_url,
                ..
            } = args.sign_in;
            let found = [client_id, username, key, login_url].map(Option::unwrap);
            assert_eq!(found, ["a", "b", "c", "d"], "{line}");
        }
    }
}
