//! The registry of every environment variable that the program knows.
//!
//! Owns names, one-line descriptions and read-only fall-backs; `docs/environment.md` is made from
//! it. It reads nothing: see `settings`.

use crate::error::EXIT_CODES;

/// One variable and the names that are read when it is not set, in order.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) fallbacks: &'static [Fallback],
}

/// Another program's name for the same setting; never written.
#[derive(Debug)]
pub(crate) struct Fallback {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
}

/// What the text of a fall-back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The value, in the same form as the variable of our own.
    Value,
    /// The text of a private key, not its place.
    KeyText,
}

const fn value(name: &'static str) -> Fallback {
    Fallback {
        name,
        holds: Holds::Value,
    }
}

const fn key_text(name: &'static str) -> Fallback {
    Fallback {
        name,
        holds: Holds::KeyText,
    }
}

const fn variable(
    name: &'static str,
    about: &'static str,
    fallbacks: &'static [Fallback],
) -> Variable {
    Variable {
        name,
        about,
        fallbacks,
    }
}

pub(crate) static CLIENT_ID: Variable = variable(
    "ACCREDIT_CLIENT_ID",
    "consumer key of the app (`--client-id`)",
    &[
        value("SF_CLIENT_ID"),
        value("SFDX_CLIENT_ID"),
        value("SALESFORCE_CLIENT_ID"),
    ],
);
pub(crate) static USERNAME: Variable = variable(
    "ACCREDIT_USERNAME",
    "user to act for (`--username`)",
    &[value("SF_USERNAME"), value("SALESFORCE_USERNAME")],
);
pub(crate) static KEY: Variable = variable(
    "ACCREDIT_KEY",
    "where the private key is: a path, `-`, `env:NAME` or another reference (`--jwt-key-file`)",
    &[
        value("SF_JWT_KEY_FILE"),
        key_text("SFDX_HUB_KEY"),
        key_text("SALESFORCE_PRIVATE_KEY"),
    ],
);
pub(crate) static PASSPHRASE: Variable = variable(
    "ACCREDIT_PASSPHRASE",
    "passphrase of the private key (`--passphrase-file` names a file with it)",
    &[],
);
pub(crate) static LOGIN_URL: Variable = variable(
    "ACCREDIT_LOGIN_URL",
    "My Domain of the org, or the login host (`--login-url`)",
    &[
        value("SF_LOGIN_URL"),
        value("SF_INSTANCE_URL"),
        value("SF_ORG_INSTANCE_URL"),
        value("SALESFORCE_LOGIN_URL"),
    ],
);
pub(crate) static AUDIENCE: Variable = variable(
    "ACCREDIT_AUDIENCE",
    "`aud` of the assertion, where it is not derived from the login URL (`--audience`)",
    &[value("SF_AUDIENCE_URL")],
);
pub(crate) static ACCESS_TOKEN: Variable = variable(
    "ACCREDIT_ACCESS_TOKEN",
    "access token for `query`, `api`, `whoami`, `exec` and `revoke`, instead of a sign-in",
    &[value("SF_ACCESS_TOKEN")],
);
pub(crate) static INSTANCE_URL: Variable = variable(
    "ACCREDIT_INSTANCE_URL",
    "where the REST API is, when the access token is given",
    &[value("SF_INSTANCE_URL")],
);
pub(crate) static API_VERSION: Variable = variable(
    "ACCREDIT_API_VERSION",
    "version of the REST API, such as 65.0; without it the newest that the org lists",
    &[value("SF_ORG_API_VERSION"), value("SALESFORCE_API_VERSION")],
);
pub(crate) static TIMEOUT: Variable = variable(
    "ACCREDIT_TIMEOUT",
    "seconds that one request may take (`--timeout`)",
    &[],
);
pub(crate) static EMULATOR: Variable = variable(
    "ACCREDIT_EMULATOR",
    "base URL of a running emulator (`--emulator`)",
    &[],
);
pub(crate) static LISTEN: Variable = variable(
    "ACCREDIT_LISTEN",
    "address and port that `serve` or the emulator listens on (`--listen`)",
    &[],
);
pub(crate) static CONFIG: Variable = variable(
    "ACCREDIT_CONFIG",
    "configuration of `serve`, in TOML (`--config`)",
    &[],
);
pub(crate) static CALLER_KEY_HASH: Variable = variable(
    "ACCREDIT_CALLER_KEY_HASH",
    "hash of the key of the one caller of `serve` without a configuration (`serve key new`)",
    &[],
);
pub(crate) static PORT: Variable = variable(
    "PORT",
    "port that `serve` listens on, on every address, where nothing else names one",
    &[],
);
pub(crate) static NOTIFY_SOCKET: Variable = variable(
    "NOTIFY_SOCKET",
    "where a service manager is told that `serve` is ready",
    &[],
);
pub(crate) static LISTEN_PID: Variable = variable(
    "LISTEN_PID",
    "process to which a service manager handed sockets over, for `serve`",
    &[],
);
pub(crate) static LISTEN_FDS: Variable = variable(
    "LISTEN_FDS",
    "how many sockets a service manager handed over, for `serve`",
    &[],
);
pub(crate) static MANAGEMENT_KEY: Variable = variable(
    "ACCREDIT_MANAGEMENT_KEY",
    "key of the emulator's management API (`--management-key-file` names a file with it)",
    &[],
);
pub(crate) static STATE_DIR: Variable = variable(
    "ACCREDIT_STATE_DIR",
    "where the emulator keeps its certificate authority (`--state-dir`)",
    &[],
);
pub(crate) static PROFILE: Variable = variable(
    "ACCREDIT_PROFILE",
    "profile to take settings from (`--profile`); without it the one named default",
    &[],
);
pub(crate) static CONFIG_DIR: Variable = variable(
    "ACCREDIT_CONFIG_DIR",
    "where profiles.json and settings.json are; without it `accredit` below `XDG_CONFIG_HOME` or \
     `~/.config`",
    &[],
);
pub(crate) static CACHE_DIR: Variable = variable(
    "ACCREDIT_CACHE_DIR",
    "where tokens are kept; without it `accredit/tokens` below `XDG_RUNTIME_DIR`, `XDG_CACHE_HOME` \
     or `~/.cache`",
    &[],
);
pub(crate) static LOG: Variable = variable(
    "ACCREDIT_LOG",
    "what to log to stderr: a level or a filter (`--log`)",
    &[],
);
pub(crate) static HTTPS_PROXY: Variable = variable(
    "HTTPS_PROXY",
    "proxy for requests over https, as in `http://proxy.example:3128`",
    &[value("https_proxy"), value("ALL_PROXY"), value("all_proxy")],
);
pub(crate) static NO_PROXY: Variable = variable(
    "NO_PROXY",
    "hosts that are asked directly, separated by commas; `*` for all",
    &[value("no_proxy")],
);
pub(crate) static SSL_CERT_FILE: Variable = variable(
    "SSL_CERT_FILE",
    "PEM file with the certificates to trust, in place of those of the system",
    &[],
);
pub(crate) static NO_COLOR: Variable = variable(
    "NO_COLOR",
    "no color when set to anything but the empty text",
    &[],
);
pub(crate) static TERM: Variable = variable("TERM", "no color and no progress bar if `dumb`", &[]);

