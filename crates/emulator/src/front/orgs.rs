//! The orgs of one process.
//!
//! Owns their names and My Domains; no two are the same. The first org cannot be removed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use serde::{Deserialize, Serialize};

use crate::app::{App, Settings, Setup};
use crate::audience::Environment;
use crate::grant::Lookup as _;
use crate::ids::RecordId;
use crate::mode::Mode;
use crate::org::Seed;
use crate::proxy::label;
use crate::requests::Who;
use crate::table::org_routes;

/// The most orgs of one process.
const ORGS_MAX: usize = 64;

/// The longest name of an org.
const NAME_MAX: usize = 40;

/// The name of the org that is always there.
const FIRST: &str = "default";

/// The orgs of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Front(Arc<Shared>);

struct Shared {
    first: Entry,
    others: RwLock<BTreeMap<String, Entry>>,
    /// What programs must find in their environment to get here.
    variables: RwLock<Vec<(String, String)>>,
}

/// One org and what answers for it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) app: App,
    pub(crate) router: Router,
}

/// Another org, as it is made: every member but the name may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOrg {
    /// Its name in paths: lower-case letters, digits and hyphens.
    pub name: String,
    /// The host of its My Domain; drawn from the name if absent.
    #[serde(default)]
    pub my_domain: Option<String>,
    /// Production or sandbox.
    #[serde(default)]
    pub environment: Environment,
    /// How assertions are judged.
    #[serde(default)]
    pub mode: Mode,
    /// What it holds at first.
    #[serde(default)]
    pub seed: Seed,
}

impl NewOrg {
    /// An org like the first one, with a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            my_domain: None,
            environment: Environment::default(),
            mode: Mode::default(),
            seed: Seed::default(),
        }
    }
}

/// Why an org was not made; the text says what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgRefused(String);

impl fmt::Display for OrgRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OrgRefused {}

impl Front {
    /// A front with one org.
    pub(crate) fn new(app: App) -> Self {
        Self(Arc::new(Shared {
            first: Entry {
                name: FIRST.into(),
                router: org_routes(app.clone()),
                app,
            },
            others: RwLock::default(),
            variables: RwLock::default(),
        }))
    }

    pub(crate) fn first(&self) -> Entry {
        self.0.first.clone()
    }

    /// All orgs, the first one first, the others by name.
    pub(crate) fn all(&self) -> Vec<Entry> {
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        let first = std::iter::once(&self.0.first);
        first.chain(others.values()).cloned().collect()
    }

    pub(super) fn is_alone(&self) -> bool {
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        others.is_empty()
    }

    /// The org with a name.
    pub(crate) fn named(&self, name: &str) -> Option<Entry> {
        if name == FIRST {
            return Some(self.first());
        }
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        others.get(name).cloned()
    }

    /// Makes an org, in memory. Requests to the others are answered while its records are planted.
    pub(crate) fn add(&self, org: NewOrg) -> Result<Entry, OrgRefused> {
        let my_domain = checked(&org)?;
        let id = RecordId::of_org(&org.name);
        {
            let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
            self.check_room(&others, (&org.name, &my_domain, &id))?;
        }
        let setup = Setup {
            my_domain,
            id,
            seed: org.seed,
        };
        let settings = Settings {
            mode: org.mode,
            environment: org.environment,
            ..Settings::default()
        };
        let app = self
            .0
            .first
            .app
            .another(setup, settings)
            .map_err(|error| OrgRefused(format!("the org could not be made: {error}")))?;
        let entry = Entry {
            name: org.name.as_str().into(),
            router: org_routes(app.clone()),
            app,
        };
        let mut others = self
            .0
            .others
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Another may have been made meanwhile.
        let app = &entry.app;
        self.check_room(&others, (&entry.name, app.my_domain(), app.org().id()))?;
        others.insert(org.name, entry.clone());
        Ok(entry)
    }

    /// Says whether there is room among the others for an org with this name, My Domain and id.
    fn check_room(
        &self,
        others: &BTreeMap<String, Entry>,
        (name, my_domain, id): (&str, &str, &RecordId),
    ) -> Result<(), OrgRefused> {
        let is_taken = |entry: &Entry| {
            *entry.name == *name || entry.app.my_domain() == my_domain || entry.app.org().id() == id
        };
        let mut all = std::iter::once(&self.0.first).chain(others.values());
        if all.any(is_taken) {
            let text = "an org with this name or My Domain is there already";
            return Err(OrgRefused(text.to_owned()));
        }
        if others.len() + 1 >= ORGS_MAX {
            return Err(OrgRefused(format!(
                "there are {ORGS_MAX} orgs, expected fewer"
            )));
        }
        Ok(())
    }

