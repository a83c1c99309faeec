//! `accredit profile`: sign-ins under a name.
//!
//! What cannot be a sign-in is refused before it is kept, so that a profile that is there works as
//! far as can be told without asking anybody.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use crate::api_version;
use crate::args::profile::{ProfileAddArgs, ProfileCommand, ProfileImportArgs};
use crate::args::{SfArgs, SignInArgs};
use crate::env_vars::{Holds, Variable};
use crate::error::CliError;
use crate::output::Output;
use crate::profiles::{self, Places, Values};
use crate::settings::layer::MEMBERS;
use crate::settings::{Environment, Flag, Origin, Picker, ProcessEnvironment, sign_in};
use crate::world::World;

/// Carries out one of the commands.
pub(crate) fn run(command: &ProfileCommand, world: &World, out: &Output) -> Result<(), CliError> {
    let places = Places::of(world.environment.as_ref())
        .ok_or_else(|| CliError::settings("there is no folder for profiles: set HOME"))?;
    match command {
        ProfileCommand::Add(args) => add(args, &places, out),
        ProfileCommand::Import(args) => import(args, &places, out),
        ProfileCommand::List => list(&places, out),
        ProfileCommand::Show(args) => show(&args.name, &places, out),
        ProfileCommand::Remove(args) => remove(&args.name, &places, out),
    }
}

/// An environment in which nothing is set: a profile is what its flags say.
#[derive(Debug)]
struct NothingSet;

impl Environment for NothingSet {}

impl accredit_keys::Environment for NothingSet {
    fn variable(&self, _name: &str) -> Option<OsString> {
        None
    }
}

fn add(args: &ProfileAddArgs, places: &Places, out: &Output) -> Result<(), CliError> {
    let sign_in = &args.sign_in;
    let login_url = if sign_in.sandbox {
        Some(sign_in::SANDBOX.to_owned())
    } else {
        sign_in.login_url.clone()
    };
    let given = [
        ("client_id", sign_in.client_id.clone()),
        ("username", sign_in.username.clone()),
        ("key", sign_in.key.clone()),
        ("login_url", login_url),
        ("audience", sign_in.audience.clone()),
        ("api_version", args.api_version.clone()),
    ];
    let values = given
        .into_iter()
        .filter_map(|(member, value)| Some((member.to_owned(), value?)))
        .collect();
    if let Some(flag) = sign_in.sf.refused() {
        return Err(CliError::usage(format!(
            "{flag} is not for profiles: NAME names this one"
        )));
    }
    keep(&args.name, values, args.force, places, out)
}

fn import(args: &ProfileImportArgs, places: &Places, out: &Output) -> Result<(), CliError> {
    let mut picker = Picker::new(&ProcessEnvironment);
    let mut values = Values::new();
    for (member, variable) in MEMBERS {
        if let Some(value) = imported(&mut picker, variable) {
            values.insert(member.to_owned(), value);
        }
    }
    picker.finish(Some(()))?;
    keep(&args.name, values, args.force, places, out)
}

/// The value of a variable; of one that holds the text of a key, its name.
fn imported(picker: &mut Picker<'_>, variable: &'static Variable) -> Option<String> {
    let found = picker.find(Flag::new("", None), variable)?;
    match (found.holds, &found.origin) {
        (Holds::KeyText, Origin::Environment(name)) => Some(format!("env:{name}")),
        _ => Some(found.text),
    }
}

fn keep(
    name: &str,
    mut values: Values,
    force: bool,
    places: &Places,
    out: &Output,
) -> Result<(), CliError> {
    profiles::check_name(name)?;
    if let Some(key) = values.get_mut("key") {
        *key = lasting(key)?;
    }
    check(&values)?;
    profiles::change(places, |all| {
        if !force && all.contains_key(name) {
            return Err(
                CliError::other(format!("there is a profile {name} already"))
                    .hint("--force replaces it"),
            );
        }
        all.insert(name.to_owned(), values.clone());
        Ok(())
    })?;
    let path = places.profiles();
    let human = format!("Kept the profile {name} in {}\n", path.display());
    out.result(
        &human,
        &json!({"name": name, "path": path, "profile": values}),
    )
}

/// A key's place that means the same in every folder.
fn lasting(key: &str) -> Result<String, CliError> {
    if key == "-" {
        return Err(CliError::usage("a profile cannot keep a key from stdin")
            .hint("name a file, or env:NAME"));
    }
    if key.starts_with("pkcs11:") && key.contains("pin-value") {
        return Err(CliError::usage("a profile keeps no PIN (not shown)")
            .hint("name the file that holds it: pin-source=file:/path/of/pin"));
    }
    let path = Path::new(key);
    let is_file = key.contains('/') || !key.contains(':');
    let is_place = accredit_keys::Place::parse(key).is_some() || key.starts_with("env:");
    if is_place || !is_file {
        return Ok(key.to_owned());
    }
    crate::key_reference::refuse_secret(key)?;
    let absolute = std::path::absolute(path)
        .map_err(|error| CliError::other("there is no current folder").with_source(error))?;
    Ok(absolute.display().to_string())
}

/// Refuses what can be no sign-in, with all that is wrong.
fn check(values: &Values) -> Result<(), CliError> {
    let value = |member: &str| values.get(member).cloned();
    let args = SignInArgs {
        client_id: value("client_id"),
        username: value("username"),
        key: value("key"),
        passphrase_file: None,
        login_url: value("login_url"),
        sandbox: false,
        audience: value("audience"),
        no_cache: false,
        sf: SfArgs::default(),
    };
    sign_in::resolve(&args, &NothingSet)?;
    api_version::given(values.get("api_version").map(String::as_str), &NothingSet)?;
    Ok(())
}

fn list(places: &Places, out: &Output) -> Result<(), CliError> {
    let all = profiles::read(places)?;
    let text = |values: &Values, member: &str| values.get(member).cloned().unwrap_or_default();
    let human: String = all
        .iter()
        .map(|(name, values)| {
            let login_url = match text(values, "login_url") {
                none if none.is_empty() => sign_in::PRODUCTION.to_owned(),
                url => url,
            };
            format!("{name}\t{}\t{login_url}\n", text(values, "username"))
        })
        .collect();
    out.result(&human, &all)
}

fn show(name: &str, places: &Places, out: &Output) -> Result<(), CliError> {
    let all = profiles::read(places)?;
    let values = all
        .get(name)
        .ok_or_else(|| CliError::settings(profiles::unknown(name, &all)))?;
    let human: String = MEMBERS
        .iter()
        .filter_map(|(member, _)| Some(format!("{member:<12} {}\n", values.get(*member)?)))
        .collect();
    out.result(&human, values)
}

fn remove(name: &str, places: &Places, out: &Output) -> Result<(), CliError> {
    profiles::change(places, |all| match all.remove(name) {
        Some(_) => Ok(()),
        None => Err(CliError::settings(profiles::unknown(name, all))),
    })?;
    out.result(
        &format!("Removed the profile {name}\n"),
        &json!({"name": name}),
    )
}
