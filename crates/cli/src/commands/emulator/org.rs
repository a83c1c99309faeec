//! `accredit emulator org …`.

use serde_json::{Value, json};

use crate::args::emulator::{NewOrgArgs, OrgRemoveArgs};
use crate::commands::emulator::app::{elements, text};
use crate::commands::emulator::{mode, seed};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Makes an org and prints its path and My Domain.
pub(super) fn add(
    args: &NewOrgArgs,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    let environment = if args.sandbox {
        "sandbox"
    } else {
        "production"
    };
    let definition = json!({
        "name": args.name,
        "myDomain": args.my_domain,
        "environment": environment,
        "mode": mode(args.mode),
        "seed": seed(args.seed),
    });
    let made = client.post("/orgs", &definition)?;
    out.result(&line(&made), &made)
}

/// Lists the orgs: name, path, My Domain.
pub(super) fn list(client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
    let orgs = client.get("/orgs")?;
    let lines: String = elements(&orgs).map(line).collect();
    out.result(&lines, &orgs)
}

/// Removes an org.
pub(super) fn remove(
    args: &OrgRemoveArgs,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    client.delete(&format!("/orgs/{}", segment(&args.name)))?;
    out.result("", &json!({"removed": args.name}))
}

fn line(org: &Value) -> String {
    let (name, path) = (text(org, "name"), text(org, "path"));
    format!("{name}\t{path}\t{}\n", text(org, "myDomain"))
}
