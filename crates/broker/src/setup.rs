//! What one configuration comes to: connections with their keys, callers, rules.
//!
//! Owns the step from plain data to what requests are answered with. A setup is never changed: a
//! new configuration makes a new one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use accredit::BoxFuture;
use accredit::clock::UnixTime;
use accredit::error::Error;

use crate::caller::Callers;
use crate::config::{
    Config, ConnectionConfig, ConnectionLimits, Mistake, Mistakes, OnExit, TlsConfig,
};
use crate::exposure::{ChosenBy, Rules};
use crate::failure::Failure;
use crate::key_source::{HeldKey, KeySource};
use crate::session::{Session, World};
use crate::sessions::{Sessions, User};
use crate::tls::{Tls, TlsFiles};

/// The connection that is meant where none is named.
pub(crate) const DEFAULT: &str = "default";

/// How many keys are read at the same time.
const KEYS_AT_ONCE: usize = 16;

/// Whether the report shows secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// Never.
    #[default]
    Never,
    /// To callers that may have the token.
    ToCallers,
}

/// A connection whose key is there.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) config: ConnectionConfig,
    pub(crate) key: HeldKey,
    own: Option<Arc<Session>>,
}

/// Everything that a request is answered with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) connections: BTreeMap<String, Connection>,
    pub(crate) callers: Callers,
    pub(crate) rules: Rules,
    pub(crate) reveal: Reveal,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: ConnectionLimits,
    pub(crate) on_exit: OnExit,
}

/// How a listener came to be, and what it may show.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The address that is bound.
    pub address: SocketAddr,
    /// Who chose it.
    pub chosen_by: ChosenBy,
    /// Whether the report shows secrets.
    pub reveal: Reveal,
}

async fn read_tls(files: &TlsConfig, keys: &dyn KeySource) -> Result<Tls, Error> {
    Tls::new(&TlsFiles {
        certificate: keys.file(&files.certificate).await?,
        key: keys.file(&files.key).await?,
        client_ca: match &files.client_ca {
            Some(path) => Some(keys.file(path).await?),
            None => None,
        },
    })
}

/// Reads the keys of all connections, some at a time: each may have to be asked for elsewhere.
async fn load_all(
    connections: &[ConnectionConfig],
    keys: &dyn KeySource,
) -> Vec<Result<HeldKey, Error>> {
    let mut loaded = Vec::with_capacity(connections.len());
    for some in connections.chunks(KEYS_AT_ONCE) {
        let loading = some.iter().map(|one| keys.load(&one.key.reference));
        loaded.extend(all(loading.collect()).await);
    }
    loaded
}

/// Waits for all of them at the same time.
async fn all<T>(mut pending: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (slot, future) in done.iter_mut().zip(&mut pending) {
            if slot.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *slot = Some(value);
            }
        }
        match done.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

fn told_with_source(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl Setup {
    /// Reads every key and ties everything together.
    ///
    /// # Errors
    /// Every key that cannot be read, with its place in the file, and an address that may not be
    /// listened on.
    pub(crate) async fn build(
        config: &Config,
        listening: Listening,
        keys: &dyn KeySource,
        sessions: &Sessions,
        world: &World,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut connections = BTreeMap::new();
        let loaded = load_all(&config.connections, keys).await;
        for (connection, loaded) in config.connections.iter().zip(loaded) {
            match loaded {
                Ok(key) => {
                    let built = Connection::new(connection.clone(), key, sessions, world);
                    connections.insert(connection.name.clone(), built);
                }
                Err(error) => mistakes.push(Mistake {
                    place: connection.key.place.clone(),
                    what: error.to_string(),
                }),
            }
        }
        let tls = match &config.listener.tls {
            None => None,
            Some(files) => match read_tls(files, keys).await {
                Ok(tls) => Some(tls),
                Err(error) => {
                    mistakes.push(Mistake {
                        place: files.place.clone(),
                        what: told_with_source(&error),
                    });
                    None
                }
            },
        };
        let rules = Rules::new(config, listening.address, listening.chosen_by);
        match rules {
            Ok(rules) if mistakes.is_empty() => Ok(Self {
                connections,
                callers: Callers::new(&config.callers),
                rules,
                reveal: listening.reveal,
                tls,
                limits: config.listener.limits(),
                on_exit: config.on_exit,
            }),
            Ok(_) => Err(Mistakes(mistakes)),
            Err(error) => {
                mistakes.push(Mistake {
                    place: "listener".to_owned(),
                    what: error.to_string(),
                });
                Err(Mistakes(mistakes))
            }
        }
    }

    /// What the addresses of the listener begin with.
    pub(crate) const fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }

    /// The connection with this name.
    pub(crate) fn connection(&self, name: &str) -> Result<&Connection, Failure> {
        self.connections.get(name).ok_or_else(|| {
            Failure::new(
                http::StatusCode::NOT_FOUND,
                "no_such_connection",
                format!("no connection is called {name}"),
            )
        })
    }

    /// The connection that is meant where none is named: the one called `default`, or the only one.
    pub(crate) fn default_connection(&self) -> Option<(&str, &Connection)> {
        let only = || {
            self.connections
                .iter()
                .next()
                .filter(|_| self.connections.len() == 1)
        };
        self.connections
            .get_key_value(DEFAULT)
            .or_else(only)
            .map(|(name, connection)| (name.as_str(), connection))
    }
}

impl Connection {
    pub(crate) fn new(
        config: ConnectionConfig,
        key: HeldKey,
        sessions: &Sessions,
        world: &World,
    ) -> Self {
        let own = config.subject.as_ref().and_then(|subject| {
            let user = User {
                subject,
                named_by: None,
            };
            sessions.of(&config, &key, user, world).ok()
        });
        Self { config, key, own }
    }

    /// Says whether the certificate of the key is still good. A refusal does not count: whoever
    /// asks is to hear its diagnosis, which no balancer knows.
    pub(crate) fn is_of_use(&self, now: UnixTime) -> bool {
        self.key.certificate_ends.is_none_or(|ends| now < ends)
    }

    /// The session of the user that the connection names, if it names one.
    pub(crate) const fn own(&self) -> Option<&Arc<Session>> {
        self.own.as_ref()
    }

    /// The session of a user, or of the connection's own where none is asked for.
    pub(crate) fn session(
        &self,
        user: Option<User<'_>>,
        sessions: &Sessions,
        world: &World,
    ) -> Result<Arc<Session>, Failure> {
        match (user, &self.own) {
            (None, Some(own)) => Ok(Arc::clone(own)),
            (None, None) => Err(Failure::bad_request(
                "this connection names no user of its own, expected ?sub=USERNAME",
            )),
            (Some(user), _) => sessions.of(&self.config, &self.key, user, world),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test]
    async fn keys_are_waited_for_at_the_same_time_and_stay_in_their_order() {
        let barrier = Barrier::new(KEYS_AT_ONCE);
        let one = |number| -> BoxFuture<'_, usize> {
            let barrier = &barrier;
            Box::pin(async move {
                barrier.wait().await;
                number
            })
        };
        let numbers = all((0..KEYS_AT_ONCE).map(one).collect()).await;
        assert!(numbers.into_iter().eq(0..KEYS_AT_ONCE));
    }
}
