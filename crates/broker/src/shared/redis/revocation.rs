//! What the store knows of revocations: all of its tokens, and how often they were revoked.

use redis::Cmd;

use super::{PREFIX, Place, RedisStore, StoreError};

/// How many keys one step looks at.
const STEP: usize = 500;

/// The most tokens of one store: more than a broker has sessions.
const TOKENS_MAX: usize = 100_000;

impl RedisStore {
    /// Every token that lies in the store, sealed, and where.
    pub(crate) async fn tokens(&self) -> Result<Vec<(Place, Vec<u8>)>, StoreError> {
        let (mut tokens, mut cursor) = (Vec::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            let all = format!("{PREFIX}{{*}}:token");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(all)
                .arg("COUNT")
                .arg(STEP);
            let (next, found): (u64, Vec<String>) = self.run(&scan).await?;
            for name in found {
                let mut get = redis::cmd("GET");
                get.arg(&name);
                if let Some(sealed) = self.run::<Option<Vec<u8>>>(&get).await? {
                    let identity = name.split(['{', '}']).nth(1).unwrap_or_default();
                    // A token is of every key.
                    let place = Place {
                        identity: identity.to_owned(),
                        key: String::new(),
                    };
                    tokens.push((place, sealed));
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(tokens);
            }
            if tokens.len() > TOKENS_MAX {
                return Err(StoreError("Redis: too many tokens".to_owned()));
            }
        }
    }

    /// Tells all replicas to let go of the tokens that they hold.
    pub(crate) async fn announce_revocation(&self) -> Result<(), StoreError> {
        self.run::<u64>(&counter("INCR")).await.map(drop)
    }

    /// How often they were told so.
    pub(crate) async fn revocations(&self) -> Result<u64, StoreError> {
        let count: Option<u64> = self.run(&counter("GET")).await?;
        Ok(count.unwrap_or_default())
    }
}

fn counter(verb: &str) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(format!("{PREFIX}revocations"));
    command
}
