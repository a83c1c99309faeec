//! `accredit emulator env`: what a shell must export so that programs reach a running emulator.

use std::ffi::OsString;

use serde_json::{Map, Value};

use crate::args::emulator::EnvArgs;
use crate::commands::emulator::app::{elements, text};
use crate::commands::emulator::{INTEGRATION_USER, reach};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::output::Output;

/// Prints export lines.
pub(super) fn print(args: &EnvArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    let mut variables = match client.get("/env")? {
        Value::Object(variables) => variables,
        _ => Map::new(),
    };
    let mut add = |found: Vec<(&str, OsString)>| {
        for (name, value) in found {
            variables.insert(name.to_owned(), value.to_string_lossy().into());
        }
    };
    let client_id = match &args.client_id {
        Some(id) => Some(id.clone()),
        None => only_app(client)?,
    };
    let username = match &args.username {
        Some(name) => Some(name.clone()),
        None => client
            .get(&format!("/users/{}", segment(INTEGRATION_USER)))
            .ok()
            .map(|_| INTEGRATION_USER.to_owned()),
    };
    let known = reach::identity(
        client_id.as_deref().unwrap_or_default(),
        username.as_deref().unwrap_or_default(),
    );
    add(known
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect());
    if let Some(text) = &args.key {
        let reference = KeyReference::parse(text)?;
        if reference.holds_pin() {
            return Err(CliError::settings(
                "the key reference holds a PIN, which would be printed (not shown)",
            )
            .hint("name a file with the PIN in it by pin-source"));
        }
        add(reach::key(&reference)?);
    }
    let lines: String = variables
        .iter()
        .map(|(name, value)| {
            let value = value.as_str().unwrap_or_default();
            format!("export {name}={}\n", quoted(value))
        })
        .collect();
    out.result(&lines, &variables)
}

/// The client id of the app, if there is one and no other.
fn only_app(client: &EmulatorClient) -> Result<Option<String>, CliError> {
    let apps = client.get("/apps")?;
    let mut ids = elements(&apps).map(|app| text(app, "clientId").to_owned());
    Ok(match (ids.next(), ids.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

/// A word that every POSIX shell reads back as it is.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(quoted("a b$(c)"), "'a b$(c)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
