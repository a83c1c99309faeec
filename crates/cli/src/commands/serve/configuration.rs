//! Where the configuration of the broker comes from: a file, or the settings of a sign-in.
//!
//! Owns the precedence of addresses, the one connection that there is without a file, and how a
//! change of a file is noticed.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use accredit::error::Error;
use accredit_broker::caller_key::KeyHash;
use accredit_broker::config::{
    self, CallerConfig, Config, ConnectionConfig, KeyPlace, Mistakes, Overrides, Policy,
};
use accredit_broker::exposure::ChosenBy;

use crate::args::SignInArgs;
use crate::args::serve::RunServeArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::files;
use crate::key_reference::KeyReference;
use crate::settings::{Environment, Flag, Picker, lookup, sign_in};
use crate::world::World;

/// The address where nothing names one.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8089";

/// What tells one state of a file from another: which file it is, its length, when its contents
/// changed and when its owner or mode did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Files that matter, and how they are.
type Files = Vec<(PathBuf, Option<Stamp>)>;

/// What a look at the configuration found.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) config: Result<Config, CliError>,
    files: Files,
}

impl Look {
    /// Says whether some key has to be asked for to know whether it is still the same.
    pub(super) fn has_keys_elsewhere(&self) -> bool {
        let config = self.config.as_ref();
        config.is_ok_and(|config| config.connections.iter().any(is_elsewhere))
    }

    /// One at a file that is not there.
    #[cfg(test)]
    pub(super) fn failed(name: &str) -> Self {
        Self {
            config: Err(CliError::settings("not there")),
            files: vec![(PathBuf::from(name), None)],
        }
    }

    /// Says whether the files were the same at another look.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

/// Where the configuration comes from.
#[derive(Debug)]
pub(super) struct Source {
    file: Option<PathBuf>,
    listen: Option<String>,
    environment: Arc<dyn Environment>,
    overrides: Overrides,
    /// How many connections there may be where the file does not say.
    room: usize,
    /// The files that matter, and how they were when they were last taken over.
    taken: Files,
}

impl Source {
    /// Finds it. `room` is how many connections the system has files for.
    pub(super) fn find(args: &RunServeArgs, world: &World, room: usize) -> Result<Self, CliError> {
        let environment = Arc::clone(&world.environment);
        let by_variable = lookup(environment.as_ref(), env_vars::CONFIG.name).map(PathBuf::from);
        Ok(Self {
            file: args.config.clone().or(by_variable),
            listen: args.listen.clone(),
            overrides: overrides(environment.as_ref())?,
            environment,
            room: room.min(config::MAX_CONNECTIONS),
            taken: Vec::new(),
        })
    }

    /// Reads it for the start: what it finds counts as taken over.
    pub(super) fn read(&mut self) -> Result<Config, CliError> {
        let look = self.look();
        self.taken = look.files;
        look.config
    }

    /// Reads it as it is now.
    pub(super) fn look(&self) -> Look {
        // A file that changes while it is read is news at the next look.
        let mut files: Files = self.file.iter().map(stamped).collect();
        let config = match &self.file {
            Some(path) => read_file(path, &self.overrides),
            None => without_file(self.environment.as_ref(), &self.overrides),
        };
        match &config {
            Ok(config) => files.extend(key_files(config).iter().map(stamped)),
            // What cannot be read now may be half written: the same files matter still.
            Err(_) => {
                let others = self.taken.iter().skip(files.len());
                files.extend(others.map(|(path, _)| stamped(path)));
            }
        }
        let config = config.map(|mut config| {
            config.listener.max_connections.get_or_insert(self.room);
            config
        });
        Look { config, files }
    }

    /// Says whether a file is another than when it was last taken over.
    pub(super) fn is_news(&self, look: &Look) -> bool {
        look.files != self.taken
    }

    /// From now on, what `look` found is no news.
    pub(super) fn taken_over(&mut self, look: Look) {
        self.taken = look.files;
    }

