//! The words of the wire: grant type, token reply, error reply.
//!
//! Owns the vocabulary that client and authorization server share (RFC 6749 §5, RFC 7523 §2.1). It
//! sends nothing and decides nothing.

use std::fmt;

use serde::Deserialize;

use crate::error::Error;
use crate::secret::AccessToken;

/// Where the token endpoint is on every Salesforce host.
pub const TOKEN_PATH: &str = "/services/oauth2/token";

/// The value of `grant_type` (RFC 7523 §2.1).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The consumer key of the app that asks: `iss` of the assertion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// The longest client id that is accepted, in bytes; Salesforce's end at 256.
    pub const LENGTH_MAX: usize = 512;

    /// Accepts a client id as a person or a setting gave it.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is empty, too long, or holds
    /// a blank, a line break or another control character, which copying from a page often adds.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() {
            return Err(Error::setting(
                "the client id is empty, expected a consumer key",
            ));
        }
        if text.len() > Self::LENGTH_MAX {
            return Err(Error::setting(format!(
                "the client id has {} bytes, expected at most {}",
                text.len(),
                Self::LENGTH_MAX
            )));
        }
        refuse_blanks(&text, "the client id")?;

        Ok(Self(text))
    }

    /// The text as it stands in `iss`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses a setting that copying from a page has given a blank, a line break or the like.
pub(crate) fn refuse_blanks(text: &str, what: &str) -> Result<(), Error> {
    let odd = text
        .char_indices()
        .find(|(_, c)| c.is_whitespace() || c.is_control());
    odd.map_or(Ok(()), |(at, found)| {
        let found = name_of(found);
        Err(Error::setting(format!(
            "{what} holds {found} at position {at}, expected none"
        )))
    })
}

fn name_of(found: char) -> String {
    match found {
        ' ' => "a blank".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        other => format!("the character U+{:04X}", u32::from(other)),
    }
}

/// A successful reply of the token endpoint (fact sheet §1.6). Unknown members are passed over.
#[derive(Clone, Debug)]
pub struct TokenResponse {
    /// The token.
    pub access_token: AccessToken,
    /// Where the REST API is, without a slash at the end.
    pub instance_url: Option<String>,
    /// The identity URL: `…/id/ORG/USER`.
    pub id: Option<String>,
    /// Scopes, separated by blanks; their order means nothing.
    pub scope: Option<String>,
    /// `Bearer`.
    pub token_type: Option<String>,
    /// Seconds that the token lives. Salesforce never says for this grant; RFC 6749 §5.1 allows it.
    pub expires_in: Option<u64>,
}

impl TokenResponse {
    /// Reads the body of a successful reply.
    ///
    /// # Errors
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) if it is not a JSON object with a
    /// usable `access_token`.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Wire {
            access_token: String,
            instance_url: Option<String>,
            id: Option<String>,
            scope: Option<String>,
            token_type: Option<String>,
            expires_in: Option<u64>,
        }
        // serde_json's message may quote the document, and the document holds a token.
        let wire: Wire = serde_json::from_slice(body).map_err(|error| {
            Error::response(format!(
                "the token reply is not the JSON that was expected ({} at line {}, column {})",
                describe(&error),
                error.line(),
                error.column()
            ))
        })?;
        Ok(Self {
            access_token: AccessToken::new(wire.access_token)?,
            instance_url: wire.instance_url,
            id: wire.id,
            scope: wire.scope,
            token_type: wire.token_type,
            expires_in: wire.expires_in,
        })
    }
}

fn describe(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a member is missing or of another type",
        serde_json::error::Category::Io => "it could not be read",
    }
}

/// The `error` of a refusal (RFC 6749 §5.2 and Salesforce's own; fact sheet §2). Open: a server may
/// send others.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// `invalid_grant`: the assertion, its key, its user or its approval; the description says
    /// which.
    InvalidGrant,
    /// `invalid_client_id`: `iss` is no consumer key that this host knows.
    InvalidClientId,
    /// `invalid_client`: the app may not be used, or its secret is wrong.
    InvalidClient,
    /// `invalid_app_access`: the user is not among those an administrator approved.
    InvalidAppAccess,
    /// `app_not_found`: the org behind the host has no such external client app.
    AppNotFound,
    /// `invalid_request`: a parameter is missing, repeated or malformed.
    InvalidRequest,
    /// `invalid_scope`: a scope is unknown or more than the app has.
    InvalidScope,
    /// `unsupported_grant_type`: `grant_type` is missing, misspelt or not form-encoded.
    UnsupportedGrantType,
    /// `rate_limit_exceeded`: too many logins.
    RateLimitExceeded,
    /// `inactive_user`: documented; seen as `invalid_grant` in practice.
    InactiveUser,
    /// `inactive_org`: the org is locked, closed or suspended.
    InactiveOrg,
    /// `unknown_error`: Salesforce asks to try again.
    UnknownError,
    /// Any other.
    Other(String),
}

