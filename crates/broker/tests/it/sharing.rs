//! Replicas on one Redis: what one knows of another's sign-in, and what nobody may take away.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::{Clock as _, ManualClock, UnixTime};
use accredit_broker::Reveal;

use crate::redis::{Redis, section};
use crate::world::{CONNECTIONS, World};

const TOKEN: &str = "/v1/connections/default/token";
const REFRESH: &str = "POST /v1/connections/default/token/refresh";
const RATE: &str = r#"{"error":"invalid_grant","error_description":"login rate exceeded"}"#;
const REFUSAL: &str = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;

/// Replicas with one clock and one Redis.
struct Shared {
    redis: Redis,
    clock: Arc<ManualClock>,
    text: String,
    _folder: tempfile::TempDir,
}

fn text(folder: &Path) -> String {
    let socket = folder.join("redis.sock");
    format!("{CONNECTIONS}{}", section(folder, &socket))
}

impl Shared {
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            redis: Redis::start(folder.path()).await?,
            clock: Arc::new(ManualClock::new(UnixTime::from_secs(1_795_219_200))),
            text: text(folder.path()),
            _folder: folder,
        })
    }

    async fn replica(&self) -> World {
        World::at(&self.text, Reveal::Never, self.clock.clone()).await
    }

    async fn with_key(&self, key: &str) -> World {
        let text = self.text.replace("\"server.key\"", &format!("\"{key}\""));
        World::at(&text, Reveal::Never, self.clock.clone()).await
    }

    /// Time passes for the replicas and for what ends in the store.
    async fn pass(&self, span: Duration) {
        self.settled().await;
        self.clock.advance(span);
        self.redis.age(span).await;
    }

    /// What was got is shared behind the back of who got it: until the lease is back.
    async fn settled(&self) {
        while self.redis.run(&["KEYS", "*:lease"]).await.contains("lease") {
            tokio::task::yield_now().await;
        }
    }

    async fn keys(&self) -> Vec<String> {
        let answer = self.redis.run(&["KEYS", "*"]).await;
        let lines = answer.lines().filter(|line| line.starts_with("accredit:"));
        lines.map(str::to_owned).collect()
    }
}

async fn logins_left(world: &World) -> u64 {
    let page = world.get("/metrics").await.body;
    let name = "accredit_logins_left{connection=\"default\"} ";
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{page}")).parse().unwrap()
}

#[tokio::test]
async fn the_old_key_goes_on_until_the_org_has_accepted_the_new_one() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    assert_eq!(world.get(TOKEN).await.status, 200);
    shared.settled().await;
    let other = shared.text.replace("server.key", "other.key");
    world.reload(&other).await.unwrap();
    assert_eq!(world.get(TOKEN).await.status, 200);
    assert_eq!(world.salesforce.asked(), 1, "the token of the old key");
    shared.pass(Duration::from_secs(61)).await;
    world.salesforce.refuse(400, REFUSAL);
    assert_eq!(world.ask(REFRESH, "", "").await.status, 502);
    assert_eq!(world.salesforce.asked(), 3, "each key was tried");
}

#[tokio::test]
async fn a_key_that_is_refused_holds_back_nobody_with_another_one() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let (new, old) = (shared.with_key("other.key").await, shared.replica().await);
    new.salesforce.refuse(400, REFUSAL);
    assert_eq!(new.get(TOKEN).await.status, 502);
    shared.settled().await;
    assert_eq!(old.get(TOKEN).await.status, 200);
    shared.settled().await;
    shared.pass(Duration::from_secs(61)).await;
    assert_eq!(new.get(TOKEN).await.status, 200, "the token of the old key");
    assert_eq!(new.salesforce.asked(), 1);
}

