use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use accredit::audience::LoginUrl;
use accredit::cache::TokioSpawn;
use accredit::clock::ManualClock;
use accredit::random::SeededRandom;
use accredit::secret::{AccessToken, Secret};
use accredit::source::Expiry;

use super::*;
use crate::session::policy;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

/// A store in memory that can be broken.
#[derive(Debug, Default)]
struct Fake {
    lease: Mutex<Option<String>>,
    numbers: Mutex<u64>,
    seen: Mutex<Kept>,
    is_broken: Mutex<Option<()>>,
    /// Whether writes never end.
    is_slow: Mutex<Option<()>>,
}

#[derive(Debug, Default)]
struct Kept {
    token: Option<Vec<u8>>,
    /// By key.
    failures: HashMap<String, Vec<u8>>,
    logins: Vec<UnixTime>,
}

impl Fake {
    fn answer<'a, T: Send + 'a>(&'a self, make: impl FnOnce(&Self) -> T) -> Stored<'a, T> {
        let answer = match *self.is_broken.lock().unwrap() {
            Some(()) => Err(StoreError("broken".to_owned())),
            None => Ok(make(self)),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl SharedStore for Fake {
    fn look<'a>(&'a self, place: &'a Place) -> Stored<'a, Seen> {
        self.answer(|one| {
            let kept = one.seen.lock().unwrap();
            Seen {
                token: kept.token.clone(),
                failure: kept.failures.get(&place.key).cloned(),
                logins: kept.logins.clone(),
            }
        })
    }

    fn lease<'a>(&'a self, _: &'a Place, owner: &'a str, _: Duration) -> Stored<'a, Option<u64>> {
        self.answer(|one| {
            let mut lease = one.lease.lock().unwrap();
            if lease.is_some() {
                return None;
            }
            *lease = Some(owner.to_owned());
            *one.numbers.lock().unwrap() += 1;
            Some(*one.numbers.lock().unwrap())
        })
    }

    fn renew<'a>(&'a self, _: &'a Place, owner: &'a str, _: Duration) -> Stored<'a, bool> {
        self.answer(|one| one.lease.lock().unwrap().as_deref() == Some(owner))
    }

    fn release<'a>(&'a self, _: &'a Place, owner: &'a str) -> Stored<'a, ()> {
        self.answer(|one| {
            let mut lease = one.lease.lock().unwrap();
            let _released = lease.take_if(|found| found == owner);
        })
    }

    fn admit<'a>(&'a self, _: &'a Place, login: Login) -> Stored<'a, bool> {
        self.answer(|one| {
            let logins = &mut one.seen.lock().unwrap().logins;
            let is_next = logins.last().copied() == login.after;
            logins.extend(is_next.then_some(login.now));
            is_next
        })
    }

    fn write<'a>(&'a self, place: &'a Place, value: Fenced, _: Duration) -> Stored<'a, bool> {
        if self.is_slow.lock().unwrap().is_some() {
            return Box::pin(std::future::pending());
        }
        self.answer(|one| {
            let mut kept = one.seen.lock().unwrap();
            let is_in_time = value.lease >= *one.numbers.lock().unwrap();
            if is_in_time {
                kept.token = Some(value.bytes);
                kept.failures.remove(&place.key);
            }
            is_in_time
        })
    }

    fn fail<'a>(&'a self, place: &'a Place, bytes: Vec<u8>, _: Duration) -> Stored<'a, ()> {
        self.answer(|one| {
            let mut kept = one.seen.lock().unwrap();
            kept.failures.insert(place.key.clone(), bytes);
        })
    }

    fn remove<'a>(&'a self, _: &'a Place, bytes: Vec<u8>) -> Stored<'a, ()> {
        self.answer(|one| {
            let mut kept = one.seen.lock().unwrap();
            let _removed = kept.token.take_if(|found| *found == bytes);
        })
    }
}

