//! The store in Redis or Valkey.
//!
//! Owns the keys and the scripts: each step is one script, so that nothing can come between. One
//! connection is shared and opened again when it breaks.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};

use super::{Budget, Fenced, Lease, StoreError, Stored};

mod revocation;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// What every key begins with.
const PREFIX: &str = "accredit:1:";

/// Counters and times end by themselves an hour after they were last of use.
const HOUR: Duration = Duration::from_secs(3600);

/// Keys: lease, fence, pause. The fence holds the number of the last lease and of
/// the lease that wrote last; together, so that both are lost or none.
const LEASE: &str = "local paused = redis.call('PTTL', KEYS[3]) \
     if paused > 0 then return -paused end \
     if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then \
     return redis.call('HINCRBY', KEYS[2], 'lease', 1) else return 0 end";

const RENEW: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
     return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end";

const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
     return redis.call('DEL', KEYS[1]) else return 0 end";

/// Keys: token, fence, pause, failures. A store that forgot its numbers goes on from those it is
/// told.
const WRITE: &str = "local lease = tonumber(ARGV[1]) \
     if lease < tonumber(redis.call('HGET', KEYS[2], 'written') or '0') then return 0 end \
     if lease > tonumber(redis.call('HGET', KEYS[2], 'lease') or '0') then \
     redis.call('HSET', KEYS[2], 'lease', lease) end \
     redis.call('HSET', KEYS[2], 'written', lease) \
     redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
     redis.call('DEL', KEYS[3], KEYS[4]) return 1";

/// Keys: logins of this hour, and the time until the burst is whole again, which is how long its
/// key lives.
const ADMIT: &str = "local owed = math.max(redis.call('PTTL', KEYS[2]), 0) \
     local wait = owed - (ARGV[2] - 1) * ARGV[3] \
     if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then \
     wait = math.max(wait, redis.call('PTTL', KEYS[1])) end \
     if wait > 0 then return wait end \
     redis.call('SET', KEYS[2], 1, 'PX', owed + ARGV[3]) \
     if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end \
     return 0";

const FAIL: &str = "local count = redis.call('INCR', KEYS[1]) \
     redis.call('PEXPIRE', KEYS[1], ARGV[1]) return count";

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
    /// The store behind `url`. Nothing is opened yet.
    ///
    /// # Errors
    /// The URL is none of `redis://` or `redis+unix://`. It is not quoted: it may hold a password.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|_| {
            StoreError("expected redis://[USER:PASSWORD@]HOST[:PORT][/DB]".to_owned())
        })?;
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

fn key(name: &str, kind: &str) -> String {
    // In one cluster slot, as a script needs it.
    format!("{PREFIX}{{{name}}}:{kind}")
}

fn script(text: &str, keys: &[String]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl super::SharedStore for RedisStore {
    fn value<'a>(&'a self, name: &'a str) -> Stored<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let mut command = redis::cmd("GET");
            command.arg(key(name, "token"));
            self.run(&command).await
        })
    }

    fn lease<'a>(&'a self, name: &'a str, owner: &'a str, span: Duration) -> Stored<'a, Lease> {
        Box::pin(async move {
            let keys = ["lease", "fence", "pause"].map(|kind| key(name, kind));
            let mut command = script(LEASE, &keys);
            command.arg(owner).arg(millis(span));
            let number: i64 = self.run(&command).await?;
            match u64::try_from(number) {
                Ok(0) => Ok(Lease::Held),
                Ok(number) => Ok(Lease::Taken(number)),
                Err(_) => Ok(Lease::Paused(believable(number.unsigned_abs())?)),
            }
        })
    }

    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, span: Duration) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut command = script(RENEW, &[key(name, "lease")]);
            command.arg(owner).arg(millis(span));
            self.run(&command).await
        })
    }

    fn release<'a>(&'a self, name: &'a str, owner: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut command = script(RELEASE, &[key(name, "lease")]);
            command.arg(owner);
            self.run::<u64>(&command).await.map(drop)
        })
    }

    fn write<'a>(&'a self, name: &'a str, value: Fenced, span: Duration) -> Stored<'a, bool> {
        Box::pin(async move {
            let keys = ["token", "fence", "pause", "failures"].map(|kind| key(name, kind));
            let mut command = script(WRITE, &keys);
            command.arg(value.lease).arg(value.bytes).arg(millis(span));
            self.run(&command).await
        })
    }

    fn admit<'a>(&'a self, name: &'a str, budget: Budget) -> Stored<'a, Option<Duration>> {
        Box::pin(async move {
            let mut command = script(ADMIT, &["logins", "burst"].map(|kind| key(name, kind)));
            command.arg(budget.hourly).arg(budget.burst);
            command.arg(millis(budget.interval)).arg(millis(HOUR));
            let wait: u64 = self.run(&command).await?;
            Ok(Some(believable(wait)?).filter(|wait| !wait.is_zero()))
        })
    }

    fn fail<'a>(&'a self, name: &'a str) -> Stored<'a, u32> {
        Box::pin(async move {
            let mut command = script(FAIL, &[key(name, "failures")]);
            command.arg(millis(HOUR));
            self.run(&command).await
        })
    }

    fn pause<'a>(&'a self, name: &'a str, span: Duration) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(key(name, "pause")).arg(1);
            command.arg("PX").arg(millis(span));
            self.run(&command).await
        })
    }
}

/// A wait as the store tells it, unless no replica can have meant it.
fn believable(milliseconds: u64) -> Result<Duration, StoreError> {
    Some(Duration::from_millis(milliseconds))
        .filter(|wait| *wait <= HOUR)
        .ok_or_else(|| StoreError("Redis: a wait of more than an hour".to_owned()))
}
