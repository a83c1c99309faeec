//! `accredit key …`: makes the three files of a sign-in, says what a file is, compares files.

use accredit::clock::UnixTime;
use accredit::secret::Secret;
use accredit_keys::{Description, Validity, describe};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::args::key::{KeyCommand, KeyShowArgs};
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::world::World;

mod check;
mod new;

pub(crate) use check::check_pair;
pub(crate) use new::{NewFiles, make, recipe_for};

/// Runs one of the commands.
pub(crate) fn run(command: &KeyCommand, world: &World, out: &Output) -> Result<(), CliError> {
    match command {
        KeyCommand::New(args) => new::run(args, world, out),
        KeyCommand::Show(args) => show(args, world, out),
        KeyCommand::Check(args) => check::run(args, world, out),
    }
}

fn show(args: &KeyShowArgs, world: &World, out: &Output) -> Result<(), CliError> {
    let found = read(&KeyReference::parse(&args.reference)?, world)?;
    let now = world.clock.now();
    let facts: Vec<Map<String, Value>> = found.iter().map(|one| facts(one, now)).collect();
    let human: Vec<String> = facts.iter().map(lines).collect();
    out.result(&human.join("\n"), &facts)
}

/// Reads and describes what `reference` names.
fn read(reference: &KeyReference, world: &World) -> Result<Vec<Description>, CliError> {
    let text: Secret<Vec<u8>> = reference.read(world.environment.as_ref())?;
    Ok(describe(&text, &reference.to_string())?)
}

/// What is known of one document, in the order in which it is printed.
fn facts(found: &Description, now: UnixTime) -> Map<String, Value> {
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            facts.insert(name.to_owned(), value);
        }
    };
    put("kind", found.kind.to_string().into());
    put(
        "algorithm",
        json!(found.algorithm.map(|one| one.to_string())),
    );
    put("bits", json!(found.bits));
    put("publicKeySha256", json!(found.fingerprint));
    put("subject", json!(found.subject));
    if let Some(certificate) = &found.certificate {
        put("issuer", certificate.issuer.as_str().into());
        put("serial", certificate.serial.as_str().into());
        put("notBefore", date(certificate.not_before).into());
        put("notAfter", date(certificate.not_after).into());
        put("validity", validity(certificate.validity_at(now)).into());
        put("signature", certificate.signature.to_string().into());
        put("sha256", certificate.fingerprint.as_str().into());
        put("bytes", certificate.pem_length.into());
    }
    let weakness = found
        .public_key
        .as_ref()
        .and_then(|key| key.check_strength().err());
    put("weakness", json!(weakness.map(|weak| weak.to_string())));
    facts
}

fn lines(facts: &Map<String, Value>) -> String {
    facts
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name:<16} {text}\n"),
            other => format!("{name:<16} {other}\n"),
        })
        .collect()
}

fn validity(validity: Validity) -> String {
    match validity {
        Validity::NotYet(wait) => format!("not valid yet, in {} days", wait.as_secs() / 86_400),
        Validity::Valid(_) => format!("valid, {} days left", validity.days_left()),
        Validity::Expired(since) => format!("expired {} days ago", since.as_secs() / 86_400),
    }
}

/// A moment as RFC 3339 writes it.
pub(crate) fn date(at: UnixTime) -> String {
    i64::try_from(at.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| format!("{} s", at.as_secs()), |at| at.to_string())
}
