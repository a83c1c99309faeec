//! The components of a deployment as apps of the org.
//!
//! Owns what must be there besides a file: the app that it belongs to, the profiles that it names,
//! the right to make it.

use std::collections::BTreeSet;

use super::package::{LIST, Package, Part};
use super::{Message, examine};
use crate::app::App;
use crate::directory::{AppKind, NewApp, PermittedUsers, Switch};
use crate::org::load::apps::{self, LoadedApp};
use crate::org::load::xml::{self, Element};

/// What Salesforce says since Spring '26 (fact sheet §3.4).
const NO_CONNECTED_APP: &str = "You can't create a connected app. To enable connected app \
                                creation, contact Salesforce Customer Support.";

/// What became of the components.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) components: Vec<Message>,
    pub(super) failures: Vec<Message>,
}

/// Registers the apps of a package, all of them or none.
pub(super) fn register(app: &App, package: Package, check_only: bool) -> Outcome {
    let Package {
        parts,
        mut failures,
    } = package;
    for part in &parts {
        failures.extend(
            examine::flaws(part.shape, &part.file.content)
                .into_iter()
                .map(|flaw| about(part, &flaw.problem).at(flaw.line)),
        );
    }
    let apps = if failures.is_empty() {
        read(app, &parts).unwrap_or_else(|told| {
            failures.push(told);
            Vec::new()
        })
    } else {
        Vec::new()
    };
    for loaded in &apps {
        failures.extend(flaw_of(app, loaded).map(|problem| {
            let part = parts.iter().find(|part| part.file.path == loaded.path);
            part.map_or_else(
                || Message::failed(&loaded.path, &problem),
                |part| about(part, &problem),
            )
        }));
    }
    let mut components: Vec<Message> = parts.iter().map(|part| done(app, part)).collect();
    if failures.is_empty() && !check_only {
        let definitions = apps.into_iter().map(|loaded| loaded.definition).collect();
        if let Err(error) = app.directory().put_apps(definitions, app.random()) {
            failures.push(Message::failed(LIST, &error.to_string()));
        }
    }
    let failed: BTreeSet<_> = failures.iter().map(|one| &one.file_name).collect();
    components.retain(|component| !failed.contains(&component.file_name));
    Outcome {
        components,
        failures,
    }
}

fn about(part: &Part, problem: &str) -> Message {
    Message::failed(&part.file.path, problem).of(part.shape.name, &part.name)
}

fn done(app: &App, part: &Part) -> Message {
    let kind = kind_of(part);
    let known = owner(part).and_then(|owner| app.directory().developed_as(kind, &owner));
    Message {
        problem: None,
        is_new: known.is_none(),
        ..about(part, "")
    }
}

fn kind_of(part: &Part) -> AppKind {
    match part.shape.name {
        "ConnectedApp" => AppKind::Connected,
        _ => AppKind::External,
    }
}

/// The name of the app that a part belongs to.
fn owner(part: &Part) -> Option<String> {
    if matches!(part.shape.ending, "connectedApp" | "eca") {
        return Some(part.name.clone());
    }
    let document = xml::parse(&part.file.content).ok()?;
    let root = Element::root(&document, &[part.shape.name]).ok()?;
    root.text("externalClientApplication")
}

/// The apps that the parts make, on top of those that are there.
fn read(app: &App, parts: &[Part]) -> Result<Vec<LoadedApp>, Message> {
    let made: BTreeSet<&str> = parts
        .iter()
        .filter(|part| part.shape.ending == "eca")
        .map(|part| part.name.as_str())
        .collect();
    for part in parts
        .iter()
        .filter(|part| kind_of(part) == AppKind::External)
    {
        let owner = owner(part).unwrap_or_default();
        let is_there = app.directory().developed_as(AppKind::External, &owner);
        if !made.contains(owner.as_str()) && is_there.is_none() {
            let problem = format!(
                "In field: externalClientApplication - no ExternalClientApplication named {owner} \
                 found"
            );
            return Err(about(part, &problem));
        }
    }
    let files: Vec<_> = parts.iter().map(|part| part.file.clone()).collect();
    apps::read(&files, app.directory())
        .map_err(|error| Message::failed(LIST, &format!("Error parsing file: {error}")))
}

/// What is wrong with an app as a whole.
fn flaw_of(app: &App, loaded: &LoadedApp) -> Option<String> {
    let definition = &loaded.definition;
    let name = definition.developer_name.as_deref().unwrap_or_default();
    let known = app.directory().developed_as(definition.kind, name);
    let is_connected = definition.kind == AppKind::Connected;
    if is_connected && known.is_none() && app.settings().spring26 == Switch::On {
        return Some(NO_CONNECTED_APP.to_owned());
    }
    if let Some(id) = &definition.client_id {
        let is_its_own = known.as_ref().is_some_and(|known| known.id.as_str() == id);
        if known.is_some() && !is_its_own {
            return Some("The consumer key of an app cannot be changed".to_owned());
        }
        if !is_its_own
            && app
                .directory()
                .apps()
                .iter()
                .any(|app| app.id.as_str() == id)
        {
            return Some("The consumer key is already taken".to_owned());
        }
    }
    let names = !definition.profiles.is_empty() || !definition.permission_sets.is_empty();
    if names && is_connected && definition.permitted_users == PermittedUsers::SelfAuthorize {
        let problem = "profileName and permissionSetName need isAdminApproved to be true";
        return Some(problem.to_owned());
    }
    unknown_profile(app, definition).or_else(|| {
        let checked = app.directory().check_app(definition);
        checked.err().map(|error| error.to_string())
    })
}

fn unknown_profile(app: &App, definition: &NewApp) -> Option<String> {
    let body = app.org().soql("SELECT Name FROM Profile", app.now()).ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let records = answer.get("records")?.as_array()?;
    let known: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| record.get("Name")?.as_str())
        .collect();
    let mut named = definition.profiles.iter();
    let unknown = named.find(|name| !known.contains(name.as_str()))?;
    let field = match definition.kind {
        AppKind::Connected => "profileName",
        AppKind::External => "commaSeparatedProfile",
    };
    Some(format!(
        "In field: {field} - no Profile named {unknown} found"
    ))
}
