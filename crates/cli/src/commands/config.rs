//! `accredit config show`: every setting as it would be used, and where it comes from.
//!
//! Shows what was said even where it is wrong: to find that out is what it is for. Text of keys and
//! tokens is not shown, only which variable holds it.

use serde_json::{Map, Value, json};

use crate::args::SignInArgs;
use crate::args::profile::{ConfigCommand, ConfigShowArgs};
use crate::env_vars::{self, Holds, Variable};
use crate::error::CliError;
use crate::key_reference::refuse_secret;
use crate::output::Output;
use crate::settings::layer::MEMBERS;
use crate::settings::{Flag, Found, Origin, Picker, sign_in};
use crate::world::World;

/// Carries out the command.
pub(crate) fn run(command: &ConfigCommand, world: &World, out: &Output) -> Result<(), CliError> {
    let ConfigCommand::Show(args) = command;
    let mut picker = Picker::new(world.environment.as_ref());
    let mut rows: Vec<(&str, Option<Found>)> = Vec::new();
    let mut login_url = Origin::Default;
    for (member, variable) in MEMBERS {
        let found = match member {
            "audience" => sign_in::find_audience(&mut picker, &args.sign_in, &login_url),
            _ => picker.find(flag_of(member, &args.sign_in), variable),
        };
        let found = chosen(member, found, args);
        if let ("login_url", Some(found)) = (member, &found) {
            login_url = found.origin.clone();
        }
        rows.push((member, found));
    }
    let others: [(&str, &'static Variable); 4] = [
        ("timeout", &env_vars::TIMEOUT),
        ("https_proxy", &env_vars::HTTPS_PROXY),
        ("ssl_cert_file", &env_vars::SSL_CERT_FILE),
        ("access_token", &env_vars::ACCESS_TOKEN),
    ];
    for (name, variable) in others {
        rows.push((name, picker.find(Flag::new("", None), variable)));
    }
    picker.finish(Some(()))?;
    let human: String = rows.iter().map(|row| line(row, args.origins)).collect();
    let document: Map<String, Value> = rows
        .iter()
        .map(|(name, found)| ((*name).to_owned(), document(name, found.as_ref())))
        .collect();
    out.result(&human, &document)
}

/// What stands for a setting that nobody gave.
fn chosen(member: &str, found: Option<Found>, args: &ConfigShowArgs) -> Option<Found> {
    let of = |text: &str, origin| {
        Some(Found {
            text: text.to_owned(),
            holds: Holds::Value,
            origin,
        })
    };
    match (member, found) {
        ("login_url", _) if args.sign_in.sandbox => of(sign_in::SANDBOX, Origin::Flag("--sandbox")),
        ("login_url", None) => of(sign_in::PRODUCTION, Origin::Default),
        (_, found) => found,
    }
}

fn flag_of<'a>(member: &str, args: &'a SignInArgs) -> Flag<'a> {
    match member {
        "client_id" => Flag::new("--client-id", args.client_id.as_deref()),
        "username" => Flag::new("--username", args.username.as_deref()),
        "key" => Flag::new("--jwt-key-file", args.key.as_deref()),
        "login_url" => Flag::new("--login-url", args.login_url.as_deref()),
        _ => Flag::new("", None),
    }
}

fn line((name, found): &(&str, Option<Found>), origins: bool) -> String {
    let Some(found) = found else {
        return format!("{name:<14} -\n");
    };
    let value = shown(name, found);
    if origins {
        format!("{name:<14} {value} ({})\n", found.origin)
    } else {
        format!("{name:<14} {value}\n")
    }
}

fn document(name: &str, found: Option<&Found>) -> Value {
    match found {
        None => json!({"value": null, "origin": null}),
        Some(found) => {
            json!({"value": shown(name, found), "origin": found.origin.to_string()})
        }
    }
}

/// The value, unless it is a secret or may be one.
fn shown(name: &str, found: &Found) -> String {
    let is_secret = found.holds == Holds::KeyText
        || name == "access_token"
        || (name == "https_proxy" && found.text.contains('@'))
        || (name == "key" && refuse_secret(&found.text).is_err());
    if is_secret {
        "*** (a secret, not shown)".to_owned()
    } else {
        found.text.clone()
    }
}
