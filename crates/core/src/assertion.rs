//! Claims and the assertion that a key makes of them (RFC 7523 §3, RFC 7515 §7.1).
//!
//! Owns the exact bytes. It reads no clock and draws no random numbers: same key, header and
//! claims, same assertion.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::audience::Audience;
use crate::clock::UnixTime;
use crate::error::Error;
use crate::key::Signer;
use crate::oauth::{ClientId, refuse_blanks};
use crate::random::Random;
use crate::secret::{Secret, fingerprint};

/// How long an assertion lives: three minutes, as Salesforce's documents advise (fact sheet §1.3).
pub const LIFETIME: Duration = Duration::from_secs(180);

/// The longest life that is signed. Beyond five minutes an assertion is a credential lying about.
pub const LIFETIME_MAX: Duration = Duration::from_secs(300);

/// The header of the assertion (RFC 7515 §4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// `{"alg":"RS256"}`, as in Salesforce's own example.
    #[default]
    Plain,
    /// `{"alg":"RS256","typ":"JWT"}`, as most libraries send it.
    Typed,
}

impl Header {
    const fn json(self) -> &'static str {
        match self {
            Self::Plain => r#"{"alg":"RS256"}"#,
            Self::Typed => r#"{"alg":"RS256","typ":"JWT"}"#,
        }
    }
}

/// What the assertion says (RFC 7523 §3).
#[derive(Clone, Debug)]
pub struct Claims {
    /// `iss`: the consumer key of the app.
    pub issuer: ClientId,
    /// `sub`: the username to act for.
    pub subject: Subject,
    /// `aud`: the authorization server.
    pub audience: Audience,
    /// `exp`: written in whole seconds.
    pub expires_at: UnixTime,
    /// `jti`: left out if there is none.
    pub assertion_id: Option<AssertionId>,
}

/// The username to act for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// Accepts a username as a person or a setting gave it.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if it is empty, has more than 320
    /// bytes, or holds a blank or a control character.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() {
            return Err(Error::setting(
                "the username is empty, expected one like user@example.com",
            ));
        }
        if text.len() > 320 {
            return Err(Error::setting("the username has more than 320 bytes"));
        }
        refuse_blanks(&text, "the username")?;
        Ok(Self(text))
    }

    /// The text as it stands in `sub`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `jti` of one assertion: 128 random bits (RFC 7519 §4.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionId(String);

impl AssertionId {
    /// Draws a fresh one.
    ///
    /// # Errors
    /// [`ErrorKind::Assertion`](crate::error::ErrorKind::Assertion) if there are no random numbers.
    pub fn draw(random: &dyn Random) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes).map_err(|source| {
            Error::assertion("no random numbers for the assertion's jti").with_source(source)
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl Claims {
    /// Signs the claims at `now`: the same key, header and claims give the same bytes.
    ///
    /// # Errors
    /// What the signer reports, or [`ErrorKind::Assertion`](crate::error::ErrorKind::Assertion) if
    /// the claims would be valid for longer than [`LIFETIME_MAX`], or cannot be written.
    pub async fn sign(
        &self,
        header: Header,
        signer: &dyn Signer,
        now: UnixTime,
    ) -> Result<Assertion, Error> {
        let life = self.expires_at.since(now);
        if life > LIFETIME_MAX {
            return Err(Error::assertion(format!(
                "the assertion would be valid for {} s, expected at most {}",
                life.as_secs(),
                LIFETIME_MAX.as_secs()
            )));
        }
        let payload = serde_json::to_vec(&Wire {
            iss: self.issuer.as_str(),
            sub: self.subject.as_str(),
            aud: self.audience.as_str(),
            exp: self.expires_at.as_secs(),
            jti: self.assertion_id.as_ref().map(|id| id.0.as_str()),
        })
        .map_err(|source| Error::assertion("the claims cannot be written").with_source(source))?;
        let mut text = String::with_capacity(1024);
        URL_SAFE_NO_PAD.encode_string(header.json(), &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = signer.sign(text.as_bytes()).await?;
        let input_length = text.len();
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Ok(Assertion {
            text: Secret::new(text),
            input_length,
        })
    }
}

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
}

/// A signed JWT that is traded for a token (RFC 7521 §4.1). A credential until it expires.
pub struct Assertion {
    text: Secret<String>,
    input_length: usize,
}

impl Assertion {
    /// The whole assertion: `header.payload.signature`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What was signed: `header.payload`.
    #[must_use]
    pub fn expose_signing_input(&self) -> &str {
        self.expose().get(..self.input_length).unwrap_or_default()
    }

    /// The signature, base64url.
    #[must_use]
    pub fn expose_signature(&self) -> &str {
        self.expose()
            .get(self.input_length + 1..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Assertion(sha256:{})",
            fingerprint(self.expose().as_bytes())
        )
    }
}
