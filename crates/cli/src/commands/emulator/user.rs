//! `accredit emulator user …`.

use serde_json::{Map, Value, json};

use super::app::{elements, text};
use crate::args::emulator::{UserArgs, UserCommand, UserRemoveArgs, UserState};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Runs one of the commands.
pub(super) fn run(
    command: &UserCommand,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    match command {
        UserCommand::Add(args) => add(args, client, out),
        UserCommand::List => list(client, out),
        UserCommand::Set(args) => set(args, client, out),
        UserCommand::Remove(args) => remove(args, client, out),
    }
}

/// Adds a user and prints the id.
fn add(args: &UserArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    // Salesforce wants the form of an e-mail address, not that it is one.
    let parts = args.username.split_once('@');
    if !parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
        return Err(CliError::settings(format!(
            "{:?} is no username, expected the form of an e-mail address",
            args.username
        )));
    }
    let mut user = changes(args);
    user.insert("username".to_owned(), args.username.as_str().into());
    let made = client.post("/users", &Value::Object(user))?;
    out.result(&format!("{}\n", text(&made, "id")), &made)
}

/// Lists the users: id, state, profile, username.
fn list(client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    let users = client.get("/users")?;
    let lines: String = elements(&users)
        .map(|user| {
            let [id, state, profile, username] =
                ["id", "state", "profile", "username"].map(|member| text(user, member));
            format!("{id}\t{state}\t{profile}\t{username}\n")
        })
        .collect();
    out.result(&lines, &users)
}

/// Changes profile or state of a user.
fn set(args: &UserArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    let changes = changes(args);
    if changes.is_empty() {
        return Err(
            CliError::usage("nothing to change was given").hint("pass --state or --profile")
        );
    }
    let path = format!("/users/{}", segment(&args.username));
    let changed = client.patch(&path, &Value::Object(changes))?;
    out.result("", &changed)
}

/// Removes a user.
fn remove(args: &UserRemoveArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    client.delete(&format!("/users/{}", segment(&args.username)))?;
    out.result("", &json!({"removed": args.username}))
}

fn changes(args: &UserArgs) -> Map<String, Value> {
    let state = args.state.map(|state| match state {
        UserState::Active => "active",
        UserState::Inactive => "inactive",
        UserState::Frozen => "frozen",
        UserState::Locked => "locked",
        UserState::IpRestricted => "ip-restricted",
    });
    let profile = args.profile.as_deref();
    [("state", state), ("profile", profile)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect()
}
