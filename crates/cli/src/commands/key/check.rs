//! `accredit key check`: whether key, certificate and request belong together.

use std::path::Path;

use accredit_keys::{Description, belongs_together};
use serde_json::json;

use crate::args::key::KeyCheckArgs;
use crate::commands::key::read;
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::world::World;

/// Compares the public keys; exit code 3 if they differ.
pub(crate) fn run(args: &KeyCheckArgs, world: &World, out: &Output) -> Result<(), CliError> {
    let mut references = vec![
        KeyReference::parse(&args.key)?,
        KeyReference::File(args.cert.clone()),
    ];
    references.extend(args.csr.clone().map(KeyReference::File));
    let (fingerprint, kinds) = compare(&references, world)?;
    out.result(
        &format!("they belong together: public key sha256:{fingerprint}\n"),
        &json!({"publicKeySha256": fingerprint, "files": kinds}),
    )
}

/// Says whether a key and a certificate belong together.
pub(crate) fn check_pair(key: &Path, certificate: &Path, world: &World) -> Result<(), CliError> {
    let references = [key, certificate].map(|path| KeyReference::File(path.to_owned()));
    compare(&references, world).map(drop)
}

/// The fingerprint that all have in common, and what each is.
fn compare(references: &[KeyReference], world: &World) -> Result<(String, Vec<String>), CliError> {
    let mut described: Vec<(String, Description)> = Vec::new();
    for reference in references {
        for found in read(reference, world)? {
            described.push((reference.to_string(), found));
        }
    }
    let files: Vec<(&str, &Description)> = described
        .iter()
        .map(|(origin, found)| (origin.as_str(), found))
        .collect();
    let differences = belongs_together(&files)?;
    if let Some(difference) = differences.first() {
        return Err(CliError::settings(difference.to_string()).hint(
            "upload the certificate that was made with this key, or use the key of this \
                 certificate",
        ));
    }
    let fingerprint = described
        .first()
        .and_then(|(_, found)| found.fingerprint.clone())
        .unwrap_or_default();
    let kinds: Vec<String> = described
        .iter()
        .map(|(origin, found)| format!("{origin} ({})", found.kind))
        .collect();
    Ok((fingerprint, kinds))
}
