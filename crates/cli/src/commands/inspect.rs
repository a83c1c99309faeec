//! `accredit inspect`: what a token says, without asking anybody.
//!
//! Owns the reading of JWTs (assertions and Salesforce's JWT access tokens) and of opaque access
//! tokens, and the verification of RS256 with a certificate. Says nothing of whether a server would
//! accept the token.

use std::io::{self, Read as _};

use accredit::clock::UnixTime;
use accredit::key::PublicKey;
use accredit::secret::{Secret, fingerprint};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Map, Value, json};

use crate::args::InspectArgs;
use crate::certificate::CertificateFile;
use crate::commands::key::date;
use crate::error::CliError;
use crate::output::Output;
use crate::world::World;

/// The longest token that is read, in bytes.
const TOKEN_LENGTH_MAX: u64 = 64 * 1024;

/// Prints what the token says.
pub(crate) fn run(args: &InspectArgs, world: &World, out: &Output) -> Result<(), CliError> {
    let text = Secret::new(if args.token == "-" {
        read_stdin()?
    } else {
        args.token.clone()
    });
    let text = text.expose().trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let mut report = if let Some(org) = opaque_org(text) {
        if args.cert.is_some() {
            return Err(CliError::usage(
                "this is an opaque access token: only the org can verify it, no certificate",
            ));
        }
        json!({"kind": "opaque access token of Salesforce", "organizationId": org})
    } else {
        let jwt = Jwt::parse(text)?;
        let mut report = jwt.report(world.clock.now());
        if let Some(path) = &args.cert {
            jwt.verify(&CertificateFile::read(path)?.public_key()?)?;
            put(&mut report, "signature", "verified".into());
        }
        report
    };
    put(&mut report, "sha256", fingerprint(text.as_bytes()).into());
    if args.reveal {
        put(&mut report, "token", text.into());
    }
    let human = serde_json::to_string_pretty(&report).unwrap_or_default();
    out.result(&format!("{human}\n"), &report)
}

fn put(report: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = report {
        members.insert(name.to_owned(), value);
    }
}

fn read_stdin() -> Result<String, CliError> {
    let mut text = String::new();
    let read = io::stdin()
        .lock()
        .take(TOKEN_LENGTH_MAX + 1)
        .read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 <= TOKEN_LENGTH_MAX => Ok(text),
        Ok(_) => Err(CliError::settings(format!(
            "stdin holds more than {TOKEN_LENGTH_MAX} bytes, expected one token"
        ))),
        Err(error) => Err(CliError::settings("stdin could not be read as text").with_source(error)),
    }
}

/// The org id in front of the `!` of an opaque token: 15 or 18 characters that begin with 00D.
fn opaque_org(text: &str) -> Option<&str> {
    let (org, session) = text.split_once('!')?;
    let is_id = org.starts_with("00D")
        && matches!(org.len(), 15 | 18)
        && org.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_session = !session.is_empty()
        && session
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    (is_id && is_session).then_some(org)
}

/// The claims of a JWT on one line.
pub(crate) fn claims_of(text: &str) -> Result<String, CliError> {
    let jwt = Jwt::parse(text)?;
    let (header, claims) = (json!(jwt.header), json!(jwt.claims));
    Ok(format!("{header}.{claims}"))
}

/// A JWT in compact form (RFC 7515 §7.1). The signature is not shown.
struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    fn parse(text: &'a str) -> Result<Self, CliError> {
        let parts: Vec<&str> = text.split('.').collect();
        let &[header, claims, signature] = parts.as_slice() else {
            return Err(CliError::settings(format!(
                "this is no JWT (it has {} parts between dots, expected 3) and no access token of \
                 Salesforce (which begins with 00D)",
                parts.len()
            )));
        };
        let length = header.len() + 1 + claims.len();
        Ok(Self {
            header: object("header", header)?,
            claims: object("payload", claims)?,
            signing_input: text.get(..length).unwrap_or_default(),
            signature: decode("signature", signature)?,
        })
    }

    fn report(&self, now: UnixTime) -> Value {
        let mut report = json!({
            "kind": "JWT",
            "header": self.header,
            "claims": self.claims,
            "signature": if self.signature.is_empty() { "none" } else { "not verified" },
        });
        for (claim, name) in [("iat", "issuedAt"), ("exp", "expiresAt")] {
            if let Some(at) = self.moment(claim) {
                put(&mut report, name, date(at).into());
            }
        }
        if let Some(at) = self.moment("exp") {
            let state = if at > now {
                format!("valid for {} s more", at.since(now).as_secs())
            } else {
                format!("expired {} s ago", now.since(at).as_secs())
            };
            put(&mut report, "state", state.into());
        }
        report
    }

    fn moment(&self, claim: &str) -> Option<UnixTime> {
        self.claims
            .get(claim)
            .and_then(Value::as_u64)
            .map(UnixTime::from_secs)
    }

    fn verify(&self, key: &PublicKey) -> Result<(), CliError> {
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        if algorithm != Some("RS256") {
            return Err(CliError::settings(format!(
                "the algorithm is {}, expected RS256",
                algorithm.unwrap_or("not named")
            )));
        }
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_pkcs1_der())
            .verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| {
                CliError::settings(format!(
                    "the signature does not verify with this certificate (public key sha256:{})",
                    key.fingerprint()
                ))
                .hint("use the certificate that was made with the key that signed")
            })
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, CliError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| {
        CliError::settings(format!(
            "the {part} of the JWT is not base64url without padding"
        ))
    })
}

fn object(part: &str, text: &str) -> Result<Map<String, Value>, CliError> {
    serde_json::from_slice(&decode(part, text)?)
        .map_err(|_| CliError::settings(format!("the {part} of the JWT is no JSON object")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_token_shows_its_org_and_nothing_else_does() {
        assert_eq!(
            opaque_org("00D2E000000ncKP!AQ4AQGLaeVPC1.x_y"),
            Some("00D2E000000ncKP")
        );
        for text in [
            "00D2E000000ncKP",
            "00D!x",
            "00D2E000000ncKP!",
            "00D2E000000ncKP!a b",
        ] {
            assert_eq!(opaque_org(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_jwt_is_refused_by_the_part_that_is_wrong() {
        for (text, part) in [
            ("x", "has 1 parts"),
            ("e30.e30.e30=", "the signature of the JWT is not base64url"),
            ("e30.W10.", "the payload of the JWT is no JSON object"),
            ("!.e30.", "the header of the JWT is not base64url"),
        ] {
            let error = Jwt::parse(text).map(drop).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