/// Codes and their spelling, each once.
const SPELLINGS: [(&str, ErrorCode); 12] = [
    ("invalid_grant", ErrorCode::InvalidGrant),
    ("invalid_client_id", ErrorCode::InvalidClientId),
    ("invalid_client", ErrorCode::InvalidClient),
    ("invalid_app_access", ErrorCode::InvalidAppAccess),
    ("app_not_found", ErrorCode::AppNotFound),
    ("invalid_request", ErrorCode::InvalidRequest),
    ("invalid_scope", ErrorCode::InvalidScope),
    ("unsupported_grant_type", ErrorCode::UnsupportedGrantType),
    ("rate_limit_exceeded", ErrorCode::RateLimitExceeded),
    ("inactive_user", ErrorCode::InactiveUser),
    ("inactive_org", ErrorCode::InactiveOrg),
    ("unknown_error", ErrorCode::UnknownError),
];

impl ErrorCode {
    /// Reads the spelling of the wire; an unknown one is kept, cut to 64 printable characters.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        SPELLINGS
            .iter()
            .find(|(spelling, _)| *spelling == text)
            .map_or_else(
                || Self::Other(printable(text, 64)),
                |(_, code)| code.clone(),
            )
    }

    /// The spelling of the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(text) => text,
            known => SPELLINGS
                .iter()
                .find(|(_, code)| code == known)
                .map_or("unknown_error", |(spelling, _)| spelling),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal of the token endpoint (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The code.
    pub error: ErrorCode,
    /// The server's sentence, if it sent one; at most 500 printable characters are kept.
    pub error_description: Option<String>,
}

impl ErrorResponse {
    /// Reads the body of a refusal; `None` if it is not one.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            error: String,
            error_description: Option<String>,
        }
        let wire: Wire = serde_json::from_slice(body).ok()?;
        Some(Self {
            error: ErrorCode::parse(&wire.error),
            error_description: wire.error_description.map(|text| printable(&text, 500)),
        })
    }

    /// Says whether the user or the client has signed in too often; both spellings are known (fact
    /// sheet §2.2).
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        self.error == ErrorCode::RateLimitExceeded
            || self
                .description()
                .eq_ignore_ascii_case("login rate exceeded")
    }

    /// Says whether the assertion had expired when it arrived, which a wrong clock explains.
    #[must_use]
    pub fn is_expired_assertion(&self) -> bool {
        self.description()
            .eq_ignore_ascii_case("expired authorization code")
    }

    /// Says whether the same request may be accepted later with nothing changed (fact sheet §2.4).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.error == ErrorCode::UnknownError || self.is_rate_limit()
    }

    /// The description, or an empty text.
    #[must_use]
    pub fn description(&self) -> &str {
        self.error_description.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error_description {
            Some(description) => write!(f, "{}: {description}", self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

/// A server's text made safe for a terminal and a log line: controls, line separators and marks
/// that turn the direction of writing become blanks.
fn printable(text: &str, length_max: usize) -> String {
    let is_odd = |c: char| {
        let is_mark = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}');
        c.is_control() || is_mark || matches!(c, '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if is_odd(c) { ' ' } else { c })
        .take(length_max)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_says_what_is_wrong_with_it() {
        for (text, part) in [
            ("", "is empty"),
            ("3MVG9 x", "a blank at position 5"),
            ("3MVG9\n", "a line break at position 5"),
            ("3MVG9\t", "a tab at position 5"),
        ] {
            let error = ClientId::new(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
        assert!(ClientId::new("3MVG9.abc_DEF").is_ok());
    }

    #[test]
    fn every_spelling_is_read_back() {
        for (spelling, code) in SPELLINGS {
            assert_eq!(ErrorCode::parse(spelling), code);
            assert_eq!(code.as_str(), spelling);
        }
        assert_eq!(ErrorCode::parse("new_one").as_str(), "new_one");
    }

    #[test]
    fn a_broken_token_reply_is_named_without_quoting_it() {
        for (body, part) in [
            ("", "ends too early"),
            (r#"{"access_token":"00D!secret""#, "ends too early"),
            ("<html>", "is not JSON"),
            (r#"{"token_type":"Bearer"}"#, "missing"),
            (r#"{"access_token":7}"#, "another type"),
        ] {
            let error = TokenResponse::parse(body.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(part) && !error.contains("secret"),
                "{body}: {error}"
            );
        }
    }
}
