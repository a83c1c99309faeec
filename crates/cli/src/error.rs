//! Why a command failed, in the form that people and scripts act on.
//!
//! Owns the kinds of failure, their exit codes and the hints. It prints nothing: see `output`. No
//! error holds a secret: what it is built from (core's errors, the words of a server) never does.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use accredit::diagnosis::{Diagnosis, Facts};
use accredit::error::{ClockOffset, ErrorKind};
use accredit::oauth::ErrorResponse;

/// Whose move it is; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Something else went wrong.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A setting or the key is wrong.
    Settings = 3,
    /// The server said no.
    Refused = 4,
    /// The server (or the login budget) asks for fewer requests.
    RateLimited = 5,
    /// No answer; trying again may help.
    Unreachable = 6,
    /// Some of the result is there, and some is not.
    Partial = 7,
    /// This program is at fault.
    Bug = 70,
}

/// The table of `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
    0  success
    1  another failure
    2  wrong usage
    3  a wrong setting or key
    4  refused by the server
    5  rate limited
    6  unreachable or timed out (trying again may help)
    7  the result is not complete
   70  a bug in this program
  130  interrupted (129, 131, 143: ended by another signal)";

impl Kind {
    /// The exit code.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// `name` of the JSON form.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Other => "Error",
            Self::Usage => "UsageError",
            Self::Settings => "SettingsError",
            Self::Refused => "RefusedError",
            Self::RateLimited => "RateLimitedError",
            Self::Unreachable => "UnreachableError",
            Self::Partial => "PartialResultError",
            Self::Bug => "BugError",
        }
    }
}

/// Whether an error is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    /// It is.
    Tell,
    /// The document on stdout tells of it already.
    Told,
    /// The reader of stdout went away: nothing is to be said, and nothing failed.
    NobodyListens,
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct CliError {
    kind: Kind,
    what: String,
    /// A stable code: of the catalogue of diagnoses, or as the REST API sent it.
    code: Option<String>,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    telling: Telling,
}

impl CliError {
    /// An error that says `what`.
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            code: None,
            hints: Vec::new(),
            source: None,
            telling: Telling::Tell,
        }
    }

    /// A command line that cannot be carried out.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    /// A setting or a key that cannot be right.
    pub(crate) fn settings(what: impl Into<String>) -> Self {
        Self::new(Kind::Settings, what)
    }

    /// Any other failure.
    pub(crate) fn other(what: impl Into<String>) -> Self {
        Self::new(Kind::Other, what)
    }

    /// stdout could not be written. A reader that went away (`| head`) has what it wanted: the
    /// command ends without a word and with exit code 0, so that `set -o pipefail` goes on.
    pub(crate) fn stdout(error: io::Error) -> Self {
        let mut this = Self::other("the result could not be written to stdout");
        if error.kind() == io::ErrorKind::BrokenPipe {
            this.telling = Telling::NobodyListens;
        }
        this.with_source(error)
    }

    /// The same error with one more hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same error with a stable code.
    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same error with the one below it.
    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Says whether nothing is to be printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.telling != Telling::Tell
    }

    /// Says whether the reader of stdout went away.
    pub(crate) fn is_unheard(&self) -> bool {
        self.telling == Telling::NobodyListens
    }

    /// The same error, which the document on stdout tells of already.
    pub(crate) fn told(mut self) -> Self {
        self.telling = Telling::Told;
        self
    }

    /// The exit code.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self.telling {
            Telling::NobodyListens => 0,
            Telling::Tell | Telling::Told => self.kind.code(),
        }
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for CliError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<accredit::error::Error> for CliError {
    fn from(error: accredit::error::Error) -> Self {
        Self::of(&error, &Facts::default())
    }
}

impl CliError {
    /// The library's error with its entry of the catalogue, as the facts choose it.
    pub(crate) fn of(error: &accredit::error::Error, facts: &Facts) -> Self {
        let mut this = Self::new(kind_of(error), error.to_string());
        if let Some(entry) = error.diagnosis(facts) {
            this = this.diagnosed(entry);
        }
        let offset = error.clock_offset();
        if let Some(offset) = offset.filter(|offset| offset.is_significant()) {
            this = this.hint(describe_offset(offset));
        }
        if let Some(wait) = error.retry_after() {
            this = this.hint(format!("try again in {} seconds", wait.as_secs().max(1)));
        }
        this.source = error.source().map(|below| chain(below).into());
        this
    }

