//! What a refusal means and which setting to change.
//!
//! Owns the catalogue as data: one entry for each refusal of the token endpoint (fact sheet §2.1),
//! with a stable code. Command line and emulator speak of a refusal through it. It looks at nothing
//! itself.

use crate::oauth::ErrorResponse;

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// `ACC-nnnn`; never changes its meaning.
    pub code: &'static str,
    /// `error` on the wire.
    pub error: &'static str,
    /// `error_description` on the wire, word for word.
    pub description: &'static str,
    /// What went wrong, in one sentence.
    pub cause: &'static str,
    /// The page and setting in Salesforce, or the flag here, by name.
    pub setting: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Whether trying again can help.
    pub retry: Retry,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not until somebody changes something.
    Never,
    /// Yes, after a pause.
    Later,
}

impl Diagnosis {
    /// Finds the entry for what the server said, whatever the case of its letters. Where several
    /// causes share the words, the most frequent one is given; where only the description is known,
    /// its entry.
    #[must_use]
    pub fn of(refusal: &ErrorResponse) -> Option<&'static Self> {
        let (error, said) = (refusal.error.as_str(), refusal.description());
        let is_said = |text: &str| !text.is_empty() && said.eq_ignore_ascii_case(text);
        let of_error = || CATALOGUE.iter().filter(|entry| entry.error == error);
        of_error()
            .find(|entry| is_said(entry.description))
            .or_else(|| CATALOGUE.iter().find(|entry| is_said(entry.description)))
            .or_else(|| of_error().find(|entry| entry.description.is_empty()))
            .or_else(|| {
                let same = |other: &&OtherWords| other.error == error || is_said(other.description);
                OTHER_WORDS
                    .iter()
                    .find(same)
                    .and_then(|other| Self::with_code(other.code))
            })
    }

    /// Finds the entry with this code.
    #[must_use]
    pub fn with_code(code: &str) -> Option<&'static Self> {
        CATALOGUE
            .iter()
            .find(|entry| entry.code.eq_ignore_ascii_case(code))
    }
}

/// Words that documents give for a refusal whose recorded words are others (fact sheet §1.4, §2.2).
struct OtherWords {
    error: &'static str,
    description: &'static str,
    code: &'static str,
}

const OTHER_WORDS: [OtherWords; 3] = [
    OtherWords {
        error: "rate_limit_exceeded",
        description: "number of logins exceeded",
        code: "ACC-1043",
    },
    OtherWords {
        error: "inactive_user",
        description: "user is inactive",
        code: "ACC-1040",
    },
    OtherWords {
        error: "",
        description: "audience validation failed",
        code: "ACC-1010",
    },
];

