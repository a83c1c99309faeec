//! One login for everybody.

use std::sync::Arc;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cold_callers_make_one_login() {
    let world = Arc::new(World::local().await);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let world = world.clone();
        all.spawn(async move { world.get("/v1/connections/default/token").await.status });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_for_many_at_once_is_renewed_once_and_each_asks_again_once() {
    let world = Arc::new(World::local().await);
    assert_eq!(world.get("/v1/connections/default/token").await.status, 200);
    world.rest.kill("00Dcanary!TOKEN1");
    world.pause();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let world = world.clone();
        all.spawn(async move {
            world
                .get("/v1/connections/default/proxy/services/data/x")
                .await
                .status
        });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(world.salesforce.asked(), 2);
    let requests = world.rest.take();
    let again = requests.iter().filter(|one| one.contains("TOKEN2")).count();
    assert_eq!(again, 300);
    assert!(requests.len() <= 600, "{}", requests.len());
}
