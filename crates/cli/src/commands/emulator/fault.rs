//! `accredit emulator fault …`.

use clap::ValueEnum as _;
use serde_json::{Map, Value, json};

use crate::args::emulator::{FaultAddArgs, FaultCommand};
use crate::commands::emulator::app::{elements, member, text};
use crate::emulator_client::EmulatorClient;
use crate::error::CliError;
use crate::output::Output;

/// Runs one of the commands.
pub(super) fn run(
    command: &FaultCommand,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    match command {
        FaultCommand::Add(args) => {
            let made = client.post("/faults", &definition(args))?;
            out.result(&format!("{}\n", member(&made, "id")), &made)
        }
        FaultCommand::List => {
            let faults = client.get("/faults")?;
            let lines: String = elements(&faults).map(line).collect();
            out.result(&lines, &faults)
        }
        FaultCommand::Remove(args) => {
            client.delete(&format!("/faults/{}", args.id))?;
            out.result("", &json!({"removed": args.id}))
        }
    }
}

/// Only what was said: the emulator knows what belongs together.
fn definition(args: &FaultAddArgs) -> Value {
    let kind = args.effect.to_possible_value();
    let kind = kind.as_ref().map_or("", |kind| kind.get_name());
    let effect = said([
        ("kind", Some(kind.into())),
        ("status", args.status.map(Value::from)),
        ("code", args.code.as_deref().map(Value::from)),
        ("message", args.message.as_deref().map(Value::from)),
        ("milliseconds", args.milliseconds.map(Value::from)),
        ("bytes", args.bytes.map(Value::from)),
        ("location", args.location.as_deref().map(Value::from)),
    ]);
    said([
        ("method", args.method.as_deref().map(Value::from)),
        ("path", args.path.as_deref().map(Value::from)),
        ("app", args.app.as_deref().map(Value::from)),
        ("user", args.user.as_deref().map(Value::from)),
        ("nth", args.nth.map(Value::from)),
        ("count", args.count.map(Value::from)),
        ("effect", Some(effect)),
    ])
}

fn said<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// Number, effect, whom it strikes, how often it did.
fn line(fault: &Value) -> String {
    let whom = |name: &str| member(fault, name).as_str().unwrap_or("*");
    let kind = text(member(fault, "effect"), "kind");
    format!(
        "{}\t{kind}\t{} {}\tstruck {} of {}\n",
        member(fault, "id"),
        whom("method"),
        whom("path"),
        member(fault, "struck"),
        member(fault, "matched"),
    )
}
