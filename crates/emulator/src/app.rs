//! What a request handler may use: [`App`]. What is answered by whom is in `table`.

mod whole;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use accredit::clock::{Clock, UnixTime};
use accredit::oauth::ClientId;
use accredit::random::Random;
use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::audience::{Audiences, Environment};
use crate::clock::OrgClock;
use crate::deploy::Deployments;
use crate::directory::{Directory, DirectoryError, NewApp, NewUser, Switch, UserRecord};
use crate::faults::Faults;
use crate::grant::{Reached, Situation};
use crate::ids::RecordId;
use crate::journal::Journal;
use crate::management::{self, Access};
use crate::mode::Mode;
use crate::org::bulk::Pace;
use crate::org::{CALLS_MAX, Org, OrgError, Seed, UserDetails};
use crate::origin::Origin;
use crate::requests::Requests;
use crate::store::{Place, Store};

/// What the emulator is, shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    directory: Directory,
    org: Org,
    setup: Setup,
    settings: RwLock<Settings>,
    clock: OrgClock,
    random: Arc<dyn Random>,
    journal: Journal,
    requests: Requests,
    faults: Faults,
    deployments: Deployments,
    access: Arc<Access>,
    /// The addresses that the process listens on: the same for all its orgs.
    bound: Arc<RwLock<Vec<SocketAddr>>>,
    /// The `Date` header of the second that it was last asked for.
    date: Mutex<(u64, HeaderValue)>,
}

/// What never changes while the emulator runs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The host of the org's My Domain.
    pub(crate) my_domain: String,
    pub(crate) id: RecordId,
    pub(crate) seed: Seed,
}

/// What can be changed about the org while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) environment: Environment,
    /// On: external client apps are not found through the shared login hosts, as since Spring '26.
    pub(crate) spring26: Switch,
    /// Sign-ins per user and hour.
    pub(crate) login_limit: u32,
    /// Calls of the REST API in a day.
    pub(crate) request_limit: u64,
    /// How many looks at a bulk job it takes until it is complete.
    #[serde(default)]
    pub(crate) bulk_pace: Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            environment: Environment::default(),
            spring26: Switch::On,
            login_limit: 3_600,
            bulk_pace: Pace::default(),
            request_limit: CALLS_MAX,
        }
    }
}

/// The parts that an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<Store>,
    pub(crate) setup: Setup,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) access: Arc<Access>,
}

impl App {
    /// Opens the org and, if it is empty, seeds it.
    pub(crate) fn open(parts: Parts) -> Result<Self, OpenError> {
        Self::listening(parts, Arc::default())
    }

    /// Opens an org in memory beside this one.
    pub(crate) fn another(&self, setup: Setup, settings: Settings) -> Result<Self, OpenError> {
        let store = Store::open(&Place::Memory).map_err(|error| OpenError::Org(error.into()))?;
        let parts = Parts {
            store: Arc::new(store),
            setup,
            settings,
            clock: self.0.clock.base(),
            random: Arc::clone(&self.0.random),
            access: Arc::clone(&self.0.access),
        };
        Self::listening(parts, Arc::clone(&self.0.bound))
    }

    fn listening(parts: Parts, bound: Arc<RwLock<Vec<SocketAddr>>>) -> Result<Self, OpenError> {
        let clock = OrgClock::new(parts.clock);
        let (id, seed) = (parts.setup.id.clone(), parts.setup.seed);
        let org =
            Org::new(Arc::clone(&parts.store), id, (seed, clock.now())).map_err(OpenError::Org)?;
        let directory = Directory::open(parts.store, org.id()).map_err(OpenError::Directory)?;
        let app = Self(Arc::new(Shared {
            directory,
            org,
            setup: parts.setup,
            settings: RwLock::new(parts.settings),
            clock,
            random: parts.random,
            journal: Journal::default(),
            requests: Requests::default(),
            faults: Faults::default(),
            deployments: Deployments::default(),
            access: parts.access,
            bound,
            date: Mutex::new((u64::MAX, HeaderValue::from_static(""))),
        }));
        app.adopt_users().map_err(OpenError::Directory)?;
        Ok(app)
    }

    /// Lets the users whose records the org has sign in. The records of those who were removed are
    /// not active.
    fn adopt_users(&self) -> Result<(), DirectoryError> {
        self.0.directory.adopt(self.0.org.users()?)
    }

    /// Makes the directory say of users what their records say.
    pub(crate) fn follow_users(&self) -> Result<(), DirectoryError> {
        for user in self.0.org.users()? {
            self.0.directory.follow(user)?;
        }
        Ok(())
    }

    /// Registers an app, and gives its client id.
    ///
    /// # Errors
    /// [`DirectoryError::Unfit`] if a certificate cannot be used or the client id is taken.
    pub fn add_app(&self, app: NewApp) -> Result<ClientId, DirectoryError> {
        self.0.directory.add_app(app, self.random())
    }

