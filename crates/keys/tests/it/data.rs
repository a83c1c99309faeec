//! The files of `tests/data`, and what tests do with bytes.

use std::path::PathBuf;
use std::process::Command;

use accredit::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name]
        .iter()
        .collect()
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

pub(crate) fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

/// The base64 of a PEM file in one line.
pub(crate) fn body(name: &str) -> String {
    text(name)
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect()
}

pub(crate) fn der(name: &str) -> Vec<u8> {
    STANDARD.decode(body(name)).unwrap()
}

pub(crate) fn secret(bytes: impl Into<Vec<u8>>) -> Secret<Vec<u8>> {
    Secret::new(bytes.into())
}

/// A passphrase.
pub(crate) fn word(passphrase: &str) -> Secret<String> {
    Secret::new(passphrase.to_owned())
}

/// Says whether openssl is here; if not, says that the test was skipped.
pub(crate) fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    if !found {
        crate::skip::skipped("no openssl");
    }
    found
}

/// What openssl prints; panics with its complaint if it refuses.
pub(crate) fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap() + &complaint
}
