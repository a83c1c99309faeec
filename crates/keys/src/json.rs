//! JSON documents with a key inside: JSON Web Keys, and what CredHub gives.
//!
//! Owns the shapes of the latter: the certificate object of `credhub get -j`, its `value` alone,
//! the same once more as a JSON text, or any object with PEM text in `private_key`. The texts of a
//! parsed document are wiped.

use accredit::secret::Secret;
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::document::{Document, take_apart};
use crate::jwk;

/// JSON texts in JSON texts are opened this deep.
const DEPTH_MAX: usize = 3;

/// A parsed document whose texts are wiped when it is dropped.
pub(crate) struct Json(Value);

impl Json {
    /// Parses `text`; `None` if it is not JSON.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().map(Self)
    }

    pub(crate) const fn value(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Wipes every text in `value`.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// The documents in the JSON text `text`.
pub(crate) fn documents(text: &[u8]) -> Result<Vec<Document>, String> {
    let json = Json::parse(text).ok_or("the JSON document is damaged; the file may be cut off")?;
    inside(json.value(), DEPTH_MAX)
}

fn inside(json: &Value, depth: usize) -> Result<Vec<Document>, String> {
    if json.get("kty").is_some() || json.get("keys").is_some_and(Value::is_array) {
        return jwk::documents(json);
    }
    let nested = |json: &Value| match depth.checked_sub(1) {
        Some(depth) => inside(json, depth),
        None => Err("the JSON document nests too deep".to_owned()),
    };
    match json {
        Value::String(text) => {
            let text = text.trim();
            if text.starts_with(['{', '"']) {
                let json = Json::parse(text.as_bytes())
                    .ok_or("a JSON text inside the JSON document is damaged")?;
                return nested(json.value());
            }
            let text = Secret::new(text.as_bytes().to_vec());
            let (documents, _) = take_apart(text.expose()).map_err(|damage| damage.to_string())?;
            Ok(documents)
        }
        Value::Object(members) => {
            if let Some(key) = members.get("private_key").filter(|key| key.is_string()) {
                let mut documents = nested(key)?;
                if let Some(certificate) = members.get("certificate").filter(|it| it.is_string()) {
                    documents.extend(nested(certificate)?);
                }
                return Ok(documents);
            }
            match members.get("value") {
                Some(value @ (Value::Object(_) | Value::String(_))) => nested(value),
                _ => Err(
                    "found a JSON document without a key, expected a JSON Web Key, or an \
                          object with PEM text in private_key"
                        .to_owned(),
                ),
            }
        }
        _ => Err("found a JSON document without a key, expected an object".to_owned()),
    }
}