#[tokio::test]
async fn a_replica_that_took_its_token_from_the_store_knows_it() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let (one, other) = (shared.replica().await, shared.replica().await);
    assert_eq!(one.get(TOKEN).await.status, 200);
    shared.settled().await;
    assert_eq!(other.get(TOKEN).await.status, 200);
    assert_eq!(other.salesforce.asked(), 0);
    let report = other.get("/").await;
    assert_eq!(report.status, 200, "{report:?}");
    assert!(report.body.contains("another replica"), "{report:?}");
    let page = other.get("/metrics").await.body;
    assert!(page.contains("accredit_token_age_seconds{connection=\"default\"} 0"));
    let page = other.ask("GET /", "Accept: text/html\r\n", "").await.body;
    assert!(page.contains("signed in"), "{page}");
    assert_eq!((logins_left(&one).await, logins_left(&other).await), (4, 4));
    shared.pass(Duration::from_secs(61)).await;
    assert_eq!(other.ask(REFRESH, "", "").await.status, 200);
    assert_eq!(other.salesforce.asked(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_diagnosis_by_every_replica() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let (one, other) = (shared.replica().await, shared.replica().await);
    one.salesforce.refuse(400, RATE);
    assert_eq!(one.get(TOKEN).await.status, 502);
    shared.settled().await;
    let told = other.get(TOKEN).await;
    assert_eq!((told.status, other.salesforce.asked()), (503, 0));
    assert!(told.head.contains("accredit-diagnosis: acc-"), "{told:?}");
    let page = other.ask("GET /", "Accept: text/html\r\n", "").await.body;
    assert!(page.contains("login rate exceeded"), "{page}");
}

#[tokio::test]
async fn pauses_grow_from_replica_to_replica_and_end_with_the_first_token() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let mut pauses = Vec::new();
    for number in 0..8 {
        let world = shared.replica().await;
        match number {
            7 => {}
            _ => world.salesforce.refuse(503, "<html>"),
        }
        let began = shared.clock.now();
        while world.salesforce.asked() == 0 {
            world.get(TOKEN).await;
            shared.pass(Duration::from_secs(1)).await;
        }
        pauses.push(shared.clock.now().since(began).as_secs());
    }
    assert_eq!(pauses, [1, 1, 2, 4, 8, 60, 60, 60]);
    assert!(
        !shared
            .keys()
            .await
            .iter()
            .any(|key| key.contains("failure"))
    );
}

#[tokio::test]
async fn every_key_ends_some_day_and_those_of_one_user_lie_together() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    assert_eq!(world.get(TOKEN).await.status, 200);
    shared.settled().await;
    let kinds = ["fence", "logins", "token"];
    assert_eq!(bounded_kinds(&shared).await, kinds);
    shared.pass(Duration::from_secs(61)).await;
    world.salesforce.refuse(400, REFUSAL);
    assert_eq!(world.ask(REFRESH, "", "").await.status, 502);
    shared.settled().await;
    let kinds = ["failure", "fence", "logins", "token"];
    assert_eq!(bounded_kinds(&shared).await, kinds);
}

/// The kinds of all keys, each of which ends and lies in the same slot.
async fn bounded_kinds(shared: &Shared) -> Vec<String> {
    let keys = shared.keys().await;
    let tag = |key: &str| key.split(['{', '}']).nth(1).unwrap().to_owned();
    let mut kinds = Vec::new();
    for key in &keys {
        let left = shared.redis.run(&["PTTL", key]).await;
        let left = left.trim_start_matches(':').lines().next().unwrap();
        let left: i64 = left.parse().unwrap();
        assert!((0..=31 * 86_400_000).contains(&left), "{key} {left}");
        assert_eq!(tag(key), tag(&keys[0]));
        kinds.push(key.split(':').nth(3).unwrap().to_owned());
    }
    kinds.sort();
    kinds
}

