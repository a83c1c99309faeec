//! `accredit emulator app …`.

use serde_json::{Map, Value, json};

use crate::args::emulator::{AppAddArgs, AppCommand, AppKind, AppRemoveArgs, PermittedUsers};
use crate::certificate::CertificateFile;
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Runs one of the commands.
pub(super) fn run(
    command: &AppCommand,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    match command {
        AppCommand::Add(args) => add(args, client, out),
        AppCommand::List => list(client, out),
        AppCommand::Remove(args) => remove(args, client, out),
    }
}

/// Registers an app and prints its client id.
fn add(args: &AppAddArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    if args.name.trim().is_empty() {
        return Err(CliError::settings("the name of the app is empty"));
    }
    let certificates: Vec<String> = args
        .cert
        .iter()
        .map(|path| CertificateFile::read(path).map(|file| file.text))
        .collect::<Result<_, _>>()?;
    let mut app = Map::new();
    app.insert("name".to_owned(), args.name.as_str().into());
    app.insert("certificates".to_owned(), json!(certificates));
    app.insert(
        "kind".to_owned(),
        match args.kind {
            AppKind::External => "external",
            AppKind::Connected => "connected",
        }
        .into(),
    );
    app.insert(
        "permittedUsers".to_owned(),
        match args.users {
            PermittedUsers::PreAuthorized => "pre-authorized",
            PermittedUsers::SelfAuthorize => "self-authorize",
        }
        .into(),
    );
    if let Some(client_id) = &args.client_id {
        app.insert("clientId".to_owned(), client_id.as_str().into());
    }
    if !args.profile.is_empty() {
        app.insert("profiles".to_owned(), json!(args.profile));
    }
    if !args.scope.is_empty() {
        app.insert("scopes".to_owned(), json!(args.scope));
    }
    let made = client.post("/apps", &Value::Object(app))?;
    out.result(&format!("{}\n", text(&made, "clientId")), &made)
}

/// Lists the apps: client id, kind, name.
fn list(client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    let apps = client.get("/apps")?;
    let lines: String = elements(&apps)
        .map(|app| {
            let (id, kind, name) = (text(app, "clientId"), text(app, "kind"), text(app, "name"));
            format!("{id}\t{kind}\t{name}\n")
        })
        .collect();
    out.result(&lines, &apps)
}

/// Removes an app.
fn remove(args: &AppRemoveArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    client.delete(&format!("/apps/{}", segment(&args.client_id)))?;
    out.result("", &json!({"removed": args.client_id}))
}

/// The elements of a list.
pub(crate) fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A member that is a text.
pub(crate) fn text<'v>(object: &'v Value, member: &str) -> &'v str {
    object.get(member).and_then(Value::as_str).unwrap_or("-")
}

/// A member of any kind.
pub(crate) fn member<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Null)
}
