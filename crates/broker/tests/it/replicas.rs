//! Replicas that share a real Redis, where there is one.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use accredit::clock::SystemClock;
use accredit_broker::Reveal;
use tokio::net::UnixStream;

use crate::world::{CONNECTIONS, World};

/// A Redis of one's own on a Unix socket.
struct Redis(Child);

impl Redis {
    async fn start(folder: &Path) -> Option<Self> {
        let socket = folder.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--dir"])
            .arg(folder)
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: redis-server: {error}");
                return None;
            }
        };
        while UnixStream::connect(&socket).await.is_err() {
            tokio::task::yield_now().await;
        }
        Some(Self(child))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn text(folder: &Path, socket: &Path) -> String {
    let key = folder.join("store.key");
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let url = folder.join("store.url");
    std::fs::write(&url, format!("redis+unix://{}", socket.display())).unwrap();
    format!(
        "{CONNECTIONS}[store]\nurl = \"{}\"\nkey = \"{}\"\n",
        url.display(),
        key.display()
    )
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
