//! An emulator that runs in this process.
//!
//! Owns the handle: where it is reached, what it is told, and its end. How it is to be is said to
//! the [`Builder`](crate::Builder).

use std::net::SocketAddr;
use std::sync::Arc;

use accredit::oauth::ClientId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::directory::{DirectoryError, NewApp, NewUser, UserRecord};
use crate::front::{Front, NewOrg, OrgRefused};
use crate::tls::Authority;

/// A local org that is being served. Dropping it ends it at once; [`shutdown`](Self::shutdown) lets
/// requests finish.
#[derive(Debug)]
pub struct Emulator {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) front: Front,
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) proxy: Option<SocketAddr>,
    pub(crate) stop: watch::Sender<()>,
    pub(crate) servers: JoinSet<()>,
}

impl Emulator {
    /// The base URL, without a slash at the end: login URL, audience and instance URL at once.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL over TLS, if it is spoken: for those who trust
    /// [`certificate_pem`](Self::certificate_pem).
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        let authority = self.authority.as_ref();
        authority.map(|_| format!("https://{}", self.address))
    }

    /// The URL of the proxy, if there is one: for `HTTPS_PROXY`.
    #[must_use]
    pub fn proxy_url(&self) -> Option<String> {
        self.proxy.map(|address| format!("http://{address}"))
    }

    /// The certificate of the authority that vouches for every host, if TLS is spoken, as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.authority.as_deref().map(Authority::certificate_pem)
    }

    /// Makes an org of its own beside the first, in memory. It is asked at its My Domain, at
    /// `http://NAME.localhost`, or below `/orgs/NAME`.
    ///
    /// # Errors
    /// [`OrgRefused`] if name or My Domain are unfit or taken, or there are too many orgs.
    pub fn add_org(&self, org: NewOrg) -> Result<App, OrgRefused> {
        self.front.add(org).map(|entry| entry.app)
    }

    /// Says which environment variables lead programs here; `/_emulator/env` tells them.
    pub fn set_variables(&self, variables: Vec<(String, String)>) {
        self.front.set_variables(variables);
    }

    /// What requests to the first org are answered with.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Registers an app, and gives its client id.
    ///
    /// # Errors
    /// [`DirectoryError::Unfit`] if a certificate cannot be used or the client id is taken.
    pub fn add_app(&self, app: NewApp) -> Result<ClientId, DirectoryError> {
        self.app.add_app(app)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`DirectoryError::Unfit`] if the username is unfit or taken.
    pub fn add_user(&self, user: NewUser) -> Result<UserRecord, DirectoryError> {
        self.app.add_user(user)
    }

    /// Stops listening, lets requests finish, and writes what is still to be written.
    pub async fn shutdown(mut self) {
        drop(self.stop);
        while let Some(ended) = self.servers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the server ended badly");
            }
        }
        self.app.directory().flush();
    }
}
