//! The store in Redis or Valkey.
//!
//! Owns the keys and the scripts: each step is one script, so that nothing can come between. One
//! connection is shared and opened again when it breaks.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use accredit::clock::UnixTime;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _,
    TlsCertificates,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Fenced, Login, Place, Seen, StoreError, Stored};
use crate::record::LOGINS_MAX;

mod revocation;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// What every key begins with.
const PREFIX: &str = "accredit:1:";

/// How long the number of the last lease is known: longer than any token lives.
const FENCE: Duration = Duration::from_secs(31 * 86_400);

/// Keys: token, failure, logins.
const LOOK: &str = "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), \
     redis.call('LRANGE', KEYS[3], -ARGV[1], -1)}";

/// Keys: lease, fence. A lease that would last too long is none of ours.
const LEASE: &str = "local left = redis.call('PTTL', KEYS[1]) \
     if left == -1 or left > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end \
     if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end \
     local number = (tonumber(redis.call('GET', KEYS[2]) or '0') or 0) + 1 \
     if not (number >= 1 and number < 9e15) then number = 1 end \
     redis.call('SET', KEYS[2], string.format('%.0f', number), 'PX', ARGV[3]) return number";

const RENEW: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
     return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end";

/// Takes a lease or a token away that still is this one.
const REMOVE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
     return redis.call('DEL', KEYS[1]) else return 0 end";

/// Keys: token, fence, failure. A store that forgot its numbers goes on from those it is told.
const WRITE: &str = "local fence = tonumber(redis.call('GET', KEYS[2]) or '0') or 0 \
     if tonumber(ARGV[1]) < fence then return 0 end \
     redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4]) \
     redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
     redis.call('DEL', KEYS[3]) return 1";

/// Keys: logins.
const ADMIT: &str = "local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or '0') or 0 \
     if last ~= tonumber(ARGV[1]) then return 0 end \
     redis.call('RPUSH', KEYS[1], ARGV[2]) \
     redis.call('LTRIM', KEYS[1], -ARGV[3], -1) \
     redis.call('PEXPIRE', KEYS[1], ARGV[4]) return 1";

/// What replicas share, in Redis.
pub struct RedisStore {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisStore(..)")
    }
}

impl RedisStore {
    /// The store behind `url`. Nothing is opened yet. Over TLS (`rediss://`) its certificate has
    /// to come from one of `authorities` (in PEM), else from one that the system trusts.
    ///
    /// # Errors
    /// The URL is none of `redis://`, `rediss://` or `redis+unix://`, or wants certificates not to
    /// be checked; it is not quoted: it may hold a password. Or `authorities` holds no certificate.
    pub fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, StoreError> {
        let wrong =
            |_| StoreError("expected redis[s]://[USER:PASSWORD@]HOST[:PORT][/DB]".to_owned());
        let place = url.into_connection_info().map_err(wrong)?;
        let is_unchecked = matches!(place.addr(), ConnectionAddr::TcpTls { insecure: true, .. });
        if is_unchecked {
            let what = "a store whose certificate is not checked (#insecure) could be anybody's";
            return Err(StoreError(what.to_owned()));
        }
        // Whoever embeds the broker may have chosen another one.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let client = match authorities {
            None => Client::open(place).map_err(wrong)?,
            Some(text) => {
                let has_one = CertificateDer::pem_slice_iter(text).any(|one| one.is_ok());
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(text.to_vec()),
                };
                let built = Client::build_with_tls(place, certificates);
                let what = "the authorities of the store (ca) are no certificates in PEM";
                built
                    .ok()
                    .filter(|_| has_one)
                    .ok_or_else(|| StoreError(what.to_owned()))?
            }
        };
        Ok(Self {
            client,
            connection: Mutex::default(),
        })
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let failed = |error: redis::RedisError| StoreError(format!("Redis: {error}"));
        let known = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut connection = match known {
            Some(connection) => connection,
            None => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT_TIMEOUT))
                    .set_response_timeout(Some(ANSWER_TIMEOUT));
                let opening = self
                    .client
                    .get_multiplexed_async_connection_with_config(&config);
                // A server may also accept and then say nothing.
                let opened = tokio::time::timeout(CONNECT_TIMEOUT, opening).await;
                let opened = opened.map_err(|_| StoreError("Redis: no answer".to_owned()))?;
                self.keep(Some(opened.map_err(failed)?))
                    .ok_or_else(|| StoreError("Redis: no connection".to_owned()))?
            }
        };
        let answered = command.query_async(&mut connection).await;
        answered.map_err(|error| {
            self.keep(None);
            failed(error)
        })
    }

    fn keep(&self, connection: Option<MultiplexedConnection>) -> Option<MultiplexedConnection> {
        let mut kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.clone_from(&connection);
        connection
    }
}

