//! The claims of an assertion (RFC 7519 §4.1, RFC 7523 §3).
//!
//! Owns their types: a claim of the wrong type is an error, never an absent claim. It judges no
//! value against the org or the clock; that is the ladder's business.

use accredit::clock::UnixTime;
use serde_json::{Map, Value};

use crate::json;
use crate::jws::printable;
use crate::mode::{Leniency, Mode};

/// Numbers from here on are milliseconds: as seconds they would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// The largest number of seconds or milliseconds that is taken for a date: beyond it doubles skip
/// values.
const DATE_MAX: f64 = 9_007_199_254_740_991.0;

/// Claims of ID tokens and authorization responses: a JWT that was made for something else (RFC
/// 8725 §3.12).
const FOREIGN: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// The claims that the ladder looks at, each of the right type.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) expires_at: UnixTime,
    pub(crate) issued_at: Option<UnixTime>,
    pub(crate) not_before: Option<UnixTime>,
    /// Read in strict mode only.
    pub(crate) assertion_id: Option<String>,
    /// What had to be overlooked.
    pub(crate) leniencies: Vec<Leniency>,
}

/// A claim that is missing or of the wrong type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) claim: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

/// Reads the claims set: an object without ambiguities.
pub(crate) fn members(payload: &[u8]) -> Result<Map<String, Value>, Unfit> {
    json::object(payload).map_err(|found| Unfit {
        claim: "the claims set",
        expected: "a JSON object",
        found,
    })
}

impl Claims {
    /// Takes the claims out of a claims set.
    pub(crate) fn read(members: &Map<String, Value>, mode: Mode) -> Result<Self, Unfit> {
        let mut leniencies = Vec::new();
        let issuer = text(members, "iss")?;
        let subject = if mode == Mode::Salesforce && !members.contains_key("sub") {
            let subject = text(members, "prn").map_err(|_| missing("sub"))?;
            leniencies.push(Leniency::SubjectAsPrn);
            subject
        } else {
            text(members, "sub")?
        };
        let audience = audience(members)?;
        let expires_at = expiry(members, mode, &mut leniencies)?;
        let issued_at = date(members, "iat")?;
        let not_before = date(members, "nbf")?;
        let assertion_id = match mode {
            Mode::Salesforce => None,
            Mode::Strict => strict_extras(members)?,
        };
        Ok(Self {
            issuer,
            subject,
            audience,
            expires_at,
            issued_at,
            not_before,
            assertion_id,
            leniencies,
        })
    }
}

fn missing(claim: &'static str) -> Unfit {
    Unfit {
        claim,
        expected: "a value",
        found: "nothing".to_owned(),
    }
}

fn unfit(claim: &'static str, expected: &'static str, found: &Value) -> Unfit {
    Unfit {
        claim,
        expected,
        found: format!("{}: {}", json::kind(found), printable(&found.to_string())),
    }
}

/// A claim that must be a text with something in it.
fn text(members: &Map<String, Value>, claim: &'static str) -> Result<String, Unfit> {
    match members.get(claim) {
        None => Err(missing(claim)),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(other) => Err(unfit(claim, "a text that is not empty", other)),
    }
}

/// The one audience: a text, or an array of exactly one text (RFC 7519 §4.1.3). An assertion for
/// two recipients could be passed on by one of them to the other.
fn audience(members: &Map<String, Value>) -> Result<String, Unfit> {
    match members.get("aud") {
        Some(Value::Array(items)) => match items.as_slice() {
            [Value::String(only)] if !only.is_empty() => Ok(only.clone()),
            _ => Err(unfit(
                "aud",
                "exactly one audience",
                &Value::Array(items.clone()),
            )),
        },
        _ => text(members, "aud"),
    }
}

fn expiry(
    members: &Map<String, Value>,
    mode: Mode,
    leniencies: &mut Vec<Leniency>,
) -> Result<UnixTime, Unfit> {
    const EXPECTED: &str = "a number of seconds since 1970";
    let value = members.get("exp").ok_or_else(|| missing("exp"))?;
    if mode == Mode::Strict {
        return moment(value).ok_or_else(|| unfit("exp", EXPECTED, value));
    }
    let number = match value {
        Value::String(digits) if !digits.is_empty() && digits.len() <= 16 => {
            leniencies.push(Leniency::ExpiryAsText);
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<f64>().ok()).flatten()
        }
        other => other.as_f64(),
    };
    let number = number
        .filter(|number| number.abs() <= DATE_MAX)
        .ok_or_else(|| unfit("exp", EXPECTED, value))?;
    if number >= MILLISECONDS_FROM {
        leniencies.push(Leniency::ExpiryInMilliseconds);
        return Ok(from_seconds(number / 1000.0));
    }
    Ok(from_seconds(number))
}

/// An optional claim that must be a date (RFC 7519 §2, NumericDate).
fn date(members: &Map<String, Value>, claim: &'static str) -> Result<Option<UnixTime>, Unfit> {
    members
        .get(claim)
        .map(|value| {
            moment(value).ok_or_else(|| unfit(claim, "a number of seconds since 1970", value))
        })
        .transpose()
}

fn moment(value: &Value) -> Option<UnixTime> {
    value
        .as_f64()
        .filter(|number| number.abs() <= DATE_MAX)
        .map(from_seconds)
}

/// A date before 1970 is as past as 1970 is.
fn from_seconds(seconds: f64) -> UnixTime {
    // Not negative, and a cast that is too large saturates.
    UnixTime::from_millis((seconds.max(0.0) * 1000.0) as u64)
}

/// What only strict mode looks at: `jti`, and claims that show another purpose.
fn strict_extras(members: &Map<String, Value>) -> Result<Option<String>, Unfit> {
    if let Some(claim) = FOREIGN.into_iter().find(|name| members.contains_key(*name)) {
        return Err(Unfit {
            claim,
            expected: "nothing: it belongs to another kind of token",
            found: "a value".to_owned(),
        });
    }
    match members.get("jti") {
        None => Ok(None),
        Some(_) => text(members, "jti").map(Some),
    }
}
