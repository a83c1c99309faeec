//! Settings of the file that the environment overrides.
//!
//! Owns the names: `ACCREDIT_SERVE__`, then tables and key in capitals, with two underscores
//! between them and an underscore for each hyphen. A variable that means nothing is a mistake.

use std::collections::BTreeMap;
use std::fmt;

/// What the name of every override begins with.
pub const PREFIX: &str = "ACCREDIT_SERVE__";

/// Every setting that is one text or one number. `NAME` stands for each connection of the file.
pub(super) const SETTINGS: [&str; 18] = [
    "listener.address",
    "listener.socket",
    "listener.forwarded",
    "listener.max_connections",
    "listener.max_connections_per_peer",
    "listener.tls.certificate",
    "listener.tls.key",
    "listener.tls.client_ca",
    "store.url",
    "store.key",
    "store.ca",
    "connections.NAME.client_id",
    "connections.NAME.username",
    "connections.NAME.login_url",
    "connections.NAME.audience",
    "connections.NAME.key",
    "connections.NAME.token_lifetime",
    "revoke_on_exit",
];

/// Texts by the names of variables.
#[derive(Clone, Default)]
pub struct Overrides(BTreeMap<String, String>);

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A text may be a secret in the wrong place.
        f.debug_tuple("Overrides").field(&self.0.keys()).finish()
    }
}

impl Overrides {
    /// Takes those of `variables` that are overrides. An empty text counts as not set.
    #[must_use]
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_one = |(name, text): &(String, String)| name.starts_with(PREFIX) && !text.is_empty();
        Self(variables.into_iter().filter(is_one).collect())
    }

    pub(super) fn text(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str)
    }

    /// Says whether there is one for a key of this table, or of one below it.
    pub(super) fn reaches(&self, table: &str) -> bool {
        let start = format!("{}__", variable(table));
        self.0.keys().any(|name| name.starts_with(&start))
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The variable that overrides the setting with this name.
pub(super) fn variable(setting: &str) -> String {
    let name = setting.replace('.', "__").replace('-', "_");
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}

/// The variables that there are for connections of these names.
pub(super) fn known(connections: &[String]) -> String {
    let mut names = Vec::new();
    for setting in SETTINGS {
        match setting.contains("NAME") {
            false => names.push(variable(setting)),
            true => names.extend(
                connections
                    .iter()
                    .map(|name| variable(&setting.replace("NAME", name))),
            ),
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use accredit::error::Error;

    use super::super::{Config, Mistakes, parse_with, tests::WHOLE};
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
        let variables = variables.iter();
        let pairs = variables.map(|(name, text)| (format!("{PREFIX}{name}"), (*text).to_owned()));
        let check_key = |key: &str| match key {
            "\0" => Err(Error::setting("that is no key")),
            _ => Ok(()),
        };
        parse_with(text, "broker.toml", &check_key, &Overrides::new(pairs))
    }

    #[test]
    fn the_environment_overrides_what_the_file_says_and_adds_what_it_does_not() {
        let text = WHOLE.replace("connections.people", "connections.some-people");
        let config = read(
            &text,
            &[
                ("LISTENER__ADDRESS", "127.0.0.1:9000"),
                ("LISTENER__MAX_CONNECTIONS", "7"),
                ("CONNECTIONS__SOME_PEOPLE__CLIENT_ID", "other"),
                ("CONNECTIONS__DEFAULT__TOKEN_LIFETIME", "901"),
                ("CONNECTIONS__DEFAULT__USERNAME", ""),
                ("STORE__URL", "redis://127.0.0.1"),
                ("STORE__KEY", "env:STORE_KEY"),
            ],
        )
        .unwrap();
        assert_eq!(config.listener.address.unwrap().port(), 9000);
        assert_eq!(config.listener.max_connections, Some(7));
        assert_eq!(config.store.unwrap().key, "env:STORE_KEY");
        let one = |name: &str| config.connections.iter().find(|one| one.name == name);
        assert_eq!(one("some-people").unwrap().issuer.as_str(), "other");
        assert_eq!(one("default").unwrap().token_lifetime.as_secs(), 901);
        assert!(one("default").unwrap().subject.is_some());
    }

    #[test]
    fn a_bad_override_is_told_with_file_line_key_and_variable() {
        let told = read(
            WHOLE,
            &[
                ("LISTENER__ADDRESS", "nowhere"),
                ("CONNECTIONS__DEFAULT__TOKEN_LIFETIME", "long"),
                ("LISTENER__ADRESS", "127.0.0.1:1"),
                ("CONNECTIONS__NOBODY__KEY", "a.key"),
                ("CALLERS__BILLING__KEY_HASH", "sha256:0"),
                ("STORE__URL", "redis://user:hunter2@127.0.0.1"),
            ],
        );
        let told = told.unwrap_err().to_string();
        for line in [
            "broker.toml:3: listener.address (ACCREDIT_SERVE__LISTENER__ADDRESS): \"nowhere\" is no",
            "broker.toml:12: connections.default.token_lifetime \
             (ACCREDIT_SERVE__CONNECTIONS__DEFAULT__TOKEN_LIFETIME): expected a whole number",
            "ACCREDIT_SERVE__CALLERS__BILLING__KEY_HASH: overrides nothing; known are \
             ACCREDIT_SERVE__LISTENER__ADDRESS, ",
            "ACCREDIT_SERVE__CONNECTIONS__NOBODY__KEY: overrides nothing",
            "ACCREDIT_SERVE__LISTENER__ADRESS: overrides nothing",
            "broker.toml:1: store.url (ACCREDIT_SERVE__STORE__URL): expected env:NAME",
        ] {
            assert!(
                told.lines().any(|one| one.starts_with(line)),
                "{line}\n{told}"
            );
        }
        assert!(
            told.contains("ACCREDIT_SERVE__CONNECTIONS__PEOPLE__AUDIENCE"),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn one_variable_never_means_two_connections() {
        let text = WHOLE
            .replace("connections.default", "connections.a-b")
            .replace("connections.people", "connections.a_b")
            .replace("connections = \"default\"", "connections = \"*\"");
        assert!(read(&text, &[]).is_ok());
        let told = read(&text, &[("CONNECTIONS__A_B__CLIENT_ID", "x")]).unwrap_err();
        assert!(
            told.to_string().contains("stands for two settings"),
            "{told}"
        );
    }

    #[test]
    fn every_setting_that_is_one_text_or_number_can_be_overridden() {
        for setting in SETTINGS {
            let name = variable(&setting.replace("NAME", "default"));
            let name = name.strip_prefix(PREFIX).unwrap();
            // No setting can be this.
            let told = match read(WHOLE, &[(name, "\0")]) {
                Ok(_) => String::from("nothing"),
                Err(told) => told.to_string(),
            };
            let place = format!("({PREFIX}{name})");
            assert!(told.contains(&place), "{setting}: {told}");
        }
    }
}
