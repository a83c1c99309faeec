//! Settings that are written down: a profile, and below it the file of settings.
//!
//! Owns which settings may stand there, and the place of a layer below the environment. A layer is
//! read when the first setting is looked for in it, and what is wrong with it is told then.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, OnceLock};

use crate::env_vars::{self, Variable};
use crate::profiles::{self, Places};
use crate::settings::{Environment, Origin, ProcessEnvironment, lookup};

/// The members of a profile, and the variable with the same meaning.
pub(crate) static MEMBERS: [(&str, &Variable); 6] = [
    ("client_id", &env_vars::CLIENT_ID),
    ("username", &env_vars::USERNAME),
    ("key", &env_vars::KEY),
    ("login_url", &env_vars::LOGIN_URL),
    ("audience", &env_vars::AUDIENCE),
    ("api_version", &env_vars::API_VERSION),
];

/// The member that says what a variable says.
pub(crate) fn member_of(variable: &Variable) -> Option<&'static str> {
    MEMBERS
        .iter()
        .find(|(_, known)| known.name == variable.name)
        .map(|(member, _)| *member)
}

/// Settings by their members, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) origin: Origin,
    pub(crate) values: BTreeMap<String, String>,
}

/// The profile that is used when none is named.
const USUAL: &str = "default";

/// The environment of the process, with what is written down below it.
#[derive(Debug)]
pub(crate) struct Layered {
    flag: Option<String>,
    layers: OnceLock<Result<Vec<Layer>, String>>,
}

impl Layered {
    /// With the profile that a flag names, if one does.
    pub(crate) const fn new(flag: Option<String>) -> Self {
        Self {
            flag,
            layers: OnceLock::new(),
        }
    }

    fn load(&self) -> Result<Vec<Layer>, String> {
        let environment = ProcessEnvironment;
        let Some(places) = Places::of(&environment) else {
            return match &self.flag {
                Some(_) => Err("there is no folder for profiles: set HOME".to_owned()),
                None => Ok(Vec::new()),
            };
        };
        let variable = lookup(&environment, env_vars::PROFILE.name);
        let named = self
            .flag
            .clone()
            .or_else(|| variable.map(|name| name.to_string_lossy().into_owned()));
        let mut layers = Vec::new();
        let mut all = profiles::read(&places).map_err(|error| error.to_string())?;
        let name = named.as_deref().unwrap_or(USUAL);
        match (all.remove(name), &named) {
            (Some(values), _) => layers.push(Layer {
                origin: Origin::Profile(Arc::from(name)),
                values,
            }),
            (None, None) => {}
            (None, Some(_)) => return Err(profiles::unknown(name, &all)),
        }
        if let Some(values) = profiles::read_settings(&places).map_err(|error| error.to_string())? {
            layers.push(Layer {
                origin: Origin::File(places.settings().display().to_string().into()),
                values,
            });
        }
        Ok(layers)
    }
}

impl accredit_keys::Environment for Layered {
    fn variable(&self, name: &str) -> Option<OsString> {
        ProcessEnvironment.variable(name)
    }
}

impl Environment for Layered {
    fn layers(&self) -> Result<&[Layer], &str> {
        match self.layers.get_or_init(|| self.load()) {
            Ok(layers) => Ok(layers),
            Err(what) => Err(what),
        }
    }

    fn variables(&self, prefix: &str) -> Vec<(OsString, OsString)> {
        ProcessEnvironment.variables(prefix)
    }

    fn names_a_profile(&self) -> bool {
        self.flag.is_some()
    }
}
