//! The rungs of the ladder, as Login History shows them: each check, with what it asks for.

use crate::grant::{Outcome, Step};

/// A check: its name in the journal, its title, and what it asks for.
type Rung = (&'static str, &'static str, &'static str);

/// All checks in the order in which they are made.
const RUNGS: [Rung; 15] = [
    (
        "request",
        "Request",
        "a form with grant_type and assertion, each once",
    ),
    (
        "form",
        "Form of the assertion",
        "a compact JWS with alg RS256",
    ),
    (
        "claims",
        "Claims",
        "iss, sub, aud and exp, of the right types",
    ),
    (
        "issuer",
        "Issuer (iss)",
        "the consumer key of an app that is enabled and installed",
    ),
    ("audience", "Audience (aud)", "a login URL of this org"),
    (
        "client credentials",
        "Client credentials",
        "none, or the app's own",
    ),
    (
        "certificate",
        "Certificate",
        "a certificate of the app that is valid now",
    ),
    (
        "signature",
        "Signature",
        "verified with a certificate of the app",
    ),
    (
        "expiry",
        "Expiry (exp)",
        "a moment ahead, a few minutes at most",
    ),
    ("issue time", "Issue time (iat, nbf)", "none, or not ahead"),
    ("user", "User (sub)", "a username of this org, active"),
    ("approval", "Approval", "a user whom the app permits"),
    ("session policy", "Session policy", "a standard session"),
    ("scope", "Scope", "a scope that the app has"),
    (
        "sign-in",
        "Sign-in",
        "fewer than the hourly limit, and a new jti in strict mode",
    ),
];

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Passed,
    Lenient,
    Failed,
    /// A check before it failed.
    NotReached,
}

impl End {
    /// The class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Lenient => "lenient",
            Self::Failed => "failed",
            Self::NotReached => "unreached",
        }
    }

    /// The word that is read out.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Lenient => "Passed leniently",
            Self::Failed => "Failed",
            Self::NotReached => "Not reached",
        }
    }
}

/// A row of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Climbed {
    pub(super) title: String,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) end: End,
    /// Which deviations were accepted, that strict mode would refuse.
    pub(super) leniencies: Vec<&'static str>,
}

/// Every check, those too that were not reached.
pub(super) fn climb(steps: &[Step]) -> Vec<Climbed> {
    let is_known = |step: &&Step| RUNGS.iter().all(|rung| rung.0 != step.check);
    let others = steps.iter().filter(is_known);
    let others = others.map(|step| climbed((step.check, step.check, ""), Some(step)));
    RUNGS
        .into_iter()
        .map(|rung| {
            let step = steps.iter().find(|step| step.check == rung.0);
            climbed(rung, step)
        })
        .chain(others)
        .collect()
}

fn climbed((_, title, asked): Rung, step: Option<&Step>) -> Climbed {
    let Some(step) = step else {
        return Climbed {
            title: title.to_owned(),
            expected: asked.to_owned(),
            found: String::new(),
            end: End::NotReached,
            leniencies: Vec::new(),
        };
    };
    let (end, leniencies) = match &step.outcome {
        Outcome::Passed => (End::Passed, Vec::new()),
        Outcome::Failed => (End::Failed, Vec::new()),
        Outcome::Lenient(all) => (End::Lenient, all.iter().map(|one| one.as_str()).collect()),
    };
    Climbed {
        title: title.to_owned(),
        expected: match step.expected.as_ref() {
            "" => asked.to_owned(),
            said => said.to_owned(),
        },
        found: step.found.to_string(),
        end,
        leniencies,
    }
}