    /// Makes a user and the record that shows it.
    ///
    /// # Errors
    /// [`DirectoryError::Unfit`] if the username is unfit or taken.
    pub fn add_user(&self, user: NewUser) -> Result<UserRecord, DirectoryError> {
        self.0.directory.new_user(user, |record| {
            let details = UserDetails {
                username: record.username.clone(),
                first_name: Some(record.first_name.clone()).filter(|name| !name.is_empty()),
                last_name: record.last_name.clone(),
                email: record.email.clone(),
                profile: record.profile.clone(),
                is_active: record.is_active,
            };
            Ok(self.0.org.insert_user(&details, self.now())?)
        })
    }

    /// Changes a user and the record that shows it. `false` if there is no such user.
    pub(crate) fn change_user(&self, username: &str, to: NewUser) -> Result<bool, DirectoryError> {
        let Some(record) = self.0.directory.change_user(username, to)? else {
            return Ok(false);
        };
        self.0.org.update_user(&record, self.now())?;
        Ok(true)
    }

    /// Lets a user sign in no more. The record stays, inactive, as in an org, where users are never
    /// deleted. `false` if there is no such user.
    pub(crate) fn remove_user(&self, username: &str) -> Result<bool, DirectoryError> {
        let Some(record) = self.0.directory.remove_user(username)? else {
            return Ok(false);
        };
        self.0.org.update_user(
            &UserRecord {
                is_active: false,
                ..record
            },
            self.now(),
        )?;
        Ok(true)
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// The host of the org's My Domain.
    pub(crate) fn my_domain(&self) -> &str {
        &self.0.setup.my_domain
    }

    pub(crate) fn org(&self) -> &Org {
        &self.0.org
    }

    pub(crate) fn clock(&self) -> &OrgClock {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.0.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.0.random.as_ref()
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.0.requests
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(crate) fn deployments(&self) -> &Deployments {
        &self.0.deployments
    }

    pub(crate) fn access(&self) -> &Access {
        &self.0.access
    }

    pub(crate) fn settings(&self) -> Settings {
        *self
            .0
            .settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the settings. They last until the emulator ends: a database does not keep them.
    pub(crate) fn change_settings(&self, to: Settings) {
        self.0.org.set_request_limit(to.request_limit);
        *self
            .0
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// The addresses that the emulator listens on, once it does.
    pub(crate) fn bound(&self) -> Vec<SocketAddr> {
        let bound = self.0.bound.read();
        bound.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells of an address that the emulator listens on.
    pub(crate) fn add_bound(&self, address: SocketAddr) {
        let mut bound = self.0.bound.write().unwrap_or_else(PoisonError::into_inner);
        if !bound.contains(&address) {
            bound.push(address);
        }
    }

    /// What the org is for a request that came to `origin`.
    pub(crate) fn situation(&self, origin: &Origin) -> Situation {
        let settings = self.settings();
        let my_domain = format!("https://{}", self.0.setup.my_domain);
        let mut own = Vec::with_capacity(2);
        // In strict mode it does not suffice that the client says so: the host must be known as
        // ours.
        let is_believed =
            settings.mode == Mode::Salesforce || management::is_own_host(self, origin.authority());
        if is_believed && !origin.is_shared() && origin.as_str() != my_domain {
            own.push(origin.as_str().to_owned());
        }
        own.push(my_domain);
        let host = origin.authority();
        let is_my_domain = host == self.0.setup.my_domain || host.ends_with(".my.salesforce.com");
        Situation {
            audiences: Audiences {
                environment: settings.environment,
                own,
            },
            reached: if is_my_domain {
                Reached::MyDomain
            } else {
                Reached::Elsewhere
            },
            spring_26: settings.spring26,
        }
    }

    /// Where the REST API is for a client that came to `origin`.
    pub(crate) fn instance_url(&self, origin: &Origin) -> String {
        if origin.is_shared() {
            return format!("https://{}", self.0.setup.my_domain);
        }
        origin.as_str().to_owned()
    }

    /// The present second as a `Date` header (RFC 9110 §5.6.7).
    pub(crate) fn date(&self) -> HeaderValue {
        let now = self.now().as_secs();
        let mut last = self.0.date.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != now {
            let text = i64::try_from(now)
                .ok()
                .and_then(|now| jiff::Timestamp::from_second(now).ok())
                .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
                .unwrap_or_default();
            let value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
            *last = (now, value);
        }
        last.1.clone()
    }
}

/// Why an org could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Org(OrgError),
    Directory(DirectoryError),
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("org", &self.0.org)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Org(error) => error.fmt(f),
            Self::Directory(error) => error.fmt(f),
        }
    }
}
