//! `accredit emulator journal …`.

use serde_json::{Value, json};

use crate::args::emulator::{FilterArgs, JournalCommand};
use crate::commands::emulator::app::{elements, member, text};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Runs one of the commands.
pub(super) fn run(
    command: &JournalCommand,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    match command {
        JournalCommand::List(filter) => {
            let requests = client.get(&format!("/requests?{}", query(filter)))?;
            let lines: String = elements(&requests).map(line).collect();
            out.result(&lines, &requests)
        }
        JournalCommand::Count(filter) => {
            let found = client.get(&format!("/requests/count?{}", query(filter)))?;
            count(&found, out)
        }
        JournalCommand::WaitFor(args) => {
            let (filter, wanted) = (query(&args.filter), args.count);
            let patience = args.patience;
            let path = format!("/requests/wait-for?count={wanted}&timeout={patience}&{filter}");
            count(&client.get(&path)?, out)
        }
        JournalCommand::Clear => {
            client.delete("/requests")?;
            out.result("", &json!({"cleared": true}))
        }
    }
}

fn count(found: &Value, out: &Output) -> Result<(), CliError> {
    out.result(&format!("{}\n", member(found, "count")), found)
}

fn query(filter: &FilterArgs) -> String {
    let since = filter.since.map(|number| number.to_string());
    let pairs: Vec<String> = [
        ("method", &filter.method),
        ("path", &filter.path),
        ("status", &filter.status),
        ("app", &filter.app),
        ("user", &filter.user),
        ("since", &since),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", segment(value.as_deref()?))))
    .collect();
    pairs.join("&")
}

fn line(request: &Value) -> String {
    format!(
        "{}\t{}\t{} {}\t{}\n",
        member(request, "number"),
        member(request, "status"),
        text(request, "method"),
        text(request, "path"),
        text(request, "username"),
    )
}