pub(crate) static GITHUB_ACTIONS: Variable = variable(
    "GITHUB_ACTIONS",
    "when `true`, `token` and `exec` have the log of GitHub Actions mask the token",
    &[],
);

pub(crate) static OTLP_ENDPOINT: Variable = variable(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "where `serve` sends spans of its requests (builds with the feature `otlp`); the fall-back is \
     the URL without `/v1/traces`",
    &[value("OTEL_EXPORTER_OTLP_ENDPOINT")],
);
pub(crate) static OTLP_HEADERS: Variable = variable(
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "headers for the collector, as in `NAME=VALUE,NAME=VALUE`; kept secret",
    &[value("OTEL_EXPORTER_OTLP_HEADERS")],
);
pub(crate) static OTLP_PROTOCOL: Variable = variable(
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "how spans are sent: `http/json`; for `http/protobuf` too, which the same servers take",
    &[value("OTEL_EXPORTER_OTLP_PROTOCOL")],
);
pub(crate) static OTEL_SERVICE_NAME: Variable = variable(
    "OTEL_SERVICE_NAME",
    "what `serve` is called in traces; without it `accredit`",
    &[],
);
pub(crate) static OTEL_RESOURCE_ATTRIBUTES: Variable = variable(
    "OTEL_RESOURCE_ATTRIBUTES",
    "more about the process in traces, as in `NAME=VALUE,NAME=VALUE`",
    &[],
);
pub(crate) static OTEL_SDK_DISABLED: Variable = variable(
    "OTEL_SDK_DISABLED",
    "when `true`, `serve` sends no spans",
    &[],
);

/// Every variable, in the order of the documentation.
static ALL: [&Variable; 36] = [
    &CLIENT_ID,
    &USERNAME,
    &KEY,
    &PASSPHRASE,
    &LOGIN_URL,
    &AUDIENCE,
    &ACCESS_TOKEN,
    &INSTANCE_URL,
    &API_VERSION,
    &TIMEOUT,
    &EMULATOR,
    &LISTEN,
    &CONFIG,
    &CALLER_KEY_HASH,
    &PORT,
    &NOTIFY_SOCKET,
    &LISTEN_PID,
    &LISTEN_FDS,
    &MANAGEMENT_KEY,
    &STATE_DIR,
    &PROFILE,
    &CONFIG_DIR,
    &CACHE_DIR,
    &LOG,
    &HTTPS_PROXY,
    &NO_PROXY,
    &SSL_CERT_FILE,
    &NO_COLOR,
    &TERM,
    &GITHUB_ACTIONS,
    &OTLP_ENDPOINT,
    &OTLP_HEADERS,
    &OTLP_PROTOCOL,
    &OTEL_SERVICE_NAME,
    &OTEL_RESOURCE_ATTRIBUTES,
    &OTEL_SDK_DISABLED,
];