    /// The address to listen on: flag, variable, file, the platform's port, loopback.
    pub(super) fn address(&self, config: &Config) -> Result<(SocketAddr, ChosenBy), CliError> {
        let environment = self.environment.as_ref();
        let mut picker = Picker::new(environment);
        let flag = Flag::new("--listen", self.listen.as_deref());
        if let Some(found) = picker.find(flag, &env_vars::LISTEN) {
            let address = picker.read(&found, config::address);
            let chosen = address.map(|setting| (setting.value, ChosenBy::Person));
            return picker.finish(chosen);
        }
        if let Some(address) = config.listener.address {
            return Ok((address, ChosenBy::Person));
        }
        let port = picker.optional(Flag::new("", None), &env_vars::PORT, |text| {
            text.parse::<u16>()
                .map_err(|_| Error::setting(format!("{text:?} is no port")))
        });
        let chosen = match port {
            Some(port) => Some((
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.value)),
                ChosenBy::Platform,
            )),
            None => config::address(DEFAULT_ADDRESS)
                .ok()
                .map(|address| (address, ChosenBy::Person)),
        };
        picker.finish(chosen)
    }
}

/// Says whether a key comes from a place that has to be asked.
fn is_elsewhere(connection: &ConnectionConfig) -> bool {
    let reference = KeyReference::parse(&connection.key.reference);
    matches!(reference, Ok(KeyReference::Elsewhere(_)))
}

fn stamped(path: &PathBuf) -> (PathBuf, Option<Stamp>) {
    let stamp = fs::metadata(path).ok().map(|found| Stamp {
        file: (found.dev(), found.ino()),
        length: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    });
    (path.clone(), stamp)
}

/// The files of keys and certificates, as far as they are files.
fn key_files(config: &Config) -> Vec<PathBuf> {
    let tls = config.listener.tls.iter().flat_map(|tls| {
        [
            Some(&tls.certificate),
            Some(&tls.key),
            tls.client_ca.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(PathBuf::from)
    });
    let references = config
        .connections
        .iter()
        .filter_map(|one| KeyReference::parse(&one.key.reference).ok());
    references
        .filter_map(|reference| match reference {
            KeyReference::File(path) => Some(path),
            _ => None,
        })
        .chain(tls)
        .collect()
}

/// What the environment says of settings of the file.
fn overrides(environment: &dyn Environment) -> Result<Overrides, CliError> {
    let mut texts = Vec::new();
    for (name, text) in environment.variables(config::PREFIX) {
        let name = name.to_string_lossy().into_owned();
        let text = text.into_string();
        let text = text.map_err(|_| CliError::settings(format!("{name} is not UTF-8 text")))?;
        texts.push((name, text));
    }
    Ok(Overrides::new(texts))
}

fn read_file(path: &Path, overrides: &Overrides) -> Result<Config, CliError> {
    let unreadable = |error| {
        CliError::settings(format!(
            "the configuration {} could not be read",
            path.display()
        ))
        .with_source(error)
    };
    let bytes = files::read(path, config::LENGTH_MAX as u64).map_err(unreadable)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::settings(format!("{} is not UTF-8 text", path.display())))?;
    let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
    let mut config = config::parse_with(&text, &name, &check_key, overrides)
        .map_err(|mistakes| refused(&mistakes))?;
    // A file beside the configuration is named as it is named there.
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |name: &mut String| *name = folder.join(&*name).to_string_lossy().into_owned();
    if let Some(tls) = &mut config.listener.tls {
        beside(&mut tls.certificate);
        beside(&mut tls.key);
        tls.client_ca.as_mut().map(beside);
    }
    config.listener.socket.as_mut().map(beside);
    if let Some(store) = &mut config.store {
        store.ca.as_mut().map(beside);
        for reference in [&mut store.url, &mut store.key] {
            if !reference.starts_with("env:") && !reference.contains("://") {
                beside(reference);
            }
        }
    }
    for connection in &mut config.connections {
        if let Ok(KeyReference::File(key)) = KeyReference::parse(&connection.key.reference) {
            connection.key.reference = folder.join(key).to_string_lossy().into_owned();
        }
    }
    Ok(config)
}

