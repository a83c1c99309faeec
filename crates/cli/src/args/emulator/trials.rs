//! `accredit emulator fault …` and `accredit emulator journal …`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Add a fault; prints its number
    Add(Box<FaultAddArgs>),
    /// List the faults and how often each struck
    List,
    /// Remove a fault
    Remove(FaultRemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FaultAddArgs {
    /// What happens
    #[arg(value_enum)]
    pub(crate) effect: FaultEffect,
    /// Only requests with this method
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Only this path: * is anything within a segment, ** any number of segments
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path: Option<String>,
    /// Only requests of the app with this consumer key
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) app: Option<String>,
    /// Only requests for this user
    #[arg(long, value_name = "USERNAME")]
    pub(crate) user: Option<String>,
    /// Strike from the Nth match on [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) nth: Option<u64>,
    /// How many matches to strike [default: 1 with --nth, else all]
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Status of error and html-page
    #[arg(long)]
    pub(crate) status: Option<u16>,
    /// Error code of error
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Error message of error
    #[arg(long)]
    pub(crate) message: Option<String>,
    /// Pause of latency, and between the pieces of slow-drip
    #[arg(long, value_name = "MS")]
    pub(crate) milliseconds: Option<u64>,
    /// Size of the pieces of slow-drip
    #[arg(long, value_name = "N")]
    pub(crate) bytes: Option<u64>,
    /// Where redirect leads
    #[arg(long, value_name = "URL")]
    pub(crate) location: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaultEffect {
    /// A status and an error of Salesforce (--status, --code, --message)
    Error,
    /// The error that Salesforce gives when it does not know what went wrong
    UnknownError,
    /// Too many sign-ins, or too many calls
    RateLimit,
    /// The answer, later (--milliseconds)
    Latency,
    /// The session ends before the request is looked at
    KillSession,
    /// The connection ends without an answer
    HangUp,
    /// The connection ends in the middle of the body
    HangUpMidBody,
    /// A page for people (--status)
    HtmlPage,
    /// A compressed body of which half is missing
    TruncatedGzip,
    /// A plain body that says it is compressed
    WrongGzip,
    /// The body, a few bytes at a time (--bytes, --milliseconds)
    SlowDrip,
    /// Somewhere else (--location)
    Redirect,
    /// Success, with nothing in it
    Empty,
}

#[derive(Debug, Args)]
pub(crate) struct FaultRemoveArgs {
    /// Number of the fault
    pub(crate) id: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// List the newest requests: number, status, method, path, user
    List(FilterArgs),
    /// Count the requests that fit
    Count(FilterArgs),
    /// Wait until so many requests fit
    WaitFor(WaitForArgs),
    /// Forget the requests so far
    Clear,
}

#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only requests with this method
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Only this path: * is anything within a segment, ** any number of segments
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path: Option<String>,
    /// Only answers with this status, such as 401 or 4xx
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only requests of the app with this consumer key
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) app: Option<String>,
    /// Only requests for this user
    #[arg(long, value_name = "USERNAME")]
    pub(crate) user: Option<String>,
    /// Only requests with a higher number
    #[arg(long, value_name = "N")]
    pub(crate) since: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct WaitForArgs {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) count: u64,
    /// Seconds to wait at most; the emulator allows 300
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) patience: u64,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}