    /// The same error with code, cause, setting and fix of an entry.
    pub(crate) fn diagnosed(self, entry: &Diagnosis) -> Self {
        self.with_code(entry.code)
            .hint(format!("{}: {}", entry.code, entry.cause))
            .hint(format!("look at {}", entry.setting))
            .hint(entry.fix)
    }
}

/// The chain below an error as one that owns its text.
fn chain(error: &dyn StdError) -> Below {
    Below {
        what: error.to_string(),
        source: error.source().map(|below| Box::new(chain(below))),
    }
}

/// One level of a copied chain.
#[derive(Debug)]
struct Below {
    what: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Below {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Below {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|below| below as &(dyn StdError + 'static))
    }
}

fn kind_of(error: &accredit::error::Error) -> Kind {
    match error.kind() {
        ErrorKind::Setting | ErrorKind::Key | ErrorKind::Assertion => Kind::Settings,
        ErrorKind::Withheld => Kind::RateLimited,
        ErrorKind::Refused if is_rate_limit(error) => Kind::RateLimited,
        ErrorKind::Refused => Kind::Refused,
        _ if matches!(error.status(), Some(420 | 429)) => Kind::RateLimited,
        ErrorKind::Transport => Kind::Unreachable,
        _ if error.is_transient() => Kind::Unreachable,
        _ => Kind::Other,
    }
}

fn is_rate_limit(error: &accredit::error::Error) -> bool {
    error.refusal().is_some_and(ErrorResponse::is_rate_limit)
}

/// The difference of clocks in one sentence.
pub(crate) fn describe_offset(offset: ClockOffset) -> String {
    let (seconds, side) = match offset {
        ClockOffset::Behind(span) => (span.as_secs(), "behind"),
        ClockOffset::Ahead(span) => (span.as_secs(), "ahead of"),
    };
    format!("the clock of this machine is {seconds} s {side} the server's: set it by NTP")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use accredit::error::Error;
    use accredit::oauth::ErrorCode;

    use super::*;

    fn refusal(error: &str, description: &str) -> Error {
        let refusal = ErrorResponse {
            error: ErrorCode::parse(error),
            error_description: Some(description.to_owned()),
        };
        Error::refused(400, refusal)
    }

    #[test]
    fn each_failure_has_the_exit_code_of_whose_move_it_is() {
        for (error, code) in [
            (Error::setting("x"), 3),
            (Error::key("x"), 3),
            (Error::assertion("x"), 3),
            (refusal("invalid_grant", "audience is invalid"), 4),
            (refusal("invalid_grant", "login rate exceeded"), 5),
            (refusal("rate_limit_exceeded", ""), 5),
            (Error::withheld("x", Duration::from_secs(1)), 5),
            (Error::response("x").with_status(429), 5),
            (Error::transport("x"), 6),
            (Error::response("x").into_transient(), 6),
            (Error::response("x"), 1),
        ] {
            assert_eq!(CliError::from(error.clone()).exit_code(), code, "{error:?}");
        }
    }

    #[test]
    fn a_refusal_brings_code_cause_setting_and_fix() {
        let error = CliError::from(refusal("invalid_grant", "audience is invalid"));
        assert_eq!(error.code(), Some("ACC-1010"));
        assert_eq!(error.hints().len(), 3);
        assert!(error.hints()[0].starts_with("ACC-1010: "));
    }

    #[test]
    fn a_clock_that_is_minutes_off_is_mentioned_and_one_second_is_not() {
        let ten_minutes = ClockOffset::Ahead(Duration::from_secs(600));
        let error = refusal("invalid_grant", "expired authorization code");
        let told = CliError::from(error.clone().with_clock_offset(ten_minutes));
        assert!(told.hints()[3].contains("600 s ahead of the server's"));
        let second = ClockOffset::Behind(Duration::from_secs(1));
        assert_eq!(
            CliError::from(error.with_clock_offset(second))
                .hints()
                .len(),
            3
        );
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let gone = CliError::stdout(io::ErrorKind::BrokenPipe.into());
        assert_eq!((gone.exit_code(), gone.is_quiet()), (0, true));
        let full = CliError::stdout(io::ErrorKind::StorageFull.into());
        assert_eq!((full.exit_code(), full.is_quiet()), (1, false));
    }
}