fn check_key(reference: &str) -> Result<(), Error> {
    match KeyReference::parse(reference)? {
        KeyReference::Stdin => Err(Error::setting(
            "a broker reads its keys again and again, which stdin does not allow; expected a path \
             or env:NAME",
        )),
        _ => Ok(()),
    }
}

/// All mistakes as one error: the first in its line, the others as hints.
pub(super) fn refused(mistakes: &Mistakes) -> CliError {
    let mut all = mistakes.0.iter();
    let first = all.next().map_or_else(String::new, ToString::to_string);
    all.fold(CliError::settings(first), |error, mistake| {
        error.hint(mistake.to_string())
    })
}

/// One connection called `default` from the usual settings, and one caller if its hash is there.
fn without_file(environment: &dyn Environment, overrides: &Overrides) -> Result<Config, CliError> {
    let rest = config::without_file(overrides).map_err(|mistakes| refused(&mistakes))?;
    let args = SignInArgs {
        no_cache: true,
        ..SignInArgs::default()
    };
    let found = sign_in::resolve(&args, environment)?;
    let reference = found.key.value.as_text();
    check_key(&reference)?;
    let mut picker = Picker::new(environment);
    let flag = Flag::new("", None);
    let hash = picker.optional(flag, &env_vars::CALLER_KEY_HASH, KeyHash::parse);
    let caller = hash.map(|hash| CallerConfig {
        name: "default".to_owned(),
        keys: vec![hash.value],
        unix_users: Vec::new(),
        certificate_subjects: Vec::new(),
        certificate_names: Vec::new(),
        cf_apps: Vec::new(),
        policy: Policy::of_this_machine(),
    });
    let connection = ConnectionConfig {
        name: "default".to_owned(),
        issuer: found.identity.issuer,
        endpoint: found.endpoint.value,
        subject: Some(found.identity.subject),
        subjects: Vec::new(),
        key: KeyPlace {
            place: format!("{}", found.key.origin),
            reference,
        },
        token_lifetime: accredit::source::TOKEN_LIFETIME,
    };
    picker.finish(Some(Config {
        connections: vec![connection],
        callers: caller.into_iter().collect(),
        ..rest
    }))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::tests::Variables;

    #[test]
    fn a_change_is_news_until_it_was_taken_over_and_so_is_what_heals_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |text: &str| fs::write(path("broker.toml"), text).unwrap();
        fs::write(path("a.key"), "a").unwrap();
        fs::write(path("b.key"), "b").unwrap();
        let text = |key: &str| {
            format!("[connections.a]\nclient_id = \"a\"\nusername = \"u\"\nkey = \"{key}\"\n")
        };
        write(&text("a.key"));
        let mut source = Source {
            file: Some(path("broker.toml")),
            listen: None,
            environment: Arc::new(Variables::default()),
            overrides: overrides(&Variables::default()).unwrap(),
            room: 7,
            taken: Vec::new(),
        };
        source.read().unwrap();
        assert!(!source.is_news(&source.look()), "the start has read it");
        write(&text("b.key"));
        let first = source.look();
        assert!(source.is_news(&first));
        assert!(source.is_news(&source.look()), "it was not taken over");
        assert!(source.look().is_like(&first), "and is the same still");
        fs::set_permissions(path("b.key"), Permissions::from_mode(0o600)).unwrap();
        let healed = source.look();
        assert!(!healed.is_like(&first));
        source.taken_over(healed);
        assert!(!source.is_news(&source.look()));
        write("[torn");
        let torn = source.look();
        assert!(torn.config.is_err() && source.is_news(&torn));
        assert_eq!(torn.files.len(), 2, "the key matters still");
    }
}
