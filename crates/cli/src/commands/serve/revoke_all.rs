//! `accredit serve revoke-all`: the end of every token that replicas share.

use std::sync::Arc;

use accredit::cache::TokioSpawn;
use accredit_broker::config::MAX_CONNECTIONS;
use accredit_broker::{World as BrokerWorld, revoke_all};
use serde_json::json;

use super::configuration::Source;
use super::keys::References;
use super::runtime;
use crate::args::serve::{RunServeArgs, ServeRevokeArgs};
use crate::error::{CliError, Kind};
use crate::output::Output;
use crate::settings::network::{Traffic, client};
use crate::world::World;

/// Revokes them, and says how many.
pub(super) fn run(
    args: &ServeRevokeArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let args = RunServeArgs {
        config: args.config.clone(),
        check: false,
        listen: None,
        reveal: false,
    };
    let config = Source::find(&args, world, MAX_CONNECTIONS)?.read()?;
    let environment = world.environment.as_ref();
    let http = client(environment, timeout, Traffic::Tokens, "https:")?;
    let keys = References::new(world.clone());
    let revoked = runtime()?.block_on(async {
        let outside = BrokerWorld {
            http: Arc::new(http),
            clock: Arc::clone(&world.clock),
            random: Arc::clone(&world.random),
            spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
        };
        revoke_all(&config, &keys, &outside).await
    })?;
    let strange = (revoked.strange > 0).then(|| {
        format!(
            "{} token(s) could not be opened with this key and these connections: they are still \
             in the store, and Salesforce was not told",
            revoked.strange
        )
    });
    if let Some(first) = revoked.failed.first() {
        let count = revoked.failed.len();
        let what = format!("{count} token(s) may still be good: {first}");
        return Err(strange.into_iter().fold(
            CliError::new(Kind::Unreachable, what).hint("run this again"),
            CliError::hint,
        ));
    }
    if let Some(what) = strange {
        return Err(CliError::new(Kind::Partial, what).hint(format!(
            "{} other token(s) were revoked; run this with the key and the connections that these \
             came from, or end their sessions at Setup > Session Management",
            revoked.ended
        )));
    }
    out.result(
        &format!("{} token(s) revoked\n", revoked.ended),
        &json!({"revoked": revoked.ended}),
    )
}
