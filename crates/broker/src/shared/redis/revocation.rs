//! What the store knows of revocations: all of its tokens, and when they were revoked.

use super::{FENCE, PREFIX, Place, RedisStore, StoreError, millis};

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

    /// Keeps the sealed time of the last revocation, for all replicas.
    pub(crate) async fn announce_revocation(&self, sealed: Vec<u8>) -> Result<(), StoreError> {
        let mut command = redis::cmd("SET");
        command.arg(name()).arg(sealed);
        command.arg("PX").arg(millis(FENCE));
        self.run(&command).await
    }

    /// What was kept last, if it has not ended.
    pub(crate) async fn revocation(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(name());
        self.run(&command).await
    }
}

fn name() -> String {
    format!("{PREFIX}revocation")
}
