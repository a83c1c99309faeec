//! The ladder: whether an assertion entitles to a token (RFC 7523 §3).
//!
//! Owns the question and the verdict; [`judge`] alone makes a [`VerifiedAssertion`], and without
//! one no token is issued. It is pure: no I/O, no clock, so the same question gets the same
//! verdict.
//!
//! Order of the rungs (fact sheet §1.5; no source states Salesforce's own, this one fits all
//! reports): form and header → claims → issuer → audience → client credentials → certificate →
//! signature → times → user → approval → session policy → scope. The caller then checks what
//! changes with each sign-in: login rate and replay. Nothing is said about a user before the
//! signature holds.

mod ladder;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;

pub(crate) use self::ladder::{VerifiedAssertion, judge, judge_client};
use crate::audience::Audiences;
use crate::directory::{Client, Switch, User};
use crate::journal::SeenClaims;
use crate::mode::{Leniency, Mode};
use crate::refusal::Refusal;

/// How far the clocks of client and org may be apart.
pub(crate) const SKEW: Duration = Duration::from_secs(30);

/// Which host was asked: it decides what is said about an app that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The org's My Domain, which knows one org: `app_not_found`.
    MyDomain,
    /// Any other host: `invalid_client_id`.
    Elsewhere,
}

/// What comes with an assertion. Neither member is needed in this flow.
#[derive(Clone, Copy, Default)]
pub(crate) struct Presented<'a> {
    pub(crate) client_id: Option<&'a str>,
    pub(crate) client_secret: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
}

/// Everything that a verdict depends on.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) assertion: &'a str,
    pub(crate) presented: Presented<'a>,
    pub(crate) lookup: &'a dyn Lookup,
    pub(crate) org: &'a Situation,
    pub(crate) mode: Mode,
    pub(crate) now: UnixTime,
}

/// What the org is at this request.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub(crate) audiences: Audiences,
    pub(crate) reached: Reached,
    /// On: external client apps are not found through the shared login hosts, as since Spring '26.
    pub(crate) spring_26: Switch,
}

/// What a rung found.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) check: &'static str,
    pub(crate) expected: Cow<'static, str>,
    pub(crate) found: Found,
    pub(crate) outcome: Outcome,
}

/// What was found, as it is: few steps are ever looked at, and only then is it put into words.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Text(Cow<'static, str>),
    /// An app by its consumer key.
    App(Arc<Client>),
    /// The certificates of an app that may be used at a moment.
    Certificates(Arc<Client>, UnixTime),
    Moment(UnixTime),
    User(Arc<User>),
    Scope(Arc<str>),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::App(client) => f.write_str(client.id.as_str()),
            Self::Certificates(client, now) => f.write_str(&client.tried_at(*now)),
            Self::Moment(at) => write!(f, "{}", at.as_secs()),
            Self::User(user) => f.write_str(user.username()),
            Self::Scope(scope) => f.write_str(scope),
        }
    }
}

impl From<&'static str> for Found {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// How a rung ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Lenient(Vec<Leniency>),
    Failed,
}

/// The outcome of the ladder, and the way there.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Result<VerifiedAssertion, Refusal>,
    pub(crate) steps: Vec<Step>,
    pub(crate) leniencies: Vec<Leniency>,
    /// The claims as sent, once they could be read.
    pub(crate) claims: Option<SeenClaims>,
}

impl Step {
    pub(crate) fn failed(check: &'static str, refusal: &Refusal) -> Self {
        let (expected, found) = refusal.expected_and_found();
        Self {
            check,
            expected: expected.into(),
            found: Found::Text(found.into()),
            outcome: Outcome::Failed,
        }
    }

    pub(crate) fn passed(check: &'static str, found: impl Into<Found>) -> Self {
        Self {
            check,
            expected: Cow::Borrowed(""),
            found: found.into(),
            outcome: Outcome::Passed,
        }
    }
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("mode", &self.mode)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What the ladder looks up by unproven claims.
pub(crate) trait Lookup {
    /// The app with this consumer key.
    fn client(&self, id: &str) -> Option<Arc<Client>>;
    /// The user with this username.
    fn user(&self, username: &str) -> Option<Arc<User>>;
}
