//! `accredit emulator snapshot`, `restore` and `reset`.

use serde_json::json;

use super::app::elements;
use crate::args::emulator::{ResetArgs, RestoreArgs, SnapshotArgs};
use crate::emulator_client::{EmulatorClient, segment};
use crate::error::CliError;
use crate::output::Output;

/// Keeps the org under a name, or removes or lists what is kept.
pub(crate) fn save(
    args: &SnapshotArgs,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    let Some(name) = &args.name else {
        let names = client.get("/snapshots")?;
        let lines = elements(&names).filter_map(|name| name.as_str());
        let lines: String = lines.map(|name| format!("{name}\n")).collect();
        return out.result(&lines, &names);
    };
    let path = format!("/snapshots/{}", segment(name));
    if args.remove {
        client.delete(&path)?;
        return out.result("", &json!({"removed": name}));
    }
    client.put(&path)?;
    out.step(&format!(
        "Kept. Back to it: accredit emulator restore {name}"
    ));
    out.result("", &json!({"snapshot": name}))
}

/// Puts the org back to a snapshot.
pub(crate) fn restore(
    args: &RestoreArgs,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    let path = format!("/snapshots/{}/restore", segment(&args.name));
    client.post(&path, &json!({}))?;
    out.result("", &json!({"restored": args.name}))
}

/// Puts the org back to how it was after the last load, or to how it started.
pub(crate) fn reset(
    args: &ResetArgs,
    client: &EmulatorClient,
    out: &Output,
) -> Result<(), CliError> {
    client.post("/reset", &json!({"unload": args.unload}))?;
    out.result("", &json!({"reset": true}))
}
