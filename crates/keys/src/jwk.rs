//! JSON Web Keys (RFC 7517), RSA only (RFC 7518 §6.3).
//!
//! Owns the way between their numbers and PKCS#1. A set counts as the keys in it.

use accredit::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs1::RsaPrivateKeyRef;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::document::Document;
use crate::kind::Kind;
use crate::writing::{integer, sequence, wrap};

/// The numbers of a private key in the order of PKCS#1.
const NUMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

/// The documents in a key or a set of keys; a key that is not RSA is a refusal.
pub(crate) fn documents(json: &Value) -> Result<Vec<Document>, String> {
    match json.get("keys").and_then(Value::as_array) {
        Some(keys) => keys.iter().map(document).collect(),
        None => document(json).map(|document| vec![document]),
    }
}

fn document(jwk: &Value) -> Result<Document, String> {
    match jwk.get("kty").and_then(Value::as_str) {
        Some("RSA") => {}
        Some("EC") => return Err(other("an elliptic curve (EC)")),
        Some("OKP") => return Err(other("Ed25519 or its like (OKP)")),
        Some("oct") => return Err(other("a symmetric cipher (oct)")),
        _ => return Err("the JSON Web Key is damaged: it has no known kty".to_owned()),
    }
    if jwk.get("oth").is_some() {
        return Err("found an RSA key of more than two primes, expected two".to_owned());
    }
    if jwk.get("d").is_none() {
        let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
        let der = sequence(&[integer(&n), integer(&e)]);
        return Ok(Document::new(Kind::Pkcs1PublicKey, Secret::new(der)));
    }
    let missing: Vec<&str> = NUMBERS
        .into_iter()
        .filter(|name| jwk.get(*name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "the JSON Web Key has no {}: have it written with all of {} (RFC 7518 §6.3.2)",
            missing.join(", "),
            NUMBERS.join(", ")
        ));
    }
    // Room for the longest of keys, so that no buffer grows and leaves a copy behind.
    let mut fields = Zeroizing::new(Vec::with_capacity(8 * 1024));
    fields.extend(integer(&[0]));
    for name in NUMBERS {
        let digits = number(jwk, name)?;
        fields.extend_from_slice(&Zeroizing::new(integer(&digits)));
    }
    let der = Secret::new(wrap(0x30, &fields));
    Ok(Document::new(Kind::Pkcs1PrivateKey, der))
}

fn other(what: &str) -> String {
    format!(
        "found a JSON Web Key for {what}, expected RSA: Salesforce takes no other; make a new key \
         of 2048 bits and upload its certificate"
    )
}

fn number(jwk: &Value, name: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    jwk.get(name)
        .and_then(Value::as_str)
        .map(|digits| digits.trim_end_matches('='))
        .filter(|digits| digits.len() <= 2048)
        .and_then(|digits| URL_SAFE_NO_PAD.decode(digits).ok())
        .map(Zeroizing::new)
        .ok_or_else(|| format!("the JSON Web Key is damaged: its {name} is not base64url"))
}

/// Writes a private key; `None` if `pkcs1` is damaged.
pub(crate) fn write(pkcs1: &RsaPrivateKeyRef<'_>) -> Secret<String> {
    let numbers = [
        pkcs1.modulus.as_bytes(),
        pkcs1.public_exponent.as_bytes(),
        pkcs1.private_exponent.as_bytes(),
        pkcs1.prime1.as_bytes(),
        pkcs1.prime2.as_bytes(),
        pkcs1.exponent1.as_bytes(),
        pkcs1.exponent2.as_bytes(),
        pkcs1.coefficient.as_bytes(),
    ];
    let mut jwk = Map::new();
    jwk.insert("kty".to_owned(), "RSA".into());
    jwk.insert("use".to_owned(), "sig".into());
    jwk.insert("alg".to_owned(), "RS256".into());
    for (name, number) in NUMBERS.into_iter().zip(numbers) {
        jwk.insert(name.to_owned(), URL_SAFE_NO_PAD.encode(number).into());
    }
    let mut jwk = Value::Object(jwk);
    let text = Secret::new(format!("{jwk:#}\n"));
    crate::json::wipe(&mut jwk);
    text
}