    /// Removes an org. `false` if there is none with this name, or it is the first.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut others = self
            .0
            .others
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        others.remove(name).is_some()
    }

    /// The org that a host names.
    pub(super) fn at_host(&self, host: &str) -> Option<Entry> {
        if let Some(name) = host.strip_suffix(".localhost") {
            return self.named(name);
        }
        let label = label(host);
        let is_it = |entry: &&Entry| {
            let my_domain = entry.app.my_domain();
            my_domain == host || (label.is_some() && label == crate::proxy::label(my_domain))
        };
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::iter::once(&self.0.first).chain(others.values());
        all.find(is_it).cloned()
    }

    /// The org that gave out a token: it begins with the org's id.
    pub(super) fn of_token(&self, token: &str) -> Option<Entry> {
        let (id, _) = token.split_once('!')?;
        let is_it = |entry: &&Entry| entry.app.org().id().short() == id;
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::iter::once(&self.0.first).chain(others.values());
        all.find(is_it).cloned()
    }

    /// The org that a sign-in at a shared login host is for: the one that has the app and the user,
    /// the app, or at least belongs to this host.
    pub(super) fn for_sign_in(&self, host: &str, names: &Who) -> Entry {
        let rank = |entry: &Entry| {
            let directory = entry.app.directory();
            let has = |name: &Option<Arc<str>>, knows: &dyn Fn(&str) -> bool| {
                name.as_deref().is_some_and(knows)
            };
            let environment = entry.app.settings().environment;
            (
                environment.login_origin().ends_with(&format!("/{host}")),
                has(&names.client_id, &|id| directory.client(id).is_some()),
                has(&names.username, &|name| directory.user(name).is_some()),
            )
        };
        let first = self.first();
        let mut best = (rank(&first), first);
        for entry in self.all() {
            let found = rank(&entry);
            if found > best.0 {
                best = (found, entry);
            }
        }
        best.1
    }

    /// What programs must find in their environment to get here.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let variables = self.0.variables.read();
        variables.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_variables(&self, to: Vec<(String, String)>) {
        let variables = self.0.variables.write();
        *variables.unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Front")
    }
}

/// Checks a definition and gives the host of the My Domain.
fn checked(org: &NewOrg) -> Result<String, OrgRefused> {
    let is_name_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (1..=NAME_MAX).contains(&org.name.len()) && org.name.bytes().all(is_name_byte);
    if !is_name || org.name.starts_with('-') || org.name.ends_with('-') {
        return Err(OrgRefused(format!(
            "{:?} is no name, expected at most {NAME_MAX} lower-case letters, digits and hyphens",
            org.name
        )));
    }
    let Some(my_domain) = &org.my_domain else {
        let kind = match org.environment {
            Environment::Production => "",
            Environment::Sandbox => ".sandbox",
        };
        return Ok(format!("{}{kind}.my.salesforce.com", org.name));
    };
    let my_domain = my_domain.to_ascii_lowercase();
    if !my_domain.ends_with(".my.salesforce.com") || label(&my_domain).is_none() {
        return Err(OrgRefused(format!(
            "{my_domain:?} is no My Domain, expected a host like acme.my.salesforce.com"
        )));
    }
    Ok(my_domain)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::OnceLock;
    use std::time::Duration;

    use accredit::clock::{Clock, UnixTime};

    use super::*;
    use crate::Emulator;

    /// A clock that is asked while an org is planted, and makes another org of its name then.
    #[derive(Debug, Default)]
    struct Rival {
        front: OnceLock<Front>,
        made: OnceLock<bool>,
    }

    impl Clock for Rival {
        fn now(&self) -> UnixTime {
            if let (Some(front), None) = (self.front.get(), self.made.get()) {
                let is_free = front.0.others.try_write().is_ok();
                self.made.set(is_free).unwrap();
                if is_free {
                    front.add(rival()).unwrap();
                }
            }
            UnixTime::from_secs(0)
        }

        fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(std::future::ready(()))
        }
    }

    fn rival() -> NewOrg {
        NewOrg {
            seed: Seed::Empty,
            ..NewOrg::named("acme")
        }
    }

    #[test]
    fn an_org_is_made_while_others_are_asked_and_the_first_of_a_name_stays() {
        let clock = Arc::new(Rival::default());
        let builder = Emulator::builder().seed(Seed::Empty);
        let app = builder.clock(Arc::clone(&clock) as _).open().unwrap();
        let front = Front::new(app);
        assert!(clock.front.set(front.clone()).is_ok());
        let refused = front.add(rival()).unwrap_err();
        assert_eq!(clock.made.get(), Some(&true));
        assert!(refused.to_string().contains("there already"), "{refused}");
        assert_eq!(front.all().len(), 2);
    }
}