/// Signs in when let, and counts.
#[derive(Debug, Default)]
struct Source {
    asked: AtomicUsize,
    refuses: Mutex<Option<Error>>,
}

/// The same source for several replicas.
#[derive(Clone, Debug)]
struct Counted(Arc<Source>);

fn endpoint() -> TokenEndpoint {
    let login_url = LoginUrl::parse("https://acme.my.salesforce.com").unwrap();
    TokenEndpoint::new(login_url, None).unwrap()
}

impl TokenSource for Counted {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        let number = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = match self.0.refuses.lock().unwrap().clone() {
            Some(error) => Err(error),
            None => Ok(Token {
                access_token: AccessToken::new(format!("00D!{number}")).unwrap(),
                instance_url: endpoint()
                    .accept_instance("https://acme.my.salesforce.com")
                    .unwrap(),
                id: None,
                scope: Some("api".to_owned()),
                issued_at: NOW,
                expiry: Expiry::Assumed(NOW.saturating_add(Duration::from_secs(7200))),
            }),
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            outcome
        })
    }
}

/// A replica beside others, with the same store and the same key.
fn replica(store: &Arc<Fake>, source: &Arc<Source>) -> Shared<Counted> {
    at(store, source, Arc::new(ManualClock::new(NOW)))
}

fn at(store: &Arc<Fake>, source: &Arc<Source>, clock: Arc<ManualClock>) -> Shared<Counted> {
    let key = Secret::new(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec());
    let sharing = Sharing {
        store: store.clone(),
        vault: Arc::new(Vault::new(&key).unwrap()),
        clock,
        random: Arc::new(SeededRandom::new(source.asked.load(Ordering::SeqCst) as u64)),
        spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
        resting: Arc::default(),
    };
    let place = Place {
        identity: "name".to_owned(),
        key: "key".to_owned(),
    };
    Shared::new(Counted(source.clone()), Some(sharing), place, endpoint())
}

impl Fake {
    /// What was got is shared behind the back of who got it.
    async fn settled(&self) {
        while self.lease.lock().unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }

    fn token(&self) -> Vec<u8> {
        self.seen.lock().unwrap().token.clone().unwrap()
    }
}

impl Source {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_one_replica_gets_the_others_take() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let first = replica(&store, &source).token().await.unwrap();
    store.settled().await;
    let second = replica(&store, &source).token().await.unwrap();
    assert!(first.access_token.is_same(&second.access_token));
    assert_eq!(
        (second.scope.as_deref(), second.expiry),
        (Some("api"), first.expiry)
    );
    assert_eq!(source.asked(), 1);
    assert!(!String::from_utf8_lossy(&store.token()).contains("00D!"));
}

#[tokio::test]
async fn who_asks_again_gets_a_newer_one_and_the_others_take_that() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let (one, other) = (replica(&store, &source), replica(&store, &source));
    let old = one.token().await.unwrap();
    store.settled().await;
    other.token().await.unwrap();
    let new = one.token().await.unwrap();
    assert!(!new.access_token.is_same(&old.access_token));
    store.settled().await;
    let taken = other.token().await.unwrap();
    assert!(taken.access_token.is_same(&new.access_token));
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn a_token_that_is_over_is_taken_away_but_a_newer_one_stays() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let one = replica(&store, &source);
    let old = one.token().await.unwrap();
    store.settled().await;
    let new = one.token().await.unwrap();
    store.settled().await;
    let shelf = one.shelf.as_ref().unwrap();
    shelf.remove(&old.access_token).await.unwrap();
    assert!(store.seen.lock().unwrap().token.is_some());
    shelf.remove(&new.access_token).await.unwrap();
    assert!(store.seen.lock().unwrap().token.is_none());
}

