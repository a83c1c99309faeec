//! `accredit key …`: makes the three files of a sign-in, says what a file is, compares files.

use std::sync::Arc;

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::secret::Secret;
use accredit_keys::{Description, Held, Passphrases, Validity, describe_with};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::args::key::{KeyCommand, KeyShowArgs};
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::passphrase::PassphraseSource;
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
    let passphrases = PassphraseSource::new(args.passphrase_file.clone(), world);
    let passphrases: Arc<dyn Passphrases> = Arc::new(Known(passphrases));
    let found = read(&KeyReference::parse(&args.reference)?, world, &passphrases)?;
    let now = world.clock.now();
    let facts: Vec<Map<String, Value>> = found.iter().map(|one| facts(one, now)).collect();
    let human: Vec<String> = facts.iter().map(lines).collect();
    out.result(&human.join("\n"), &facts)
}

/// Passphrases that are written down: to say what a file is, nobody need be asked.
#[derive(Debug)]
struct Known(PassphraseSource);

impl Passphrases for Known {
    fn passphrase(&self, _origin: &str) -> Result<Option<Secret<String>>, Error> {
        self.0.written()
    }
}

/// Reads and describes what `reference` names.
fn read(
    reference: &KeyReference,
    world: &World,
    passphrases: &Arc<dyn Passphrases>,
) -> Result<Vec<Description>, CliError> {
    match reference.open(world, Arc::clone(passphrases))? {
        Held::Text(text) => Ok(describe_with(
            &text.text,
            &text.origin,
            passphrases.as_ref(),
        )?),
        Held::Elsewhere(signer) => Ok(vec![Description::of_remote(signer.public_key().clone())]),
    }
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