/// The keys of an identity lie in one cluster slot, as a script needs it.
fn key(place: &Place, kind: &str) -> String {
    format!("{PREFIX}{{{}}}:{kind}", place.identity)
}

fn failure(place: &Place) -> String {
    key(place, &format!("failure:{}", place.key))
}

fn script(text: &str, keys: &[String]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// A time as it stands in the list; what is none is long ago.
fn time(bytes: &[u8]) -> UnixTime {
    let text = std::str::from_utf8(bytes).ok();
    let milliseconds = text.and_then(|text| text.parse().ok());
    UnixTime::from_millis(milliseconds.unwrap_or_default())
}

impl super::SharedStore for RedisStore {
    fn look<'a>(&'a self, place: &'a Place) -> Stored<'a, Seen> {
        Box::pin(async move {
            let keys = [key(place, "token"), failure(place), key(place, "logins")];
            let mut command = script(LOOK, &keys);
            command.arg(LOGINS_MAX);
            let seen: (_, _, Vec<Vec<u8>>) = self.run(&command).await?;
            Ok(Seen {
                token: seen.0,
                failure: seen.1,
                logins: seen.2.iter().map(|bytes| time(bytes)).collect(),
            })
        })
    }

    fn lease<'a>(
        &'a self,
        place: &'a Place,
        owner: &'a str,
        span: Duration,
    ) -> Stored<'a, Option<u64>> {
        Box::pin(async move {
            let mut command = script(LEASE, &["lease", "fence"].map(|kind| key(place, kind)));
            command.arg(owner).arg(millis(span)).arg(millis(FENCE));
            let number: u64 = self.run(&command).await?;
            Ok(Some(number).filter(|number| *number > 0))
        })
    }

    fn renew<'a>(&'a self, place: &'a Place, owner: &'a str, span: Duration) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut command = script(RENEW, &[key(place, "lease")]);
            command.arg(owner).arg(millis(span));
            self.run(&command).await
        })
    }

    fn release<'a>(&'a self, place: &'a Place, owner: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut command = script(REMOVE, &[key(place, "lease")]);
            command.arg(owner);
            self.run::<u64>(&command).await.map(drop)
        })
    }

    fn admit<'a>(&'a self, place: &'a Place, login: Login) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut command = script(ADMIT, &[key(place, "logins")]);
            command.arg(login.after.map_or(0, UnixTime::as_millis));
            command.arg(login.now.as_millis()).arg(login.kept);
            command.arg(millis(login.span));
            self.run(&command).await
        })
    }

    fn write<'a>(&'a self, place: &'a Place, value: Fenced, span: Duration) -> Stored<'a, bool> {
        Box::pin(async move {
            let keys = [key(place, "token"), key(place, "fence"), failure(place)];
            let mut command = script(WRITE, &keys);
            command.arg(value.lease).arg(value.bytes);
            command.arg(millis(span)).arg(millis(FENCE));
            self.run(&command).await
        })
    }

    fn fail<'a>(&'a self, place: &'a Place, bytes: Vec<u8>, span: Duration) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(failure(place)).arg(bytes);
            command.arg("PX").arg(millis(span));
            self.run(&command).await
        })
    }

    fn remove<'a>(&'a self, place: &'a Place, bytes: Vec<u8>) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut command = script(REMOVE, &[key(place, "token")]);
            command.arg(bytes);
            self.run::<u64>(&command).await.map(drop)
        })
    }
}
