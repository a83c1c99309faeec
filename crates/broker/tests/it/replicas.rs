//! Replicas that share a real Redis, where there is one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::SystemClock;
use accredit_broker::Reveal;

use crate::redis::{Redis, section};
use crate::world::{CONNECTIONS, Reply, World};

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

/// Ways in which a real Redis is of no help, and the ways back.
enum Trouble {
    Signal(&'static str, &'static str),
    Command(&'static [&'static str], &'static [&'static str]),
}

const TROUBLES: [Trouble; 4] = [
    Trouble::Signal("-STOP", "-CONT"),
    Trouble::Command(
        &["REPLICAOF", "127.0.0.1", "1"],
        &["REPLICAOF", "NO", "ONE"],
    ),
    Trouble::Command(
        &["CONFIG", "SET", "maxmemory", "1"],
        &["CONFIG", "SET", "maxmemory", "0"],
    ),
    Trouble::Command(
        &["CONFIG", "SET", "requirepass", "other"],
        &["CONFIG", "SET", "requirepass", ""],
    ),
];

#[tokio::test]
async fn a_redis_in_trouble_fails_nobody_holds_nobody_up_and_is_used_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let text = text(folder.path(), &folder.path().join("redis.sock"));
    let Some(redis) = Redis::start(folder.path()).await else {
        return;
    };
    for (number, trouble) in TROUBLES.into_iter().enumerate() {
        let world = World::start(&text, Reveal::Never).await;
        let user = format!("/v1/connections/prod/token?sub=u{number}@example.com");
        assert_eq!(get(&world, &user).await.status, 200, "while all is well");
        let ask = async || {
            world.pass(LIFE);
            assert_eq!(get(&world, &user).await.status, 200, "{number}");
        };
        redis.suffer(&trouble).await;
        ask().await;
        ask().await;
        redis.recover(&trouble).await;
        // A machine that is too busy for an answer in half a second has no store for a while.
        for lives in 3..10 {
            ask().await;
            let again = World::start(&text, Reveal::Never).await;
            again.pass(LIFE * lives);
            assert_eq!(get(&again, &user).await.status, 200);
            if again.salesforce.asked() == 0 {
                break;
            }
            assert!(lives < 9, "{number}: nothing is shared any more");
        }
    }
}

/// How long a token is good.
const LIFE: Duration = Duration::from_secs(7200);

/// Asks, while time goes on for who waits for a lease that nobody gave back.
async fn get(world: &World, path: &str) -> Reply {
    let mut asked = std::pin::pin!(world.get(path));
    loop {
        tokio::select! {
            reply = &mut asked => return reply,
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                world.pass(Duration::from_millis(50));
            }
        }
    }
}

impl Redis {
    async fn suffer(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Signal(stop, _) => self.signal(stop),
            Trouble::Command(words, _) => drop(self.run(words).await),
        }
    }

    async fn recover(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Signal(_, go_on) => self.signal(go_on),
            Trouble::Command(["CONFIG", "SET", "requirepass", password], words) => {
                drop(self.run_as(password, words).await);
            }
            Trouble::Command(_, words) => drop(self.run(words).await),
        }
    }
}
