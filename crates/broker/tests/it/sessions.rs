//! Who is one and the same, and how many there may be.

use std::sync::{Arc, Mutex, Weak};

use accredit::BoxFuture;
use accredit::cache::TokioSpawn;
use accredit::clock::{ManualClock, UnixTime};
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};
use accredit::secret::Secret;
use accredit_broker::{HeldKey, KeySource, Reveal};

use crate::salesforce::{TokenEndpoint, Zeros};
use crate::world::{Around, Broker, CONNECTIONS, World, caller};

const TOKEN: &str = "/v1/connections/default/token";
const REFUSAL: &str = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;

#[tokio::test]
async fn a_user_is_the_same_in_whatever_case_the_name_is_written() {
    let world = World::local().await;
    for name in [
        "a@example.com",
        "A@example.com",
        "a@EXAMPLE.com",
        "A@Example.Com",
    ] {
        let path = format!("/v1/connections/prod/token?sub={name}");
        let reply = world.get(&path).await;
        assert_eq!(
            reply.status,
            if name.ends_with("@example.com") {
                200
            } else {
                403
            }
        );
    }
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn connections_of_one_user_share_one_budget_and_the_shorter_lifetime() {
    let short = CONNECTIONS
        .replace(
            "[connections.prod]",
            "[connections.short]\ntoken_lifetime = 900",
        )
        .replace("\"prod@example.com\"", "\"integration@example.com\"");
    let world = World::start(&short, Reveal::Never).await;
    let lives = async || {
        let one = world.get(TOKEN).await.json()["expires_in"].clone();
        let other = world.get("/v1/connections/short/token").await.json();
        (one, other["expires_in"].clone())
    };
    assert_eq!(lives().await, (900.into(), 900.into()));
    assert_eq!(world.salesforce.asked(), 1);
    let longer = short.replace("= 900", "= 3600");
    world.reload(&longer).await.unwrap();
    world.pause();
    world.ask(&format!("POST {TOKEN}/refresh"), "", "").await;
    assert_eq!(lives().await, (3600.into(), 3600.into()));
    assert_eq!(world.salesforce.asked(), 2);
}

#[tokio::test]
async fn a_caller_who_makes_names_up_is_stopped_and_the_others_go_on() {
    let rights = "connections = \"*\"\nuses = \"token\"\nusernames = [\"*\"]";
    let (bad, one) = caller("bad", rights);
    let (good, two) = caller("good", rights);
    let world = World::start(&format!("{CONNECTIONS}{one}{two}"), Reveal::Never).await;
    let ask = async |key: &str, name: &str| {
        let line = format!("GET /v1/connections/prod/token?sub={name}@example.com");
        let key = format!("Accredit-Key: {key}\r\n");
        world.ask(&line, &key, "").await
    };
    assert_eq!(ask(&bad, "known").await.status, 200);
    world.salesforce.refuse(400, REFUSAL);
    for number in 0..200 {
        let reply = ask(&bad, &format!("u{number}")).await;
        assert_eq!(
            reply.status,
            if number < 50 { 502 } else { 503 },
            "{reply:?}"
        );
    }
    assert_eq!(world.salesforce.asked(), 51);
    *world.salesforce.refusal.lock().unwrap() = None;
    assert_eq!(ask(&bad, "another").await.status, 503);
    assert_eq!(ask(&bad, "known").await.status, 200);
    assert_eq!(ask(&good, "another").await.status, 200);
    world.pass(std::time::Duration::from_secs(301));
    assert_eq!(ask(&bad, "new").await.status, 200, "after a while");
}

/// Gives keys of its own, and knows which of them are still held.
#[derive(Debug, Default)]
struct Keys(Mutex<Vec<Weak<dyn Signer>>>);

impl Keys {
    fn held(&self) -> Vec<bool> {
        let keys = self.0.lock().unwrap();
        keys.iter().map(|key| key.upgrade().is_some()).collect()
    }
}

impl KeySource for Keys {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        if reference == "missing" {
            return Box::pin(std::future::ready(Err(Error::key("there is no such key"))));
        }
        let mut keys = self.0.lock().unwrap();
        let modulus = [255 - u8::try_from(keys.len()).unwrap(); 256];
        let signer: Arc<dyn Signer> = Arc::new(Zeros(PublicKey::new(&modulus, &[1, 0, 1])));
        keys.push(Arc::downgrade(&signer));
        let held = HeldKey {
            signer,
            certificate_ends: None,
        };
        Box::pin(std::future::ready(Ok(held)))
    }

    fn secret(&self, _: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        unreachable!()
    }

    fn file(&self, _: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        unreachable!()
    }
}

fn one_connection(key: &str) -> String {
    format!(
        "[connections.default]\nclient_id = \"a\"\nusername = \"a@b.example\"\nlogin_url = \"http://127.0.0.1:1\"\nkey = \"{key}\"\n"
    )
}

#[tokio::test]
async fn a_key_is_held_until_the_org_has_accepted_the_next_one_and_no_longer() {
    let (keys, clock) = (
        Arc::new(Keys::default()),
        Arc::new(ManualClock::new(UnixTime::from_secs(1_795_219_200))),
    );
    let salesforce = Arc::new(TokenEndpoint::default());
    *salesforce.instance_url.lock().unwrap() = "http://127.0.0.1:1".to_owned();
    let around = Around {
        http: salesforce.clone(),
        clock: clock.clone(),
        spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
        keys: keys.clone(),
    };
    let config = one_connection("server.key");
    let broker = Broker::start(&config, Reveal::Never, around).await;
    assert_eq!(broker.get(TOKEN).await.status, 200);
    broker.reload(&config).await.unwrap();
    assert_eq!(keys.held(), [true, true], "the second is not proved");
    salesforce.refuse(400, REFUSAL);
    clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(broker.get(TOKEN).await.status, 200, "with the first");
    broker.reload(&config).await.unwrap();
    assert_eq!(keys.held(), [true, false, true]);
    *salesforce.refusal.lock().unwrap() = None;
    clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(broker.get(TOKEN).await.status, 200);
    broker
        .reload(&(config.clone() + &two("missing")))
        .await
        .unwrap_err();
    assert_eq!(keys.held(), [false, false, true, false]);
}

fn two(key: &str) -> String {
    one_connection(key)
        .replace("default", "two")
        .replace("a@b.example", "c@b.example")
}

#[tokio::test]
async fn the_report_is_of_the_sign_in_that_counts_now() {
    let world = World::local().await;
    assert_eq!(world.get("/").await.status, 200);
    world.salesforce.refuse(503, "<html>");
    world.pass(std::time::Duration::from_secs(6900));
    assert_eq!(world.get("/").await.status, 200, "the token is good");
    tokio::task::yield_now().await;
    let report = world.get("/").await;
    assert_eq!(report.status, 200, "the token is good still: {report:?}");
    world.pass(std::time::Duration::from_secs(3600));
    assert_eq!(world.get("/").await.status, 502, "the reply is shown");
    world.salesforce.refuse(0, "");
    world.pass(std::time::Duration::from_secs(61));
    let report = world.get("/").await;
    assert_eq!(report.status, 504, "there is no reply to show: {report:?}");
    *world.salesforce.refusal.lock().unwrap() = None;
    world.pass(std::time::Duration::from_secs(61));
    assert_eq!(world.get("/").await.status, 200);
}
