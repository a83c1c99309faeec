//! Which version of the REST API a query speaks: the one that was asked for, else the newest that
//! the org lists.

use accredit::error::Error;
use accredit::http::UreqClient;
use serde::Deserialize;

use crate::env_vars;
use crate::error::CliError;
use crate::rest::{Failure, INSTANCE_URL_HINT, Org};
use crate::settings::{Environment, Flag, Picker};

/// Reads `--api-version`: `65.0`, `v65.0` or `65`.
pub(crate) fn given(
    flag: Option<&str>,
    environment: &dyn Environment,
) -> Result<Option<String>, CliError> {
    let mut picker = Picker::new(environment);
    let flag = Flag::new("--api-version", flag);
    let version = picker.optional(flag, &env_vars::API_VERSION, parse);
    picker.finish(Some(version.map(|version| version.value)))
}

fn parse(text: &str) -> Result<String, Error> {
    let number = text.strip_prefix('v').unwrap_or(text);
    let number = number.strip_suffix(".0").unwrap_or(number);
    number
        .parse::<u16>()
        .ok()
        .filter(|number| (1..1000).contains(number))
        .map(|number| format!("{number}.0"))
        .ok_or_else(|| {
            Error::setting(format!(
                "{text:?} is no API version, expected one like 65.0"
            ))
        })
}

/// Asks the org for the newest version that it has.
pub(crate) fn newest(org: &Org, client: &UreqClient) -> Result<String, CliError> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    let body = org
        .get(client, "/services/data/")
        .map_err(Failure::into_error)?;
    let unknown = || {
        let host = org.host();
        CliError::other(format!(
            "{host} sent a list of API versions that is not the JSON that was expected"
        ))
        .hint(INSTANCE_URL_HINT)
        .hint("--api-version VERSION does without the list")
    };
    let versions: Vec<Version> = serde_json::from_slice(&body).map_err(|_| unknown())?;
    versions
        .iter()
        .filter_map(|listed| parse(&listed.version).ok())
        .max_by_key(|version| (version.len(), version.clone()))
        .ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_in_each_of_its_spellings() {
        for text in ["65", "65.0", "v65.0"] {
            assert_eq!(parse(text).unwrap(), "65.0");
        }
        for text in ["", "v", "65.1", "0", "1000", "../x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
