//! `accredit emulator org …`.

use serde_json::{Value, json};

use crate::args::emulator::{NewOrgArgs, OrgCommand};
use crate::commands::emulator::app::{elements, text};
use crate::commands::emulator::{mode, seed};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Runs one of the commands.
pub(super) fn run(
    command: &OrgCommand,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    match command {
        OrgCommand::Add(args) => add(args, client, out),
        OrgCommand::List => {
            let orgs = client.get("/orgs")?;
            let lines: String = elements(&orgs).map(line).collect();
            out.result(&lines, &orgs)
        }
        OrgCommand::Remove(args) => {
            client.delete(&format!("/orgs/{}", segment(&args.name)))?;
            out.result("", &json!({"removed": args.name}))
        }
    }
}

fn add(args: &NewOrgArgs, client: &EmulatorClient, out: &Output) -> Result<(), CliError> {
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

/// Name, path, My Domain.
fn line(org: &Value) -> String {
    let (name, path) = (text(org, "name"), text(org, "path"));
    format!("{name}\t{path}\t{}\n", text(org, "myDomain"))
}
