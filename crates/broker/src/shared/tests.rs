use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use accredit::audience::LoginUrl;
use accredit::clock::ManualClock;
use accredit::random::SeededRandom;
use accredit::secret::{AccessToken, Secret};
use accredit::source::Expiry;

use super::*;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);
const NAME: &str = "name";

/// A store in memory that can be broken.
#[derive(Debug, Default)]
struct Fake {
    leases: Mutex<HashMap<String, String>>,
    numbers: Mutex<u64>,
    written: Mutex<Option<(u64, Vec<u8>)>>,
    pause: Mutex<Option<Duration>>,
    logins: Mutex<u64>,
    failures: Mutex<u32>,
    is_broken: Mutex<Option<()>>,
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
    fn value<'a>(&'a self, _: &'a str) -> Stored<'a, Option<Vec<u8>>> {
        self.answer(|one| {
            one.written
                .lock()
                .unwrap()
                .as_ref()
                .map(|(_, bytes)| bytes.clone())
        })
    }

    fn lease<'a>(&'a self, name: &'a str, owner: &'a str, _: Duration) -> Stored<'a, Lease> {
        self.answer(|one| {
            if let Some(wait) = *one.pause.lock().unwrap() {
                return Lease::Paused(wait);
            }
            let mut leases = one.leases.lock().unwrap();
            if leases.contains_key(name) {
                return Lease::Held;
            }
            leases.insert(name.to_owned(), owner.to_owned());
            *one.numbers.lock().unwrap() += 1;
            Lease::Taken(*one.numbers.lock().unwrap())
        })
    }

    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, _: Duration) -> Stored<'a, bool> {
        self.answer(|one| {
            one.leases
                .lock()
                .unwrap()
                .get(name)
                .is_some_and(|found| found == owner)
        })
    }

    fn release<'a>(&'a self, name: &'a str, owner: &'a str) -> Stored<'a, ()> {
        self.answer(|one| {
            one.leases
                .lock()
                .unwrap()
                .retain(|key, found| key != name || found != owner)
        })
    }

    fn write<'a>(&'a self, _: &'a str, value: Fenced, _: Duration) -> Stored<'a, bool> {
        self.answer(|one| {
            let mut written = one.written.lock().unwrap();
            let is_late = written
                .as_ref()
                .is_some_and(|(lease, _)| value.lease < *lease);
            if !is_late {
                *written = Some((value.lease, value.bytes));
            }
            !is_late
        })
    }

    fn admit<'a>(&'a self, _: &'a str, budget: Budget) -> Stored<'a, Option<Duration>> {
        self.answer(|one| {
            *one.logins.lock().unwrap() += 1;
            let is_spent = *one.logins.lock().unwrap() > u64::from(budget.hourly);
            is_spent.then_some(budget.interval)
        })
    }

    fn fail<'a>(&'a self, _: &'a str) -> Stored<'a, u32> {
        self.answer(|one| {
            *one.failures.lock().unwrap() += 1;
            *one.failures.lock().unwrap()
        })
    }

    fn pause<'a>(&'a self, _: &'a str, span: Duration) -> Stored<'a, ()> {
        self.answer(|one| *one.pause.lock().unwrap() = Some(span))
    }
}

/// Signs in when let, and counts.
#[derive(Debug, Default)]
struct Source {
    asked: AtomicUsize,
    refuses: Mutex<Option<()>>,
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
        let outcome = match *self.0.refuses.lock().unwrap() {
            Some(()) => Err(Error::response("no")),
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
    let key = Secret::new(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec());
    let sharing = Sharing {
        store: store.clone(),
        vault: Arc::new(Vault::new(&key).unwrap()),
        clock: Arc::new(ManualClock::new(NOW)),
        random: Arc::new(SeededRandom::new(source.asked.load(Ordering::SeqCst) as u64)),
        resting: Arc::default(),
    };
    Shared::new(
        Counted(source.clone()),
        Some(sharing),
        NAME.to_owned(),
        endpoint(),
    )
}

#[tokio::test]
async fn what_one_replica_gets_the_others_take() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let first = replica(&store, &source).token().await.unwrap();
    let second = replica(&store, &source).token().await.unwrap();
    assert!(first.access_token.is_same(&second.access_token));
    assert_eq!(
        (second.scope.as_deref(), second.expiry),
        (Some("api"), first.expiry)
    );
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    let stored = store.written.lock().unwrap().clone().unwrap().1;
    assert!(!String::from_utf8_lossy(&stored).contains("00D!"));
    assert!(
        store.leases.lock().unwrap().is_empty(),
        "the lease was given back"
    );
}

#[tokio::test]
async fn who_asks_again_gets_a_newer_one_and_the_others_take_that() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let (one, other) = (replica(&store, &source), replica(&store, &source));
    let old = one.token().await.unwrap();
    other.token().await.unwrap();
    let new = one.token().await.unwrap();
    assert!(!new.access_token.is_same(&old.access_token));
    assert!(
        other
            .token()
            .await
            .unwrap()
            .access_token
            .is_same(&new.access_token)
    );
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_broken_store_fails_nobody_and_garbage_in_it_is_not_there() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    *store.written.lock().unwrap() = Some((0, b"garbage".to_vec()));
    assert!(replica(&store, &source).token().await.is_ok());
    *store.is_broken.lock().unwrap() = Some(());
    let alone = replica(&store, &source);
    assert!(alone.token().await.is_ok());
    *store.is_broken.lock().unwrap() = None;
    assert!(alone.token().await.is_ok(), "it is left alone for a while");
    assert_eq!(source.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refusal_keeps_the_others_from_asking_and_the_budget_is_one_for_all() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    *source.refuses.lock().unwrap() = Some(());
    assert!(replica(&store, &source).token().await.is_err());
    let told = replica(&store, &source).token().await.unwrap_err();
    assert_eq!(told.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    *store.pause.lock().unwrap() = None;
    *store.logins.lock().unwrap() = 60;
    let told = replica(&store, &source).token().await.unwrap_err();
    assert!(
        told.to_string().contains("budget of all replicas"),
        "{told}"
    );
}

#[tokio::test]
async fn a_write_under_an_older_lease_is_fenced_off() {
    let (store, source) = (Arc::new(Fake::default()), Arc::new(Source::default()));
    let late = replica(&store, &source);
    let token = Counted(source.clone()).token().await.unwrap();
    *store.numbers.lock().unwrap() = 7;
    replica(&store, &source).token().await.unwrap();
    let before = store.written.lock().unwrap().clone();
    let late_sharing = late.sharing.as_ref().unwrap();
    late.publish(late_sharing, &token, 7).await.unwrap();
    assert_eq!(*store.written.lock().unwrap(), before);
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
