//! Compact JWS (RFC 7515 §7.1), signed with RS256 and nothing else.
//!
//! Owns the form of an assertion and its signature, with a parser of its own: the client signs with
//! other code, so each is a check on the other. It knows nothing of claims. It never follows a
//! reference: `jwk`, `jku`, `x5u` and `x5c` in a header are not looked at, the key is always the
//! registered one.

use std::fmt;

use accredit::key::PublicKey;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::json;

/// The longest assertion that is looked at, in bytes.
pub const LENGTH_MAX: usize = 16 * 1024;

/// The longest `kid`, in bytes.
const KEY_ID_LENGTH_MAX: usize = 256;

/// Why a text is not an acceptable JWS, or a JWK not an acceptable key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is no compact JWS with a JSON object as header.
    Form {
        /// What the form demands.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The header asks for something that is not accepted.
    Header {
        /// The member of the header.
        member: &'static str,
        /// What the member may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// No registered key has this `kid`.
    KeyId {
        /// The `kid`, made printable.
        found: String,
    },
    /// No registered key verifies the signature.
    Signature,
    /// The key itself is unfit.
    Key(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Header {
                member,
                expected,
                found,
            } => write!(
                f,
                "header member {member}: expected {expected}, found {found}"
            ),
            Self::KeyId { found } => write!(f, "no registered key has the kid {found}"),
            Self::Signature => f.write_str("the signature does not verify"),
            Self::Key(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Flaw {}

/// A registered public key, ready to verify RS256 and only RS256.
#[derive(Clone)]
pub struct VerifyingKey {
    public: PublicKey,
    id: Option<String>,
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// Takes an RSA key of 2048 to 4096 bits into use.
    ///
    /// # Errors
    /// [`Flaw::Key`] if it is too short or long, has a useless exponent, or is a ROCA key.
    pub fn new(public: PublicKey) -> Result<Self, Flaw> {
        public
            .check_strength()
            .map_err(|error| Flaw::Key(error.to_string()))?;
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.to_pkcs1_der())
            .map_err(|_| Flaw::Key("the key's numbers are no RSA public key".to_owned()))?;
        Ok(Self {
            public,
            id: None,
            parsed,
        })
    }

    /// Registers the key under a name: an assertion that carries a `kid` must then carry this one.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            ..self
        }
    }

    /// Reads a JWK (RFC 7517). Its `use`, `key_ops` and `alg` must allow verifying RS256.
    ///
    /// # Errors
    /// [`Flaw::Key`] if it is no such key, or as [`new`](Self::new).
    pub fn from_jwk(text: &str) -> Result<Self, Flaw> {
        Self::from_members(&json::object(text.as_bytes()).map_err(Flaw::Key)?)
    }

    /// Reads a JWK set (RFC 7517 §5), every key of which must be usable and have a name of its own.
    ///
    /// # Errors
    /// [`Flaw::Key`] if it is no set, is empty, holds another kind of key, or names two alike.
    pub fn from_jwk_set(text: &str) -> Result<Vec<Self>, Flaw> {
        let members = json::object(text.as_bytes()).map_err(Flaw::Key)?;
        let Some(Value::Array(items)) = members.get("keys") else {
            return Err(Flaw::Key("expected an array in keys".to_owned()));
        };
        let keys = items
            .iter()
            .map(|item| {
                let members = item.as_object();
                members.map_or_else(
                    || Err(Flaw::Key("expected an object in keys".to_owned())),
                    Self::from_members,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids: Vec<_> = keys.iter().map(|key| &key.id).collect();
        ids.sort_unstable();
        if keys.is_empty() || ids.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(Flaw::Key(
                "expected keys with a kid of their own".to_owned(),
            ));
        }
        Ok(keys)
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, Flaw> {
        let text = |name: &str| members.get(name).map(|value| value.as_str().unwrap_or(""));
        for (name, wanted) in [("kty", "RSA"), ("use", "sig"), ("alg", "RS256")] {
            let found = text(name);
            if found.is_some_and(|found| found != wanted) || (name == "kty" && found.is_none()) {
                return Err(Flaw::Key(format!("the JWK's {name} is not {wanted}")));
            }
        }
        if let Some(operations) = members.get("key_ops") {
            let may_verify = operations
                .as_array()
                .is_some_and(|list| list.iter().any(|item| item == "verify"));
            if !may_verify {
                return Err(Flaw::Key("the JWK's key_ops lack verify".to_owned()));
            }
        }
        let number = |name: &'static str| {
            text(name)
                .and_then(|digits| URL_SAFE_NO_PAD.decode(digits).ok())
                .filter(|bytes| !bytes.is_empty())
                .ok_or_else(|| Flaw::Key(format!("the JWK's {name} is not base64url")))
        };
        let key = Self::new(PublicKey::new(&number("n")?, &number("e")?))?;
        match text("kid") {
            None => Ok(key),
            Some("") => Err(Flaw::Key(
                "the JWK's kid is not a text, or empty".to_owned(),
            )),
            Some(id) => Ok(key.with_id(id)),
        }
    }

    /// Says whether `signature` is that of this key over `message` (RFC 8017 §8.2.2).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.public.modulus().len()
            && self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The key's numbers.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The name that the key is registered under, if any.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("public", &self.public)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Checks form and signature, and gives the payload.
///
/// # Errors
/// The first [`Flaw`] found.
pub fn verify(text: &str, keys: &[VerifyingKey]) -> Result<Vec<u8>, Flaw> {
    let jws = Jws::parse(text)?;
    jws.verify(&keys.iter().collect::<Vec<_>>())?;
    Ok(jws.payload)
}

/// A well-formed JWS. Nothing in it is true before [`verify`](Self::verify) said so.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    signing_input: &'a str,
    key_id: Option<String>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads the compact form and the header.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        check_characters(text)?;
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Flaw::Form {
                expected: "three parts joined by dots",
                found: format!("{} parts", text.split('.').count()),
            });
        };
        let header = decode("a header in canonical base64url", header)?;
        Ok(Self {
            key_id: check_header(&header)?,
            signing_input: text.rsplit_once('.').map_or("", |(input, _)| input),
            payload: decode("a payload in canonical base64url", payload)?,
            signature: decode("a signature in canonical base64url", signature)?,
        })
    }

    /// The payload, still unproven. It can be taken once; checking the signature needs it not.
    pub(crate) fn take_payload(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    /// Checks the signature with those of `keys` that the header's `kid` allows.
    pub(crate) fn verify(&self, keys: &[&VerifyingKey]) -> Result<(), Flaw> {
        let named: Vec<_> = keys
            .iter()
            .filter(|key| self.may_use(key.id.as_deref()))
            .collect();
        if named.is_empty() && !keys.is_empty() {
            let found = printable(self.key_id.as_deref().unwrap_or_default());
            return Err(Flaw::KeyId { found });
        }
        let message = self.signing_input.as_bytes();
        if named.iter().any(|key| key.verify(message, &self.signature)) {
            Ok(())
        } else {
            Err(Flaw::Signature)
        }
    }

    /// A `kid` must be the registered one. Where none is registered, as with an uploaded
    /// certificate, there is nothing to compare it with and Salesforce does not use it: a plain
    /// name is passed over.
    fn may_use(&self, registered: Option<&str>) -> bool {
        match (self.key_id.as_deref(), registered) {
            (None, _) => true,
            (Some(found), Some(registered)) => found == registered,
            (Some(found), None) => is_plain_name(found),
        }
    }
}

fn check_characters(text: &str) -> Result<(), Flaw> {
    let form = |found| Flaw::Form {
        expected: "letters, digits, - and _ in three parts joined by dots, at most 16384 bytes",
        found,
    };
    if text.len() > LENGTH_MAX {
        return Err(form(format!("{} bytes", text.len())));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match text.bytes().position(|byte| !is_allowed(byte)) {
        Some(at) => Err(form(format!("another character at position {at}"))),
        None => Ok(()),
    }
}

fn decode(expected: &'static str, part: &str) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD.decode(part).map_err(|error| Flaw::Form {
        expected,
        found: error.to_string(),
    })
}

