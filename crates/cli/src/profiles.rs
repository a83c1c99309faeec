//! Profiles on disk: who signs in where, under a name.
//!
//! Owns the file of profiles (mode 0600, with the number of its form) and the file of settings
//! beside it. A change is made under a lock, written beside the file and put in its place at once:
//! one that fails or is interrupted leaves the old file as it was. No key and no token stands in
//! them, only where a key is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::env_vars;
use crate::error::CliError;
use crate::files;
use crate::interrupt;
use crate::own_files;
use crate::settings::layer::MEMBERS;
use crate::settings::{Environment, lookup};

/// The form of the files.
const VERSION: u32 = 1;

/// The longest file, in bytes.
const FILE_LENGTH_MAX: u64 = 1024 * 1024;

/// The longest name of a profile, in bytes.
const NAME_LENGTH_MAX: usize = 64;

/// The settings of one profile, by member.
pub(crate) type Values = BTreeMap<String, String>;

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    profiles: BTreeMap<String, Values>,
}

/// What the file of settings holds.
#[derive(Deserialize)]
struct Settings {
    version: u32,
    #[serde(flatten)]
    values: Values,
}

/// The folder of the files.
#[derive(Clone, Debug)]
pub(crate) struct Places(PathBuf);

impl Places {
    /// `ACCREDIT_CONFIG_DIR`, else `accredit` below the usual folder; `None` without a home.
    pub(crate) fn of(environment: &dyn Environment) -> Option<Self> {
        if let Some(own) = lookup(environment, env_vars::CONFIG_DIR.name) {
            return Some(Self(PathBuf::from(own)));
        }
        let place = |name: &str| {
            lookup(environment, name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        place("XDG_CONFIG_HOME")
            .or_else(|| place("HOME").map(|home| home.join(".config")))
            .map(|base| Self(base.join("accredit")))
    }

    /// The file of profiles.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.0.join("profiles.json")
    }

    /// The file of settings.
    pub(crate) fn settings(&self) -> PathBuf {
        self.0.join("settings.json")
    }
}

/// Reads every profile; none if there is no file.
pub(crate) fn read(places: &Places) -> Result<BTreeMap<String, Values>, CliError> {
    let path = places.profiles();
    let Some(bytes) = bytes(&path)? else {
        return Ok(BTreeMap::new());
    };
    let document: Document = parse(&path, &bytes)?;
    check_version(&path, document.version)?;
    for (name, values) in &document.profiles {
        check_members(&path, &format!("the profile {name}"), values)?;
    }
    Ok(document.profiles)
}

/// Reads the file of settings, if there is one.
pub(crate) fn read_settings(places: &Places) -> Result<Option<Values>, CliError> {
    let path = places.settings();
    let Some(bytes) = bytes(&path)? else {
        return Ok(None);
    };
    let settings: Settings = parse(&path, &bytes)?;
    check_version(&path, settings.version)?;
    check_members(&path, "it", &settings.values)?;
    Ok(Some(settings.values))
}

/// Changes the profiles, or leaves all as it was.
pub(crate) fn change(
    places: &Places,
    edit: impl FnOnce(&mut BTreeMap<String, Values>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let path = places.profiles();
    let unwritable = |error| files::unwritable(&path, error);
    own_files::make_folder(&places.0).map_err(unwritable)?;
    let lock =
        own_files::lock(&places.0.join("profiles.lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                CliError::other("another process is changing the profiles")
            }
            _ => unwritable(error),
        })?;
    let mut profiles = read(places)?;
    edit(&mut profiles)?;
    let document = Document {
        version: VERSION,
        profiles,
    };
    let mut text = serde_json::to_string_pretty(&document)
        .map_err(|error| CliError::other("the profiles make no JSON").with_source(error))?;
    text.push('\n');
    interrupt::undisturbed(|| own_files::replace(&lock, &path, text.as_bytes())).map_err(unwritable)
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, CliError> {
    match files::read(path, FILE_LENGTH_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(CliError::settings(format!(
            "{} could not be read: {error}",
            path.display()
        ))),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, bytes: &'a [u8]) -> Result<T, CliError> {
    serde_json::from_slice(bytes).map_err(|error| {
        CliError::settings(format!(
            "{} is damaged at line {}, column {}: expected an object with version, and members \
             that are texts",
            path.display(),
            error.line(),
            error.column()
        ))
    })
}

fn check_version(path: &Path, version: u32) -> Result<(), CliError> {
    if version == VERSION {
        return Ok(());
    }
    Err(CliError::settings(format!(
        "{} has version {version}, expected {VERSION}: another accredit has written it",
        path.display()
    )))
}

fn check_members(path: &Path, whose: &str, values: &Values) -> Result<(), CliError> {
    let unknown = values
        .keys()
        .find(|name| !MEMBERS.iter().any(|(member, _)| member == name));
    match unknown {
        None => Ok(()),
        Some(name) => Err(CliError::settings(format!(
            "{}: {whose} has a member {name:?}, expected only {}",
            path.display(),
            MEMBERS.map(|(member, _)| member).join(", ")
        ))),
    }
}

/// Refuses a name that is hard to type or to tell from a flag.
pub(crate) fn check_name(name: &str) -> Result<(), CliError> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && name.len() <= NAME_LENGTH_MAX && name.bytes().all(is_fit) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "the name of a profile has 1 to {NAME_LENGTH_MAX} letters, digits and . _ @ -, and begins \
         with a letter or a digit"
    )))
}

/// What to say of a name that no profile has.
pub(crate) fn unknown(name: &str, all: &BTreeMap<String, Values>) -> String {
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    if names.is_empty() {
        format!("there is no profile {name:?}, and no other one")
    } else {
        format!(
            "there is no profile {name:?}; there are {}",
            names.join(", ")
        )
    }
}