#[tokio::test]
async fn a_broken_store_fails_nobody_and_garbage_in_it_is_not_there() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    store.seen.lock().unwrap().token = Some(b"garbage".to_vec());
    let garbage = HashMap::from([("key".to_owned(), b"garbage".to_vec())]);
    store.seen.lock().unwrap().failures = garbage;
    assert!(replica(&store, &source).token().await.is_ok());
    store.settled().await;
    *store.is_broken.lock().unwrap() = Some(());
    let alone = replica(&store, &source);
    assert!(alone.token().await.is_ok());
    *store.is_broken.lock().unwrap() = None;
    assert!(alone.token().await.is_ok(), "it is left alone for a while");
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn a_store_that_does_not_take_a_token_keeps_nobody_waiting_for_it() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    *store.is_slow.lock().unwrap() = Some(());
    let one = replica(&store, &source);
    let asked = tokio::time::timeout(Duration::from_secs(5), one.token());
    assert!(asked.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_lease_that_does_not_go_away_is_waited_for_once() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    *store.lease.lock().unwrap() = Some("another".to_owned());
    let clock = Arc::new(ManualClock::new(NOW));
    let one = at(&store, &source, clock.clone());
    let ticking = async {
        loop {
            clock.advance(LOOK_EVERY);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        outcome = one.token() => assert!(outcome.is_ok()),
        () = ticking => {}
    }
    let login = Duration::from_secs(10);
    assert!(clock.now().since(NOW) + login < policy().flight_timeout);
    assert!(one.token().await.is_ok(), "without a moment's wait");
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn a_refusal_keeps_the_others_from_asking_and_the_budget_is_one_for_all() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    *source.refuses.lock().unwrap() = Some(Error::response("no").with_status(503));
    assert!(replica(&store, &source).token().await.is_err());
    store.settled().await;
    let told = replica(&store, &source).token().await.unwrap_err();
    assert_eq!(told.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(source.asked(), 1);
    store.seen.lock().unwrap().failures.clear();
    store.seen.lock().unwrap().logins = vec![NOW; 60];
    let told = replica(&store, &source).token().await.unwrap_err();
    assert!(
        told.to_string().contains("budget of all replicas"),
        "{told}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_one_replica_holds_back_no_other() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let own = [
        Error::key("Vault answered 403: permission denied for SECRET"),
        Error::setting("no such place"),
        Error::transport("no route"),
        Error::response("the SSH agent gave a damaged answer"),
        Error::response("a page of a gateway").with_status(200),
    ];
    for (number, error) in own.into_iter().enumerate() {
        *source.refuses.lock().unwrap() = Some(error);
        assert!(replica(&store, &source).token().await.is_err());
        store.settled().await;
        assert!(store.seen.lock().unwrap().failures.is_empty(), "{number}");
        assert_eq!(source.asked(), number + 1);
    }
    *source.refuses.lock().unwrap() = None;
    store.seen.lock().unwrap().logins.clear();
    assert!(replica(&store, &source).token().await.is_ok());
}

#[tokio::test]
async fn a_write_under_an_older_lease_is_fenced_off() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let late = replica(&store, &source);
    let token = Counted(source.clone()).token().await.unwrap();
    *store.numbers.lock().unwrap() = 7;
    replica(&store, &source).token().await.unwrap();
    store.settled().await;
    let before = store.token();
    late.shelf.as_ref().unwrap().write(&token, 7).await.unwrap();
    assert_eq!(store.token(), before);
}

#[test]
fn a_sealed_token_opens_only_under_its_name_and_unchanged() {
    let key = Secret::new(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec());
    let vault = Vault::new(&key).unwrap();
    let source = Arc::new(Source::default());
    let token = futures(Counted(source).token()).unwrap();
    let sealed = vault.seal("a", &token, &SeededRandom::new(1)).unwrap();
    assert!(vault.open("a", &sealed, &endpoint()).is_some());
    assert!(vault.open("b", &sealed, &endpoint()).is_none());
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        assert!(vault.open("a", &bent, &endpoint()).is_none(), "{at}");
    }
    assert!(Vault::new(&Secret::new(b"short".to_vec())).is_err());
}

fn futures<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}
