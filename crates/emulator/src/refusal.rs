//! Why no token was issued: one variant for each rung of the ladder.
//!
//! Owns the one mapping from a refusal to the words of the wire (fact sheet §2.1) and to its entry
//! in the catalogue of diagnoses. A refusal never holds a secret: assertions and client secrets are
//! not quoted.

use accredit::clock::UnixTime;
use accredit::diagnosis::Diagnosis;

use crate::jws::Flaw;

/// Why the token endpoint refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `grant_type` is missing or unknown, the body is no form, or the method is not POST.
    GrantType {
        /// What was sent.
        found: String,
    },
    /// A parameter is repeated, stands in the wrong place, or is missing.
    Parameter {
        /// What was expected of it.
        expected: &'static str,
        /// What was sent.
        found: String,
    },
    /// The assertion is not a JWS in compact form.
    Form(Flaw),
    /// The header asks for what is not accepted.
    Header(Flaw),
    /// A claim is missing or of the wrong type.
    Claim {
        /// Its name.
        claim: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The host that was asked knows no app with this consumer key.
    UnknownClient {
        /// The consumer key.
        found: String,
    },
    /// The org behind this My Domain has no external client app with this consumer key.
    AppNotFound {
        /// The consumer key.
        found: String,
    },
    /// An external client app was asked for through `login` or `test.salesforce.com`.
    SharedLoginHost {
        /// The audiences that work.
        expected: String,
        /// `aud`.
        found: String,
    },
    /// An administrator blocked the app.
    BlockedClient,
    /// The app is not installed in the org.
    NotInstalled,
    /// `client_id` or `client_secret` does not belong to the issuer.
    Credentials {
        /// Which of the two, and why.
        found: &'static str,
    },
    /// `aud` names somebody else.
    Audience {
        /// The audiences of this org.
        expected: String,
        /// `aud`.
        found: String,
    },
    /// The app has no certificate that may be used now.
    NoCertificate {
        /// Why each may not.
        found: String,
    },
    /// No certificate of the app verifies the signature.
    Signature {
        /// The fingerprints of the certificates that were tried.
        expected: String,
        /// What was wrong.
        found: Flaw,
    },
    /// `exp` is past.
    Expired {
        /// `exp`.
        at: UnixTime,
        /// The org's time.
        now: UnixTime,
    },
    /// `exp` is too far ahead.
    LivesTooLong {
        /// The latest `exp` accepted.
        latest: UnixTime,
        /// `exp`.
        at: UnixTime,
    },
    /// `iat` or `nbf` is ahead, or `iat` is long past.
    Untimely {
        /// The claim.
        claim: &'static str,
        /// Its value.
        at: UnixTime,
        /// The org's time.
        now: UnixTime,
    },
    /// The org has no such user. The wire does not tell this from
    /// [`NotApproved`](Self::NotApproved).
    UnknownUser {
        /// The username.
        found: String,
    },
    /// The user is deactivated or frozen.
    InactiveUser {
        /// Which of the two.
        found: &'static str,
    },
    /// The user is locked out.
    LockedUser,
    /// The address is outside the user's login IP ranges.
    Address,
    /// The app leaves approval to users, and this user never approved it.
    NotApproved,
    /// The app is for approved users, and no profile or permission set of this user is among them.
    NotPreAuthorized {
        /// The profiles and permission sets of the app.
        expected: String,
        /// Those of the user.
        found: String,
    },
    /// The app demands a session that this flow cannot give.
    HighAssurance,
    /// The app has no scope that a token could carry, or lacks one that was asked for.
    Scope {
        /// The scopes of the app.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// The user signed in too often within an hour.
    LoginRate {
        /// How often a user may.
        limit: u32,
    },
    /// The assertion was used before.
    Replayed,
    /// App or user were changed while the assertion was judged.
    Changed,
    /// The emulator could not remember the sign-in.
    Unavailable,
}

/// `error`, `error_description` and code of the diagnosis.
type Words = (&'static str, &'static str, &'static str);

const INVALID_ASSERTION: &str = "invalid assertion";

impl Refusal {
    /// `error` on the wire.
    pub(crate) fn error(&self) -> &'static str {
        self.words().0
    }

    /// `error_description` on the wire.
    pub(crate) fn description(&self) -> &'static str {
        self.words().1
    }

    /// The code of the entry in the catalogue.
    pub(crate) fn code(&self) -> &'static str {
        self.words().2
    }

    /// The entry in the catalogue.
    pub(crate) fn diagnosis(&self) -> Option<&'static Diagnosis> {
        Diagnosis::with_code(self.code())
    }

    fn words(&self) -> Words {
        const GRANT: &str = "invalid_grant";
        match self {
            Self::GrantType { .. } => (
                "unsupported_grant_type",
                "grant type not supported",
                "ACC-1001",
            ),
            Self::Parameter { .. } => ("invalid_request", "invalid parameters", "ACC-1002"),
            Self::Signature { .. } => (GRANT, INVALID_ASSERTION, "ACC-1003"),
            Self::Form(_) => (GRANT, INVALID_ASSERTION, "ACC-1004"),
            Self::Header(_) => (GRANT, INVALID_ASSERTION, "ACC-1005"),
            Self::Claim { .. } => (GRANT, INVALID_ASSERTION, "ACC-1006"),
            Self::NoCertificate { .. } => (GRANT, INVALID_ASSERTION, "ACC-1007"),
            Self::Replayed => (GRANT, INVALID_ASSERTION, "ACC-1008"),
            Self::Untimely { .. } => (GRANT, INVALID_ASSERTION, "ACC-1009"),
            Self::Audience { .. } => (GRANT, "audience is invalid", "ACC-1010"),
            Self::Expired { .. } => (GRANT, "expired authorization code", "ACC-1011"),
            Self::LivesTooLong { .. } => (GRANT, INVALID_ASSERTION, "ACC-1012"),
            Self::UnknownClient { .. } => {
                ("invalid_client_id", "client identifier invalid", "ACC-1020")
            }
            Self::AppNotFound { .. } | Self::SharedLoginHost { .. } => (
                "app_not_found",
                "External client app is not installed in this org",
                "ACC-1021",
            ),
            Self::NotInstalled => (
                "invalid_client",
                "app must be installed into org",
                "ACC-1022",
            ),
            Self::Credentials { .. } => {
                ("invalid_client", "invalid client credentials", "ACC-1023")
            }
            Self::BlockedClient => ("invalid_client_id", "client identifier invalid", "ACC-1024"),
            Self::UnknownUser { .. } | Self::NotApproved => {
                (GRANT, "user hasn't approved this consumer", "ACC-1030")
            }
            Self::NotPreAuthorized { .. } => (
                "invalid_app_access",
                "user is not admin approved to access this app",
                "ACC-1031",
            ),
            Self::InactiveUser { .. } => (GRANT, "inactive user", "ACC-1040"),
            Self::LockedUser => (GRANT, "user is locked", "ACC-1041"),
            Self::Address => (GRANT, "ip restricted", "ACC-1042"),
            Self::LoginRate { .. } => (GRANT, "login rate exceeded", "ACC-1043"),
            Self::HighAssurance => (GRANT, "activation secret invalid", "ACC-1045"),
            Self::Scope { .. } => (
                "invalid_scope",
                "the requested scope is invalid, unknown, or malformed",
                "ACC-1046",
            ),
            Self::Changed | Self::Unavailable => {
                ("unknown_error", "retry your request", "ACC-1050")
            }
        }
    }

    /// What the rung demands, and what it found.
    pub(crate) fn expected_and_found(&self) -> (String, String) {
        let pair = |expected: &str, found: &str| (expected.to_owned(), found.to_owned());
        match self {
            Self::GrantType { found } => pair(accredit::oauth::JWT_BEARER, found),
            Self::Parameter { expected, found } => pair(expected, found),
            Self::Form(flaw) | Self::Header(flaw) => flaw_pair(flaw),
            Self::Claim {
                claim,
                expected,
                found,
            } => (format!("{claim}: {expected}"), found.clone()),
            Self::UnknownClient { found } => pair("iss: a consumer key of this org", found),
            Self::AppNotFound { found } => pair("iss: an app of this org", found),
            Self::SharedLoginHost { expected, found } | Self::Audience { expected, found } => {
                (format!("aud: {expected}"), found.clone())
            }
            Self::BlockedClient => pair("an app that is enabled", "blocked"),
            Self::NotInstalled => pair("an app that is installed", "not installed"),
            Self::Credentials { found } => pair("the app's own, or none", found),
            Self::NoCertificate { found } => pair("a certificate that is valid now", found),
            Self::Signature { expected, found } => (expected.clone(), found.to_string()),
            Self::Expired { at, now } => (format!("exp after {}", seconds(*now)), seconds(*at)),
            Self::LivesTooLong { latest, at } => {
                (format!("exp at most {}", seconds(*latest)), seconds(*at))
            }
            Self::Untimely { claim, at, now } => {
                (format!("{claim} about {}", seconds(*now)), seconds(*at))
            }
            Self::UnknownUser { found } => pair("sub: a username of this org", found),
            Self::InactiveUser { found } => pair("an active user", found),
            Self::LockedUser => pair("a user who is not locked out", "locked"),
            Self::Address => pair("an address in the login IP ranges", "another address"),
            Self::NotApproved => pair("a user who approved the app", "no approval"),
            Self::NotPreAuthorized { expected, found } | Self::Scope { expected, found } => {
                pair(expected, found)
            }
            Self::HighAssurance => pair("a high-assurance session", "a standard session"),
            Self::LoginRate { limit } => pair(&format!("at most {limit} an hour"), "more"),
            Self::Replayed => pair("a jti that is new", "used before"),
            Self::Changed => pair("app and user to stay as they were", "a change meanwhile"),
            Self::Unavailable => pair("a store that works", "an error of the store"),
        }
    }
}

fn flaw_pair(flaw: &Flaw) -> (String, String) {
    match flaw {
        Flaw::Form { expected, found } => ((*expected).to_owned(), found.clone()),
        Flaw::Header {
            member,
            expected,
            found,
        } => (format!("{member}: {expected}"), found.clone()),
        other => ("a signed assertion".to_owned(), other.to_string()),
    }
}

fn seconds(at: UnixTime) -> String {
    at.as_secs().to_string()
}

#[cfg(test)]
mod tests;
