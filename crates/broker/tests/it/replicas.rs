//! Replicas that share a real Redis, where there is one.

use std::path::Path;
use std::sync::Arc;

use accredit::clock::SystemClock;
use accredit_broker::Reveal;

use crate::redis::{Redis, section};
use crate::world::{CONNECTIONS, World};

fn text(folder: &Path, socket: &Path) -> String {
    format!("{CONNECTIONS}{}", section(folder, socket))
}

async fn herd(worlds: &[Arc<World>]) -> usize {
    let mut all = tokio::task::JoinSet::new();
    for number in 0..500 {
        let world = worlds[number % worlds.len()].clone();
        all.spawn(async move { world.get("/v1/connections/default/token").await.status });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    worlds.iter().map(|world| world.salesforce.asked()).sum()
}

async fn five(text: &str) -> Vec<Arc<World>> {
    let mut worlds = Vec::new();
    for _ in 0..5 {
        let world = World::at(text, Reveal::Never, Arc::new(SystemClock)).await;
        worlds.push(Arc::new(world));
    }
    worlds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_replicas_with_a_store_make_one_login_and_five_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = text(folder.path(), &folder.path().join("redis.sock"));
    assert_eq!(herd(&five(&text).await).await, 5, "nothing listens there");
    let Some(redis) = Redis::start(folder.path()).await else {
        return;
    };
    let worlds = five(&text).await;
    assert_eq!(herd(&worlds).await, 1);
    drop(redis);
    assert_eq!(
        herd(&worlds).await,
        1,
        "the store is gone, the token is not"
    );
}
