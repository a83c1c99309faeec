//! How severe the org is, and which leniencies a sign-in needed.
//!
//! Owns the two modes and the names of the leniencies. Salesforce accepts more than the RFCs allow,
//! and shipped clients rely on it; saying so is how a client learns what would fail elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How assertions are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As lenient as Salesforce is known or seen to be.
    #[default]
    Salesforce,
    /// RFC 7523 and RFC 8725 to the letter, a life of at most three minutes, and each `jti` once.
    ///
    /// An assertion without a `jti` may be used again while it lives. Which ones were used in
    /// [`Salesforce`](Self::Salesforce) mode is not remembered: they are new to this one.
    Strict,
}

/// A deviation that was accepted in [`Mode::Salesforce`] and would be refused in [`Mode::Strict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leniency {
    /// `exp` was a JSON string (simple-salesforce, go-salesforce).
    ExpiryAsText,
    /// `exp` was in milliseconds (Salesforce CLI).
    ExpiryInMilliseconds,
    /// `exp` was now or up to three minutes past (CumulusCI).
    ExpiryReached,
    /// `exp` was more than three and a half minutes ahead.
    ExpiryFarAhead,
    /// `iat` was more than three and a half minutes ago.
    IssuedLongAgo,
    /// `aud` was the URL of the token endpoint (ForceCLI).
    AudienceIsTokenEndpoint,
    /// `aud` had no scheme (restforce).
    AudienceWithoutScheme,
    /// `aud` ended in a slash (Salesforce CLI with a URL that does).
    AudienceWithSlash,
    /// `aud` spelt the host in capitals.
    AudienceInCapitals,
    /// The user was named by `prn` instead of `sub` (old samples).
    SubjectAsPrn,
    /// Parameters stood in the query string instead of the body.
    ParametersInQuery,
}

impl Leniency {
    /// The name in the `Accredit-Leniency` header and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExpiryAsText => "exp-as-text",
            Self::ExpiryInMilliseconds => "exp-in-milliseconds",
            Self::ExpiryReached => "exp-reached",
            Self::ExpiryFarAhead => "exp-far-ahead",
            Self::IssuedLongAgo => "iat-long-ago",
            Self::AudienceIsTokenEndpoint => "aud-is-token-endpoint",
            Self::AudienceWithoutScheme => "aud-without-scheme",
            Self::AudienceWithSlash => "aud-with-slash",
            Self::AudienceInCapitals => "aud-in-capitals",
            Self::SubjectAsPrn => "sub-as-prn",
            Self::ParametersInQuery => "parameters-in-query",
        }
    }
}

impl fmt::Display for Leniency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
