//! The same settings as clicks in Setup.
//!
//! Owns Salesforce's own words for them.

use super::registration::{Kind, Registration, Users};
use super::scope::Scope;
use crate::args::app::IpRelaxation;

/// The clicks, one numbered line each.
pub(super) fn clicks(app: &Registration, certificate: &str) -> String {
    let steps = match app.kind {
        Kind::External => external(app, certificate),
        Kind::Connected => connected(app, certificate),
    };
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        text.push_str(&format!("{}. {step}\n", number + 1));
    }
    text
}

fn external(app: &Registration, certificate: &str) -> Vec<String> {
    let mut steps = vec![
        "Open Setup > External Client App Manager and click New External Client App.".to_owned(),
        basics(app, "External Client App Name"),
        "Set Distribution State to Local.".to_owned(),
        "Open API (Enable OAuth Settings) and check Enable OAuth.".to_owned(),
        callback(app),
        scopes(&app.scopes),
        format!("Under Flow Enablement check Enable JWT Bearer Flow and upload {certificate}."),
        "Click Create.".to_owned(),
        "Open the tab Policies and click Edit.".to_owned(),
    ];
    steps.extend(policies(app));
    steps.push("Click Save.".to_owned());
    steps.push(
        "Open the tab Settings > OAuth Settings > Consumer Key and Secret and copy the Consumer \
         Key."
            .to_owned(),
    );
    steps.push(wait());
    steps
}

fn connected(app: &Registration, certificate: &str) -> Vec<String> {
    let mut steps = vec![
        "Open Setup > App Manager and click New Connected App. (Since Spring '26 Support must \
         allow it first.)"
            .to_owned(),
        basics(app, "Connected App Name"),
        "Check Enable OAuth Settings.".to_owned(),
        callback(app),
        format!("Check Use digital signatures and upload {certificate}."),
        scopes(&app.scopes),
        "Click Save, then Manage, then Edit Policies.".to_owned(),
    ];
    steps.extend(policies(app));
    steps.push("Click Save.".to_owned());
    steps.push(
        "Open Setup > App Manager, choose View for the app, click Manage Consumer Details and \
         copy the Consumer Key."
            .to_owned(),
    );
    steps.push(wait());
    steps
}

fn basics(app: &Registration, name: &str) -> String {
    format!(
        "Set {name} to {:?}, API Name to {} and Contact Email to {}.",
        app.label, app.name, app.contact_email
    )
}

fn callback(app: &Registration) -> String {
    format!(
        "Set Callback URL to {} (this sign-in never uses it).",
        app.callback_url
    )
}

fn scopes(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.token).collect();
    format!(
        "Under OAuth Scopes select those that end with ({}).",
        words.join("), (")
    )
}

fn policies(app: &Registration) -> Vec<String> {
    let mut steps = Vec::new();
    match &app.users {
        Users::SelfAuthorized => {
            steps.push("Set Permitted Users to \"All users may self-authorize\".".to_owned());
        }
        Users::PreAuthorized {
            permission_sets,
            profiles,
        } => {
            steps.push(
                "Set Permitted Users to \"Admin approved users are pre-authorized\".".to_owned(),
            );
            if !permission_sets.is_empty() {
                let names = permission_sets.join(", ");
                steps.push(format!("Select the permission sets {names}."));
            }
            if !profiles.is_empty() {
                steps.push(format!("Select the profiles {}.", profiles.join(", ")));
            }
        }
    }
    let relaxation = match app.ip_relaxation {
        IpRelaxation::Enforce => "Enforce IP restrictions",
        IpRelaxation::Bypass => "Relax IP restrictions",
        IpRelaxation::BypassTwoFactor => "Relax IP restrictions with second factor",
        IpRelaxation::EnforceRelaxRefresh => {
            "Enforce IP restrictions, but relax for refresh tokens"
        }
    };
    steps.push(format!("Set IP Relaxation to \"{relaxation}\"."));
    steps
}

fn wait() -> String {
    "Wait: it takes up to ten minutes until the app is known.".to_owned()
}
