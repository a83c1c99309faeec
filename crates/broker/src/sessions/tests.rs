use accredit::BoxFuture;
use accredit::cache::TokioSpawn;
use accredit::clock::{Clock, ManualClock};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::key::{PublicKey, Signer};
use accredit::random::SeededRandom;
use http::{Request, Response};

use super::*;
use crate::config;

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
