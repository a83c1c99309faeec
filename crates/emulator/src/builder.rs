//! Starting an emulator in this process.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use accredit::clock::{Clock, SystemClock};
use accredit::random::{Random, SystemRandom};
use accredit::secret::Secret;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::{App, Parts, Settings, Setup};
use crate::audience::Environment;
use crate::front::Front;
use crate::management::{Access, KEY_MIN};
use crate::mode::Mode;
use crate::org::{Seed, first_id};
use crate::proxy::Proxy;
use crate::running::Emulator;
use crate::server::{self, Door};
use crate::start_error::StartError;
use crate::store::{Place, Store};
use crate::tls::{Authority, Tls};

/// The My Domain of the org, unless another is chosen.
const MY_DOMAIN: &str = "accredit.my.salesforce.com";

/// How an emulator is to be. Made by [`Emulator::builder`].
pub struct Builder {
    address: SocketAddr,
    place: Place,
    settings: Settings,
    my_domain: String,
    seed: Seed,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    access: Access,
    authority: Option<Authority>,
    proxy: Option<SocketAddr>,
}

impl Emulator {
    /// Describes an emulator: on a free port of loopback, in memory, lenient as Salesforce, unless
    /// told otherwise.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            place: Place::Memory,
            settings: Settings::default(),
            my_domain: MY_DOMAIN.to_owned(),
            seed: Seed::Sample,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            access: Access::default(),
            authority: None,
            proxy: None,
        }
    }
}

impl Builder {
    /// Where to listen; port 0 takes a free one.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Where to keep the org.
    #[must_use]
    pub fn place(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// How to judge assertions.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// Whether the org is a production org or a sandbox.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.settings.environment = environment;
        self
    }

    /// How often a user may sign in within an hour.
    #[must_use]
    pub fn login_limit(mut self, limit: u32) -> Self {
        self.settings.login_limit = limit;
        self
    }

    /// The host of the org's My Domain, in lower case.
    #[must_use]
    pub fn my_domain(self, host: impl Into<String>) -> Self {
        Self {
            my_domain: host.into().to_ascii_lowercase(),
            ..self
        }
    }

    /// What the org holds at first.
    #[must_use]
    pub fn seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// Where time comes from.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Where tokens are drawn from.
    #[must_use]
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// What callers of the management API must show, 16 characters or more. Without a key it
    /// answers loopback only.
    #[must_use]
    pub fn management_key(mut self, key: Secret<String>) -> Self {
        self.access.key = Some(key);
        self
    }

    /// Lets the management API be asked under another `Host`, such as `emulator:8080`; with a
    /// [`management_key`](Self::management_key) it may be asked under any. What is below
    /// `.localhost` is the name of an org, whatever is allowed.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.access.hosts.push(host.into());
        self
    }

    /// Speaks TLS as well, at the same address, with certificates that `authority` signs.
    #[must_use]
    pub fn tls(self, authority: Authority) -> Self {
        Self {
            authority: Some(authority),
            ..self
        }
    }

    /// Listens at `address` as a proxy that answers Salesforce's hosts and refuses all others; port
    /// 0 takes a free one. Without [`tls`](Self::tls) an authority is made that ends with the
    /// emulator.
    #[must_use]
    pub fn proxy(self, address: SocketAddr) -> Self {
        Self {
            proxy: Some(address),
            ..self
        }
    }

    /// Opens the org without serving it, for tests that call [`routes`](crate::routes).
    ///
    /// # Errors
    /// [`StartError::Store`] or [`StartError::Directory`] if the database cannot be used,
    /// [`StartError::ManagementKey`] if the key is too short.
    pub fn open(self) -> Result<App, StartError> {
        let key = self.access.key.as_ref();
        if key.is_some_and(|key| key.expose().trim().chars().count() < KEY_MIN) {
            return Err(StartError::ManagementKey);
        }
        let store = Store::open(&self.place).map_err(StartError::Store)?;
        App::open(Parts {
            store: Arc::new(store),
            setup: Setup {
                my_domain: self.my_domain,
                id: first_id(),
                seed: self.seed,
            },
            settings: self.settings,
            clock: self.clock,
            random: self.random,
            access: Arc::new(self.access),
        })
        .map_err(|error| StartError::of(error, &self.place))
    }

    /// Opens the org and serves it.
    ///
    /// # Errors
    /// [`StartError`] says what is in the way.
    pub async fn start(mut self) -> Result<Emulator, StartError> {
        let (listener, address) = bind(self.address).await?;
        let proxy = match self.proxy {
            Some(wanted) => Some(bind(wanted).await?),
            None => None,
        };
        let tls = self.take_tls(address)?;
        let app = self.open()?;
        app.add_bound(address);
        let front = Front::new(app.clone());
        let (stop, stopped) = watch::channel(());
        let mut servers = JoinSet::new();
        let mut serve = |listener, door| {
            let stop = end(stopped.clone());
            servers.spawn(server::serve(listener, front.clone(), door, stop));
        };
        let authority = tls.as_ref().map(|tls| Arc::clone(tls.authority()));
        let proxy_address = proxy.as_ref().map(|(_, address)| *address);
        if let (Some((listener, _)), Some(tls)) = (proxy, &tls) {
            serve(listener, Door::Proxy(Proxy::new(tls.clone(), address)));
        }
        serve(listener, tls.map_or(Door::Plain, Door::Tls));
        Ok(Emulator {
            app,
            address,
            front,
            authority,
            proxy: proxy_address,
            stop,
            servers,
        })
    }

    fn take_tls(&mut self, address: SocketAddr) -> Result<Option<Tls>, StartError> {
        let authority = match self.authority.take() {
            Some(authority) => authority,
            None if self.proxy.is_some() => {
                Authority::generate(self.clock.now()).map_err(StartError::Authority)?
            }
            None => return Ok(None),
        };
        let clock = Arc::clone(&self.clock);
        Tls::new(Arc::new(authority), address.ip(), clock)
            .map(Some)
            .map_err(StartError::Authority)
    }
}

/// Completes once nobody is left who could say that the server is to go on.
async fn end(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

async fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = TcpListener::bind(wanted)
        .await
        .map_err(|error| refuse_listen(wanted, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::Listen(wanted, error))?;
    Ok((listener, address))
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut builder = f.debug_struct("Builder");
        builder
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn refuse_listen(address: SocketAddr, error: io::Error) -> StartError {
    if error.kind() == io::ErrorKind::AddrInUse {
        return StartError::AddressInUse(address);
    }
    StartError::Listen(address, error)
}
