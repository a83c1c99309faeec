//! The key of an emulator's management API.
//!
//! Owns where it comes from and what it may be: a text that fits a header, on one line.

use std::path::Path;

use accredit::secret::Secret;

use crate::env_vars::MANAGEMENT_KEY;
use crate::error::CliError;
use crate::files;
use crate::settings::{Environment, lookup};

/// The longest key, in bytes.
const LENGTH_MAX: u64 = 1_024;

/// The key in `file`, or else in the environment, if either says one.
pub(crate) fn find(
    file: Option<&Path>,
    environment: &dyn Environment,
) -> Result<Option<Secret<String>>, CliError> {
    let Some(path) = file else {
        let text = lookup(environment, MANAGEMENT_KEY.name);
        return text
            .map(|text| check(text.into_encoded_bytes(), MANAGEMENT_KEY.name))
            .transpose();
    };
    let name = path.display().to_string();
    let bytes = files::read(path, LENGTH_MAX).map_err(|error| {
        CliError::settings(format!("the management key file {name} could not be read"))
            .with_source(error)
    })?;
    check(bytes, &name).map(Some)
}

fn check(bytes: Vec<u8>, place: &str) -> Result<Secret<String>, CliError> {
    let bytes = Secret::new(bytes);
    let key = bytes.expose().trim_ascii();
    if key.is_empty() || !key.iter().all(u8::is_ascii_graphic) {
        return Err(CliError::settings(format!(
            "{place} holds no management key, expected one line of ASCII without blanks"
        )));
    }
    Ok(Secret::new(String::from_utf8_lossy(key).into_owned()))
}
