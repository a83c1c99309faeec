//! What the broker is told to do: one TOML file, checked whole before anything listens.
//!
//! Owns the plain data and the rules that tie its parts together. It opens no file and no socket:
//! the text comes in, and every mistake goes out at once, with file, line and key.

use std::net::SocketAddr;
use std::time::Duration;

use accredit::assertion::Subject;
use accredit::exchange::TokenEndpoint;
use accredit::oauth::ClientId;

use crate::caller_key::KeyHash;
use crate::pattern::Pattern;

mod callers;
mod connections;
mod listener;
mod overrides;
mod read;
mod reader;
mod section;
mod store;

pub use listener::{MAX_CONNECTIONS, address};
pub use overrides::{Overrides, PREFIX};
pub use read::{LENGTH_MAX, parse, parse_with, without_file};
pub use reader::{Mistake, Mistakes};

/// Everything that a configuration file says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where to listen.
    pub listener: ListenerConfig,
    /// Who can be signed in as, by name.
    pub connections: Vec<ConnectionConfig>,
    /// Who may ask.
    pub callers: Vec<CallerConfig>,
    /// What replicas share, if there are any.
    pub store: Option<StoreConfig>,
    /// What becomes of tokens when the broker ends.
    pub on_exit: OnExit,
}

/// What becomes of tokens when the broker ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExit {
    /// They are good until they end by themselves.
    #[default]
    Leave,
    /// Salesforce is told to end them.
    Revoke,
}

/// A store that replicas share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Where its URL is: `env:NAME` or a file, because it may hold a password; or the URL itself.
    pub url: String,
    /// Where the key that seals tokens is: `env:NAME` or a file.
    pub key: String,
    /// Authorities in PEM of the store's certificate; `None`: those that the system trusts.
    pub ca: Option<String>,
    /// Where the table stands in the file.
    pub place: String,
}

/// Where to listen, and which names callers may use for it.
#[derive(Clone, Debug, Default)]
pub struct ListenerConfig {
    /// The address, if the file names one.
    pub address: Option<SocketAddr>,
    /// What may stand in `Host`. Empty: on loopback its own names with the port, elsewhere any but
    /// an unspecified address.
    pub hosts: Vec<String>,
    /// A Unix socket to listen on besides the address.
    pub socket: Option<String>,
    /// What it takes to speak TLS.
    pub tls: Option<TlsConfig>,
    /// What becomes of requests that came through another proxy. `None`: refused on loopback, let
    /// through elsewhere, where a load balancer is to be expected.
    pub forwarded: Option<Forwarded>,
    /// How many connections there may be at a time. `None`: 16,384.
    pub max_connections: Option<usize>,
    /// How many of them may come from one address or one user. `None`: half of all.
    pub max_connections_per_peer: Option<usize>,
}

/// How many connections there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In all.
    pub total: usize,
    /// From one address, one network of IPv6, or one user of this machine.
    pub per_peer: usize,
}

/// Files in PEM, as the configuration names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate of the listener, and those that lead to its authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    /// The authorities of callers' certificates; `None`: callers show none.
    pub client_ca: Option<String>,
    /// Where the table stands in the file.
    pub place: String,
}

/// What becomes of requests with `X-Forwarded-For`, `Forwarded` or `Via`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// They are answered like others.
    Accept,
    /// They are refused: nothing that forwards has any business there.
    Refuse,
}

/// One identity, or one app with the users it may act for.
#[derive(Clone, Debug)]
pub struct ConnectionConfig {
    /// Its name in addresses and policies.
    pub name: String,
    /// The consumer key of the app.
    pub issuer: ClientId,
    /// Where to sign in, and the audience.
    pub endpoint: TokenEndpoint,
    /// The user to act for where a caller names none.
    pub subject: Option<Subject>,
    /// The users whom a caller may name.
    pub subjects: Vec<Pattern>,
    /// Where the key is.
    pub key: KeyPlace,
    /// How long a token is taken to live that does not say.
    pub token_lifetime: Duration,
}

/// A reference to a key, and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// As it was written.
    pub reference: String,
    /// Such as `broker.toml:7: connections.default.key`.
    pub place: String,
}

/// A program that may ask, and for what.
#[derive(Clone, Debug)]
pub struct CallerConfig {
    /// Its name in the audit log.
    pub name: String,
    /// Hashes of the keys it may show.
    pub keys: Vec<KeyHash>,
    /// Users of this machine who are this caller on a Unix socket.
    pub unix_users: Vec<u32>,
    /// Subjects of certificates (RFC 4514), letter by letter.
    pub certificate_subjects: Vec<String>,
    /// Other names in certificates, such as `URI:spiffe://example/billing` or `DNS:billing`.
    pub certificate_names: Vec<String>,
    /// Ids of Cloud Foundry apps whose instances are this caller.
    pub cf_apps: Vec<String>,
    /// What it may do.
    pub policy: Policy,
}

/// What a caller may do: all of it must allow a request.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Connections by name.
    pub connections: Vec<Pattern>,
    /// Users that it may name with `sub`; the user of the connection itself needs no mention.
    pub subjects: Vec<Pattern>,
    /// Ways of using a connection.
    pub uses: Vec<Use>,
    /// Methods of proxied requests.
    pub methods: Vec<http::Method>,
    /// Beginnings of proxied paths; each ends with a slash.
    pub paths: Vec<String>,
}

/// A way of using a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The token itself is handed out.
    Token,
    /// Requests are forwarded with the token, which the caller never sees.
    Proxy,
}

impl Policy {
    /// What somebody on this machine may do where no caller is configured: everything that a proxy
    /// forwards at all.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self {
            connections: vec![Pattern::any()],
            subjects: vec![Pattern::any()],
            uses: vec![Use::Token, Use::Proxy],
            methods: crate::proxy::METHODS.to_vec(),
            paths: vec![DEFAULT_PATH.to_owned()],
        }
    }
}

/// The REST API: what may be asked for where a policy names no path.
pub(crate) const DEFAULT_PATH: &str = "/services/data/";

#[cfg(test)]
mod tests;