/// Every entry, the most frequent cause first where the words are the same.
pub static CATALOGUE: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-1001",
        error: "unsupported_grant_type",
        description: "grant type not supported",
        cause: "grant_type was missing, misspelt, or the body was not form-encoded",
        setting: "the request: Content-Type application/x-www-form-urlencoded, grant_type \
                  urn:ietf:params:oauth:grant-type:jwt-bearer",
        fix: "send the parameters as a form in the body, to the login host and not to a Lightning \
              host",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1002",
        error: "invalid_request",
        description: "",
        cause: "a parameter of the token request was missing, repeated or malformed",
        setting: "the request: grant_type and assertion, each once",
        fix: "send each parameter exactly once in a form body",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1003",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the signature does not verify with a certificate of the app",
        setting: "Setup > App Manager / External Client App Manager > the app > Use digital \
                  signatures",
        fix: "compare the key and the uploaded certificate (accredit key check KEY CERT), then \
              upload the certificate that belongs to the key",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1004",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is not a well-formed signed JWT in compact form",
        setting: "the program that builds the assertion",
        fix: "send three base64url parts without padding, joined by dots, with JSON objects inside",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1005",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the header names an algorithm or an extension that is not accepted",
        setting: "the header of the assertion: {\"alg\":\"RS256\"}",
        fix: "sign with RS256 and an RSA key, without crit, zip or another typ",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1006",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "a claim is missing, repeated or of the wrong type",
        setting: "the claims iss, sub, aud and exp",
        fix: "send iss, sub and aud as texts and exp as a number of seconds",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1007",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the app has no certificate that can verify an assertion now: none, expired, or \
                too weak",
        setting: "Setup > the app > Use digital signatures (connected app) or Enable JWT Bearer \
                  Flow (external client app)",
        fix: "upload an RSA certificate of at least 2048 bits that is valid today (accredit key \
              new)",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1008",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "this assertion was used before: its jti was seen already",
        setting: "the claim jti",
        fix: "sign a fresh assertion with a fresh jti for each request",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1009",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is not valid yet, or was issued in the future or too long ago",
        setting: "the claims nbf and iat, and the clock of this machine",
        fix: "set the clock by NTP and leave nbf out",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1010",
        error: "invalid_grant",
        description: "audience is invalid",
        cause: "aud does not name the host that got the assertion",
        setting: "the login URL (-r) and the audience (--audience); Setup > My Domain shows the \
                  right host",
        fix: "use the My Domain URL for both; login.salesforce.com is for production, \
              test.salesforce.com for sandboxes",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1011",
        error: "invalid_grant",
        description: "expired authorization code",
        cause: "the assertion had expired when it arrived: exp is in the past",
        setting: "the clock of this machine, and the time zone of the program that computes exp",
        fix: "set the clock by NTP; exp is seconds since 1970 in UTC, about three minutes ahead",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1012",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is valid for longer than the server allows",
        setting: "the claim exp",
        fix: "let the assertion live three minutes; exp is in seconds, not milliseconds",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1020",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "iss is no consumer key that this host knows",
        setting: "Setup > the app > Manage Consumer Details > Consumer Key, and the login URL (-r)",
        fix: "copy the consumer key again; a new app takes up to ten minutes to be known; try the \
              My Domain URL",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1021",
        error: "app_not_found",
        description: "External client app is not installed in this org",
        cause: "the org behind this host has no such external client app, or the app was asked for \
                through login or test.salesforce.com",
        setting: "the login URL (-r): the My Domain of the org that owns the app",
        fix: "use the My Domain URL as login URL and audience, or create the app in that org",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1022",
        error: "invalid_client",
        description: "app must be installed into org",
        cause: "the connected app is not installed in the org, and its use is restricted",
        setting: "Setup > Connected Apps OAuth Usage",
        fix: "an administrator installs the app there, or gives the user Approve Uninstalled \
              Connected Apps",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1023",
        error: "invalid_client",
        description: "invalid client credentials",
        cause: "a client_secret or a client_id was sent that does not belong to iss",
        setting: "the request: this flow needs neither client_id nor client_secret",
        fix: "leave them out",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1024",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "an administrator blocked or disabled the app",
        setting: "Setup > Connected Apps OAuth Usage, or External Client App Manager > the app",
        fix: "unblock or enable the app",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1030",
        error: "invalid_grant",
        description: "user hasn't approved this consumer",
        cause: "the user never approved the app, or the username is not known to the org behind \
                this host",
        setting: "Setup > the app > OAuth Policies > Permitted Users; the username (-o)",
        fix: "set Permitted Users to \"Admin approved users are pre-authorized\" and add the \
              user's profile or permission set; check the username and the login URL",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1031",
        error: "invalid_app_access",
        description: "user is not admin approved to access this app",
        cause: "only approved users may use the app, and no profile or permission set of this \
                user is on its list",
        setting: "Setup > the app > Manage > Profiles / Permission Sets",
        fix: "add the user's profile, or a permission set that the user has, to the app",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1040",
        error: "invalid_grant",
        description: "inactive user",
        cause: "the user is deactivated or frozen",
        setting: "Setup > Users > the user > Active, and the button Unfreeze",
        fix: "activate or unfreeze the user",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1041",
        error: "invalid_grant",
        description: "user is locked",
        cause: "the user is locked out after wrong passwords",
        setting: "Setup > Users > the user > Unlock",
        fix: "unlock the user, or wait until the lock-out ends",
        retry: Retry::Later,
    },
    Diagnosis {
        code: "ACC-1042",
        error: "invalid_grant",
        description: "ip restricted",
        cause: "this address is outside the login IP ranges of the user's profile or the org",
        setting: "Setup > Profiles > Login IP Ranges; Setup > the app > IP Relaxation",
        fix: "add the address to the range, or relax IP restrictions for the app",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1043",
        error: "invalid_grant",
        description: "login rate exceeded",
        cause: "the user logged in more than 3,600 times within an hour",
        setting: "the programs that log in as this user: Setup > Login History",
        fix: "reuse tokens instead of logging in for each call, and wait until the last hour is \
              below the limit",
        retry: Retry::Later,
    },
    Diagnosis {
        code: "ACC-1044",
        error: "invalid_grant",
        description: "authentication failure",
        cause: "the org let the user not log in, without saying why",
        setting: "Setup > Login History of the user; the permission API Enabled",
        fix: "read the user's Login History for the reason",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1045",
        error: "invalid_grant",
        description: "activation secret invalid",
        cause: "the org asks for a device activation that this flow cannot give",
        setting: "Setup > Login History of the user; login IP ranges and session policies",
        fix: "trust this address in the user's profile, and lower the app's session policy to \
              standard",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1046",
        error: "invalid_scope",
        description: "",
        cause: "a scope was asked for that the app does not have",
        setting: "Setup > the app > Selected OAuth Scopes",
        fix: "leave scope out of the request; the app's scopes apply",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1047",
        error: "inactive_org",
        description: "",
        cause: "the org is locked, closed or suspended",
        setting: "Setup > Company Information",
        fix: "ask Salesforce, or use another org",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1050",
        error: "unknown_error",
        description: "retry your request",
        cause: "Salesforce could not answer just now, or the login host is not the org's",
        setting: "the login URL (-r)",
        fix: "try again in a moment; if it stays, use the My Domain URL",
        retry: Retry::Later,
    },
    Diagnosis {
        code: "ACC-1051",
        error: "invalid_grant",
        description: "no client credentials user enabled",
        cause: "the client credentials flow was used, and the app names no user to run as",
        setting: "Setup > the app > Client Credentials Flow > Run As",
        fix: "use the JWT bearer flow, or name the user",
        retry: Retry::Never,
    },
    Diagnosis {
        code: "ACC-1052",
        error: "invalid_grant",
        description: "expired access/refresh token",
        cause: "a refresh token was used that is no longer valid",
        setting: "Setup > the app > Refresh Token Policy",
        fix: "use the JWT bearer flow: it needs no refresh token",
        retry: Retry::Never,
    },
];

#[cfg(test)]
mod tests;
