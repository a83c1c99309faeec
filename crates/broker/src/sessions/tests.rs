use accredit::BoxFuture;
use accredit::cache::TokioSpawn;
use accredit::clock::{Clock, ManualClock};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::key::{PublicKey, Signer};
use accredit::random::SeededRandom;
use accredit::secret::Secret;
use http::{Request, Response};

use super::*;
use crate::config;
use crate::key_source::KeySource;

const CONNECTION: &str = "[connections.people]\nclient_id = \"a\"\nusernames = [\"*\"]\nlogin_url = \"https://acme.my.salesforce.com\"\nkey = \"server.key\"\n";

/// Reaches nobody.
#[derive(Debug)]
struct Nowhere;

impl HttpClient for Nowhere {
    fn send(&self, _: Request<Vec<u8>>) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        Box::pin(std::future::ready(Err(Error::transport("nowhere"))))
    }
}

/// Signs nothing.
#[derive(Debug)]
struct Blank(PublicKey);

impl Signer for Blank {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(std::future::ready(Err(Error::key("no key"))))
    }
}

/// The same key in one place or another.
#[derive(Debug)]
struct Placed(PublicKey, &'static str);

impl Signer for Placed {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(std::future::ready(Err(Error::key(self.1))))
    }
}

/// Gives one key, wherever it is said to lie.
#[derive(Debug)]
struct Everywhere;

impl KeySource for Everywhere {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        let place = match reference {
            "server.key" => "the old place",
            _ => "the new place",
        };
        let held = HeldKey {
            signer: Arc::new(Placed(PublicKey::new(&[255; 256], &[1, 0, 1]), place)),
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

#[tokio::test]
async fn a_key_that_was_moved_is_used_where_it_is_now() {
    let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_795_219_200)));
    let world = World {
        http: Arc::new(Nowhere),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
        spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
    };
    let sessions = Sessions::default();
    let subject = Subject::new("a@example.com").unwrap();
    let user = User {
        subject: &subject,
        named_by: None,
    };
    for (text, place) in [
        (CONNECTION.to_owned(), "the old place"),
        (CONNECTION.replace("server.key", "vault"), "the new place"),
    ] {
        let text = text.replace("usernames = [\"*\"]", "username = \"a@example.com\"");
        let parsed = config::parse(&text, "x.toml", &|_| Ok(())).unwrap();
        let config = parsed.connections[0].clone();
        let key = Everywhere.load(&config.key.reference).await.unwrap();
        let connection = Connection::new(config, key, &sessions, &world);
        sessions.keep([&connection].into_iter());
        let session = sessions
            .of(&connection.config, &connection.key, user, &world)
            .unwrap();
        let said = session.token().await.unwrap_err().to_string();
        assert!(said.contains(place), "{said}");
        clock.advance(MOMENT);
    }
    assert_eq!(sessions.lock().all.len(), 1);
}

#[tokio::test]
async fn there_is_room_for_another_user_and_who_is_in_use_stays() {
    let connection = config::parse(CONNECTION, "x.toml", &|_| Ok(())).unwrap();
    let connection = &connection.connections[0];
    let key = HeldKey {
        signer: Arc::new(Blank(PublicKey::new(&[255; 256], &[1, 0, 1]))),
        certificate_ends: None,
    };
    let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_795_219_200)));
    let world = World {
        http: Arc::new(Nowhere),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
        spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
    };
    let sessions = Sessions::default();
    let of = |number: usize| {
        let subject = Subject::new(format!("u{number}@example.com")).unwrap();
        let user = User {
            subject: &subject,
            named_by: None,
        };
        let session = sessions.of(connection, &key, user, &world).unwrap();
        session.record().used(clock.now());
        session
    };
    let (held, idle) = (of(0), Arc::downgrade(&of(1)));
    clock.advance(Duration::from_secs(60));
    for number in 2..=SESSIONS_MAX {
        of(number);
    }
    assert!(Arc::ptr_eq(&held, &of(0)));
    assert!(idle.upgrade().is_none() && sessions.lock().all.len() <= SESSIONS_MAX);
    let kept = sessions.lock().all.len();
    assert_eq!(kept, SESSIONS_MAX - ROOM + 1);
}
