//! Services bound to an app on Cloud Foundry, or on Kubernetes in its way.
//!
//! Owns the search for one credential: which places are looked at, in which order, which binding is
//! meant, and which of its credentials. How the places are read is in `bindings`. The rule of the
//! search: where nothing is, the next place is looked at; what is broken ends it.

use accredit::error::Error;
use accredit::secret::Secret;
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::credhub::Credhub;
use crate::json::Json;
use crate::source::KeyText;
use crate::surroundings::Surroundings;

mod bindings;

use bindings::{Binding, Bindings};

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The name of the instance or of the binding; `None` for the label `credhub`.
    pub(crate) instance: Option<&'a str>,
    /// The way to the credential; empty for the only one that holds a key.
    pub(crate) credential: &'a [String],
}

/// Finds the text of the key.
pub(crate) async fn find(
    wanted: Wanted<'_>,
    surroundings: &Surroundings,
    credhub: &Credhub,
) -> Result<KeyText, Error> {
    let mut looked = Vec::new();
    for place in bindings::places(surroundings)? {
        match place {
            Bindings::Absent(name) => looked.push(format!("{name} (not set)")),
            Bindings::Present(name, bindings) => {
                if let Some(binding) = choose(&bindings, wanted, name)? {
                    return take(binding, wanted, credhub, name).await;
                }
                looked.push(format!("{name} ({})", listed(&bindings)));
            }
        }
    }
    let what = match wanted.instance {
        Some(instance) => format!("no bound service has the name {instance}"),
        None => "no bound service has the label credhub".to_owned(),
    };
    Err(Error::setting(format!(
        "{what}; looked at: {}",
        looked.join(", ")
    )))
}

/// The names of all bindings, for a message.
fn listed(bindings: &[Binding]) -> String {
    let names: Vec<&str> = bindings.iter().map(Binding::name).collect();
    if names.is_empty() {
        "no services".to_owned()
    } else {
        names.join(", ")
    }
}

/// The one binding that is meant; `None` if it is not there.
fn choose<'b>(
    bindings: &'b [Binding],
    wanted: Wanted<'_>,
    place: &str,
) -> Result<Option<&'b Binding>, Error> {
    let meant: Vec<&Binding> = bindings
        .iter()
        .filter(|binding| match wanted.instance {
            Some(instance) => binding.is_called(instance),
            None => binding.has_label("credhub"),
        })
        .collect();
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        more => {
            let names: Vec<&str> = more.iter().map(|binding| binding.name()).collect();
            Err(Error::setting(format!(
                "{} bound services in {place} may be meant: {}; name one, as in \
                 vcap:INSTANCE/CREDENTIAL",
                more.len(),
                names.join(", ")
            )))
        }
    }
}

async fn take(
    binding: &Binding,
    wanted: Wanted<'_>,
    credhub: &Credhub,
    place: &str,
) -> Result<KeyText, Error> {
    let origin = format!("the service {} in {place}", binding.name());
    let resolved;
    let mut notes = Vec::new();
    let credentials = match binding.reference() {
        Some(reference) => {
            resolved = credhub.resolve(reference).await?;
            notes.push(format!("{origin}: its reference was resolved at CredHub"));
            resolved.value()
        }
        None => binding.credentials(),
    };
    let (name, credential) = pick(credentials, wanted.credential)
        .map_err(|what| Error::key(format!("{origin}: {what}")))?;
    Ok(KeyText {
        text: text_of(credential),
        origin: if name.is_empty() {
            origin
        } else {
            format!("the credential {name} of {origin}")
        },
        notes,
    })
}

/// The credential at the end of `path`, with its name; without a path the only one that looks like
/// a key.
fn pick<'c>(credentials: &'c Value, path: &[String]) -> Result<(String, &'c Value), String> {
    let name = path.join("/");
    let mut at = credentials;
    for part in path {
        at = at.get(part).ok_or_else(|| {
            format!(
                "it has no credential {name}; it has: {}",
                names_in(credentials)
            )
        })?;
    }
    if !path.is_empty() || holds_key(at) {
        return Ok((name, at));
    }
    let keys: Vec<(&String, &Value)> = at
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| holds_key(value))
        .collect();
    match keys.as_slice() {
        [(name, value)] => Ok(((*name).clone(), value)),
        [] => Err(format!(
            "none of its credentials holds a private key; it has: {}",
            names_in(at)
        )),
        more => {
            let names: Vec<&str> = more.iter().map(|(name, _)| name.as_str()).collect();
            Err(format!(
                "{} of its credentials hold private keys: {}; name one, as in \
                 vcap:INSTANCE/CREDENTIAL",
                names.len(),
                names.join(", ")
            ))
        }
    }
}

fn names_in(credentials: &Value) -> String {
    let names: Vec<&str> = credentials
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys().map(String::as_str))
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Says whether this looks like a key, or an object or text with one.
fn holds_key(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains("PRIVATE KEY-----") || text.contains("\"private_key\"")
        }
        Value::Object(members) => {
            members.get("private_key").is_some_and(Value::is_string)
                || members.contains_key("d") && members.contains_key("kty")
                || members.get("value").is_some_and(holds_key)
        }
        _ => false,
    }
}

/// The text of a credential: as it is, or the JSON that it is.
fn text_of(credential: &Value) -> Secret<Vec<u8>> {
    match credential {
        Value::String(text) => Secret::new(text.clone().into_bytes()),
        other => Secret::new(other.to_string().into_bytes()),
    }
}

/// The credentials of a binding, which may be a JSON text.
fn parsed(mut credentials: Value) -> Json {
    let inner = match &credentials {
        Value::String(text) if text.trim_start().starts_with('{') => Json::parse(text.as_bytes()),
        _ => None,
    };
    match inner {
        Some(inner) => {
            if let Value::String(text) = &mut credentials {
                text.zeroize();
            }
            inner
        }
        None => Json::from(credentials),
    }
}