#[tokio::test]
async fn nothing_that_stands_in_the_store_keeps_anybody_from_signing_in() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    assert_eq!(world.get(TOKEN).await.status, 200);
    world.salesforce.refuse(503, "no");
    shared.pass(Duration::from_secs(61)).await;
    assert_eq!(world.ask(REFRESH, "", "").await.status, 502);
    shared.settled().await;
    let mut keys = shared.keys().await;
    let tag = keys[0].split_once('}').unwrap().0.to_owned();
    keys.extend(["pause", "lease"].map(|kind| format!("{tag}}}:{kind}")));
    for garbage in ["1", "\u{1}x", "1795219200000"] {
        for kind in ["SET", "RPUSH"] {
            shared.redis.run(&["FLUSHALL"]).await;
            for key in &keys {
                shared.redis.run(&[kind, key, garbage]).await;
            }
            let world = Arc::new(shared.replica().await);
            let mut asked = tokio::task::JoinSet::new();
            asked.spawn({
                let world = world.clone();
                async move { world.get(TOKEN).await }
            });
            let began = shared.clock.now();
            let reply = loop {
                // Whoever looks into the store gets an answer before time passes.
                shared.redis.run(&["PING"]).await;
                shared.clock.advance(Duration::from_millis(100));
                if let Some(reply) = asked.try_join_next() {
                    break reply.unwrap();
                }
            };
            assert_eq!(reply.status, 200, "{garbage:?} {reply:?}");
            let took = shared.clock.now().since(began);
            assert!(took < Duration::from_secs(16), "{garbage:?} {took:?}");
        }
    }
}

#[tokio::test]
async fn a_pause_that_no_replica_meant_ends_with_the_store() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    world.salesforce.refuse(400, REFUSAL);
    assert_eq!(world.get(TOKEN).await.status, 502);
    shared.settled().await;
    for key in shared.keys().await {
        shared.redis.run(&["PEXPIRE", &key, "1000000000000"]).await;
    }
    let other = shared.replica().await;
    assert_eq!(other.get(TOKEN).await.status, 503);
    shared.redis.run(&["FLUSHALL"]).await;
    shared.pass(Duration::from_secs(61)).await;
    assert_eq!(other.get(TOKEN).await.status, 200);
}

#[tokio::test]
async fn there_are_sixty_logins_in_any_hour_however_many_replicas_there_are() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let worlds = [shared.replica().await, shared.replica().await];
    let mut asked = Vec::new();
    for second in (0..3 * 3600).step_by(20) {
        let world = &worlds[second / 20 % 2];
        let before = world.salesforce.asked();
        world.ask(REFRESH, "", "").await;
        asked.extend((before..world.salesforce.asked()).map(|_| second));
        shared.pass(Duration::from_secs(20)).await;
    }
    let within = |start: &usize| {
        let hour = *start..start + 3600;
        asked.iter().filter(|at| hour.contains(at)).count()
    };
    let busiest = asked.iter().map(within).max().unwrap();
    assert!((55..=60).contains(&busiest), "{busiest} {asked:?}");
}

#[tokio::test]
async fn a_token_that_is_known_to_be_dead_is_taken_by_nobody() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    assert_eq!(world.get(TOKEN).await.status, 200);
    shared.settled().await;
    shared.pass(Duration::from_secs(2)).await;
    world.rest.kill("00Dcanary!TOKEN1");
    let long = "x".repeat(70_000);
    let line = "POST /v1/connections/default/proxy/services/data/x";
    assert_eq!(world.ask(line, "", &long).await.status, 401);
    shared.settled().await;
    let fresh = shared.replica().await;
    let token = fresh.get(TOKEN).await;
    assert!(token.body.contains("TOKEN2"), "{token:?}");
    assert_eq!(fresh.salesforce.asked(), 0);
}

#[tokio::test]
async fn nobody_without_the_key_of_the_store_can_have_tokens_revoked() {
    let Some(shared) = Shared::start().await else {
        return;
    };
    let world = shared.replica().await;
    assert_eq!(world.get(TOKEN).await.status, 200);
    shared.settled().await;
    for words in [
        &["INCR", "accredit:1:revocations"][..],
        &["SET", "accredit:1:revocation", "1795219200000"],
        &["INCR", "accredit:1:revocations"],
        &["FLUSHALL"],
    ] {
        shared.redis.run(words).await;
        for _ in 0..20 {
            shared.clock.advance(Duration::from_secs(2));
            shared.redis.run(&["PING"]).await;
        }
    }
    assert_eq!(world.get(TOKEN).await.status, 200);
    assert_eq!(world.salesforce.asked(), 1);
}