/// The headers that most clients send. Nothing in them needs to be looked for.
const USUAL: [&[u8]; 3] = [
    br#"{"alg":"RS256"}"#,
    br#"{"alg":"RS256","typ":"JWT"}"#,
    br#"{"typ":"JWT","alg":"RS256"}"#,
];

/// Checks the header (RFC 7515 §4.1) and gives its `kid`.
fn check_header(bytes: &[u8]) -> Result<Option<String>, Flaw> {
    if USUAL.contains(&bytes) {
        return Ok(None);
    }
    let members = json::object(bytes).map_err(|found| Flaw::Form {
        expected: "a JSON object as header",
        found,
    })?;
    let refuse = |member, expected| {
        let found = members.get(member).map_or_else(
            || "nothing".to_owned(),
            |value| printable(&value.to_string()),
        );
        Flaw::Header {
            member,
            expected,
            found,
        }
    };
    if members.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(refuse("alg", "\"RS256\""));
    }
    // An extension that must be understood (RFC 7515 §4.1.11): none is. b64 changes what is signed.
    for member in ["crit", "b64", "zip"] {
        if members.contains_key(member) {
            return Err(refuse(member, "nothing"));
        }
    }
    let is_jwt = |typ: &Value| typ.as_str().is_some_and(is_jwt_type);
    if !members.get("typ").is_none_or(is_jwt) {
        return Err(refuse("typ", "nothing or \"JWT\""));
    }
    if members
        .get("cty")
        .is_some_and(|cty| cty.as_str().is_none_or(is_jwt_type))
    {
        return Err(refuse("cty", "no nested JWT"));
    }
    match members.get("kid") {
        None => Ok(None),
        Some(Value::String(id)) if !id.is_empty() && id.len() <= KEY_ID_LENGTH_MAX => {
            Ok(Some(id.clone()))
        }
        Some(_) => Err(refuse("kid", "a text of 1 to 256 bytes")),
    }
}

/// Media types do not care for case and may leave `application/` out (RFC 7515 §4.1.9, RFC 7519
/// §5.1).
fn is_jwt_type(text: &str) -> bool {
    text.eq_ignore_ascii_case("JWT") || text.eq_ignore_ascii_case("application/jwt")
}

/// Says whether a `kid` is a name, and not a path, a pattern or a piece of some language.
fn is_plain_name(text: &str) -> bool {
    text.bytes().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@' | b'+' | b':' | b'=')
    })
}

/// At most 100 characters of a client's text, safe for a log line and a header.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .take(100)
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect()
}
