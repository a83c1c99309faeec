//! `accredit key check`: whether key, certificate and request belong together.

use std::path::Path;
use std::sync::Arc;

use accredit_keys::{Description, Kind, Passphrases, belongs_together};
use serde_json::json;

use crate::args::key::KeyCheckArgs;
use crate::commands::key::{Known, read};
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::passphrase::PassphraseSource;
use crate::world::World;

/// Compares the public keys; exit code 3 if they differ.
pub(crate) fn run(args: &KeyCheckArgs, world: &World, out: &Output) -> Result<(), CliError> {
    let references: Vec<KeyReference> = args
        .references
        .iter()
        .map(|text| KeyReference::parse(text))
        .collect::<Result<_, _>>()?;
    let passphrases = PassphraseSource::new(args.passphrase_file.clone(), world);
    let passphrases: Arc<dyn Passphrases> = Arc::new(passphrases);
    let (fingerprint, kinds) = compare(&references, world, &passphrases)?;
    out.result(
        &format!("they belong together: public key sha256:{fingerprint}\n"),
        &json!({"publicKeySha256": fingerprint, "files": kinds}),
    )
}

/// Says whether a key and a certificate belong together. Of an encrypted key whose passphrase is
/// not written down that is seen only once it is used, so it passes.
pub(crate) fn check_pair(
    key: &KeyReference,
    certificate: &Path,
    world: &World,
) -> Result<(), CliError> {
    let passphrases: Arc<dyn Passphrases> = Arc::new(Known(PassphraseSource::new(None, world)));
    let is_locked = |found: &Description| {
        matches!(
            found.kind,
            Kind::EncryptedPkcs8 | Kind::EncryptedPem | Kind::Pkcs12
        )
    };
    if read(key, world, &passphrases)?.iter().any(is_locked) {
        return Ok(());
    }
    let references = [key.clone(), KeyReference::file(certificate)?];
    compare(&references, world, &passphrases).map(drop)
}

/// The fingerprint that all have in common, and what each is.
fn compare(
    references: &[KeyReference],
    world: &World,
    passphrases: &Arc<dyn Passphrases>,
) -> Result<(String, Vec<String>), CliError> {
    let mut described: Vec<(String, Description)> = Vec::new();
    for reference in references {
        for found in read(reference, world, passphrases)? {
            described.push((reference.to_string(), found));
        }
    }
    check_kinds(&described)?;
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

/// Each file is a private key, a certificate or a request, and no two are of one kind: a copy that
/// is compared to itself proves nothing.
fn check_kinds(described: &[(String, Description)]) -> Result<(), CliError> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (origin, found) in described {
        let kind = match found.kind {
            Kind::Certificate => "certificate",
            Kind::Request => "request",
            kind if kind.is_private() => "private key",
            kind => {
                return Err(CliError::settings(format!(
                    "{origin} holds {kind}, expected a private key, a certificate or a request"
                )));
            }
        };
        if let Some((other, _)) = seen.iter().find(|(_, before)| *before == kind) {
            return Err(CliError::settings(format!(
                "{other} and {origin} both hold a {kind}, expected each kind once"
            )));
        }
        seen.push((origin, kind));
    }
    Ok(())
}