/// What `--help` says of them.
pub(crate) fn help() -> String {
    let lines: Vec<String> = ALL
        .iter()
        .map(|variable| format!("  {:<22} {}", variable.name, variable.about))
        .collect();
    format!(
        "Environment (a flag wins; docs/environment.md lists the fall-backs):\n{}\n\n{EXIT_CODES}",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/environment.md");

    fn page() -> String {
        let mut text = String::from(
            "# Environment variables\n\n\
             A flag wins over a variable, a variable over its fall-backs (left to right), a \
             fall-back over the profile, the profile over `settings.json`, that over the default. A variable that is set to the empty text counts as not \
             set. Fall-backs are read, never written.\n\n\
             | Variable | Meaning | Fall-backs |\n|---|---|---|\n",
        );
        for variable in ALL {
            let fallbacks: Vec<String> = variable
                .fallbacks
                .iter()
                .map(|fallback| match fallback.holds {
                    Holds::Value => format!("`{}`", fallback.name),
                    Holds::KeyText => format!("`{}` (the key's text)", fallback.name),
                })
                .collect();
            let (name, about, names) = (variable.name, variable.about, fallbacks.join(", "));
            writeln!(text, "| `{name}` | {about} | {names} |").unwrap();
        }
        text.push_str(
            "\n`accredit emulator run` sets `SF_LOGIN_URL`, `SF_INSTANCE_URL`, `SF_CLIENT_ID`, \
             `SF_USERNAME`, `SF_JWT_KEY_FILE` and `ACCREDIT_LOGIN_URL`, `ACCREDIT_INSTANCE_URL`, \
             `ACCREDIT_CLIENT_ID`, `ACCREDIT_USERNAME`, `ACCREDIT_KEY`, `ACCREDIT_EMULATOR` for \
             the command that it runs, and removes `ACCREDIT_AUDIENCE`, `ACCREDIT_ACCESS_TOKEN`, \
             `SF_AUDIENCE_URL` and `SF_ACCESS_TOKEN`. So that programs with Salesforce's hosts \
             written into them reach it too, it sets `HTTPS_PROXY`, `https_proxy`, `NO_PROXY`, \
             `no_proxy`, `NODE_USE_ENV_PROXY`, for Java `JAVA_TOOL_OPTIONS` (after the options \
             that are in it already; every Java machine says on stderr that it read them), and, \
             each naming a file with the system's certificates and its own, `SSL_CERT_FILE`, \
             `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`, `AWS_CA_BUNDLE`, `GIT_SSL_CAINFO`. `accredit emulator env` \
             prints the same for an emulator that was started with `--proxy`.\n\n\
             Two more are read by the libraries below: `SSL_CERT_DIR`, a folder of certificates to \
             trust, as `SSL_CERT_FILE` is a file of them; and `TMPDIR`, where `quickstart` and \
             `emulator run` make their folder.\n\n\
             Every setting of a configuration of `serve` that is one text or one number has a \
             variable of its own: `ACCREDIT_SERVE__`, then tables and key in capitals, as in \
             `ACCREDIT_SERVE__LISTENER__ADDRESS`: [broker.md](broker.md) has the rule.\n\n\
             Keys that are elsewhere are reached with the variables that their places have \
             (`VCAP_SERVICES`, `CF_…`, `CREDHUB_…`, `VAULT_…`, `AWS_…`, `SSH_AUTH_SOCK`, \
             `PKCS11_MODULE_PATH`): [keys.md](keys.md) names them. Where no key is named, a bound \
             service with the label `credhub` is looked for.\n",
        );
        text
    }

    #[test]
    fn the_documentation_shows_every_variable_as_it_is() {
        let expected = page();
        #[expect(clippy::disallowed_methods, reason = "asks to rewrite the page")]
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(Path::new(PAGE).parent().unwrap()).unwrap();
            std::fs::write(PAGE, &expected).unwrap();
        }
        let found = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert!(
            found == expected,
            "{PAGE} is out of date; run this test with UPDATE=1 to rewrite it"
        );
    }

    #[test]
    fn names_are_unique_and_those_of_our_own_have_our_prefix() {
        let names: HashSet<_> = ALL.iter().map(|variable| variable.name).collect();
        assert_eq!(names.len(), ALL.len());
        let foreign = [
            "HTTPS_PROXY",
            "NO_PROXY",
            "SSL_CERT_FILE",
            "NO_COLOR",
            "TERM",
            "PORT",
            "NOTIFY_SOCKET",
            "LISTEN_PID",
            "LISTEN_FDS",
            "GITHUB_ACTIONS",
        ];
        for name in names {
            assert!(
                name.starts_with("ACCREDIT_")
                    || name.starts_with("OTEL_")
                    || foreign.contains(&name),
                "{name}"
            );
        }
    }
}
