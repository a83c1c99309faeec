//! Many callers, one request; whoever goes away, the others get their token.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::audience::InstanceUrl;
use accredit::cache::{Cached, Spawn, TokioSpawn};
use accredit::clock::{Clock, ManualClock, UnixTime};
use accredit::error::{Error, ErrorKind};
use accredit::policy::RefreshPolicy;
use accredit::random::SeededRandom;
use accredit::secret::AccessToken;
use accredit::source::{Expiry, Token, TokenSource};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

/// Gives token number n to request number n, once the gate lets it through.
#[derive(Debug)]
struct Issuer {
    requests: AtomicUsize,
    gate: Semaphore,
    clock: Arc<ManualClock>,
    failures: Mutex<Vec<Error>>,
    /// Waits inside the request at which a caller can be cancelled.
    awaits: usize,
}

impl Issuer {
    fn new(clock: &Arc<ManualClock>, gate: usize) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicUsize::new(0),
            gate: Semaphore::new(gate),
            clock: clock.clone(),
            failures: Mutex::default(),
            awaits: 5,
        })
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Debug)]
struct Source(Arc<Issuer>);

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async move {
            let number = self.0.requests.fetch_add(1, Ordering::SeqCst) + 1;
            for _ in 0..self.0.awaits {
                yield_now().await;
            }
            self.0.gate.acquire().await.unwrap().forget();
            if let Some(error) = self.0.failures.lock().unwrap().pop() {
                return Err(error);
            }
            let issued_at = self.0.clock.now();
            Ok(Token {
                access_token: AccessToken::new(format!("00D!{number}")).unwrap(),
                instance_url: InstanceUrl::parse("https://acme.my.salesforce.com").unwrap(),
                id: None,
                scope: None,
                issued_at,
                expiry: Expiry::Known(issued_at.saturating_add(Duration::from_secs(7200))),
            })
        })
    }
}

fn world(gate: usize) -> (Arc<ManualClock>, Arc<Issuer>, Cached<Source>) {
    let clock = Arc::new(ManualClock::new(NOW));
    let issuer = Issuer::new(&clock, gate);
    let spawn = Arc::new(TokioSpawn::new(tokio::runtime::Handle::current()));
    let cached = Cached::new(
        Source(issuer.clone()),
        RefreshPolicy::default(),
        clock.clone(),
        Arc::new(SeededRandom::new(7)),
        spawn,
    );
    (clock, issuer, cached)
}

fn forward(clock: &ManualClock, seconds: u64) {
    clock.advance(Duration::from_secs(seconds));
}

async fn until(mut is_true: impl FnMut() -> bool) {
    while !is_true() {
        yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_cold_callers_make_one_request() {
    for _ in 0..10 {
        let (_, issuer, cached) = world(0);
        let mut callers = JoinSet::new();
        for _ in 0..10_000 {
            let cached = cached.clone();
            callers.spawn(async move { cached.token().await.unwrap().access_token.fingerprint() });
        }
        issuer.gate.add_permits(1_000);
        let tokens: HashSet<String> = callers.join_all().await.into_iter().collect();
        assert_eq!((tokens.len(), issuer.requests()), (1, 1));
    }
}

#[tokio::test]
async fn a_failure_is_shared_and_not_asked_for_again_by_those_who_waited() {
    let (_, issuer, cached) = world(1);
    issuer
        .failures
        .lock()
        .unwrap()
        .push(Error::transport("down"));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let cached = cached.clone();
        callers.spawn(async move { cached.token().await.unwrap_err().to_string() });
    }
    assert!(callers.join_all().await.iter().all(|error| error == "down"));
    assert_eq!(issuer.requests(), 1);
    let withheld = cached.token().await.unwrap_err();
    assert_eq!(
        (withheld.kind(), issuer.requests()),
        (ErrorKind::Withheld, 1)
    );
}

/// Polls `future` `polls` times and drops it.
async fn abandon<F: Future + Unpin>(mut future: F, polls: usize) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if Pin::new(&mut future).poll(&mut context).is_ready() {
            return;
        }
        yield_now().await;
    }
}

#[tokio::test]
async fn a_leader_who_goes_away_at_any_point_leaves_nobody_hanging() {
    for polls in 0..24 {
        let (_, issuer, cached) = world(0);
        abandon(cached.token(), polls).await;
        let mut followers = JoinSet::new();
        for _ in 0..10 {
            let cached = cached.clone();
            followers.spawn(async move { cached.token().await });
        }
        yield_now().await;
        issuer.gate.add_permits(1);
        assert!(
            followers.join_all().await.iter().all(Result::is_ok),
            "{polls} polls"
        );
        assert_eq!(issuer.requests(), 1, "{polls} polls");
    }
}

#[tokio::test]
async fn when_all_who_waited_are_gone_the_request_still_serves_the_next() {
    let (_, issuer, cached) = world(0);
    abandon(cached.token(), 3).await;
    issuer.gate.add_permits(1);
    until(|| issuer.gate.available_permits() == 0).await;
    assert!(cached.token().await.is_ok());
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn nobody_waits_while_a_valid_token_exists() {
    let (clock, issuer, cached) = world(1);
    let first = cached.token().await.unwrap();
    forward(&clock, 6000);
    for _ in 0..100 {
        // The issuer does not answer; each caller is served in a single poll.
        let mut caller = cached.token();
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(token)) = caller.as_mut().poll(&mut context) else {
            panic!("waits")
        };
        assert!(token.access_token.is_same(&first.access_token));
    }
    until(|| issuer.requests() == 2).await;
    issuer.gate.add_permits(1);
    until(|| issuer.gate.available_permits() == 0).await;
    yield_now().await;
    assert!(
        !cached
            .token()
            .await
            .unwrap()
            .access_token
            .is_same(&first.access_token)
    );
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn an_outage_is_ridden_out_and_no_token_is_given_past_its_end() {
    let (clock, issuer, cached) = world(1);
    cached.token().await.unwrap();
    issuer.gate.add_permits(10_000);
    for second in 1..7_300 {
        issuer
            .failures
            .lock()
            .unwrap()
            .push(Error::transport("down"));
        forward(&clock, 1);
        let outcome = cached.token().await;
        match outcome {
            Ok(token) => assert!(clock.now() < token.expiry.at(), "{second}"),
            Err(error) => assert!(second >= 7_200 && error.is_transient(), "{second}: {error}"),
        }
        yield_now().await;
    }
    issuer.failures.lock().unwrap().clear();
    forward(&clock, 61);
    assert!(
        cached.token().await.is_ok(),
        "back within 61 s of the end of the outage"
    );
}

#[tokio::test]
async fn a_thousand_refusals_of_one_token_cause_one_new_request() {
    let (clock, issuer, cached) = world(2);
    let dead = cached.token().await.unwrap().access_token;
    forward(&clock, 60);
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let (cached, dead) = (cached.clone(), dead.clone());
        callers.spawn(async move {
            cached.invalidate(&dead);
            cached.token().await.unwrap().access_token.is_same(&dead)
        });
    }
    assert!(callers.join_all().await.iter().all(|is_same| !is_same));
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_stays_for_others_but_not_for_who_renews_it() {
    let (clock, issuer, cached) = world(2);
    let dead = cached.token().await.unwrap().access_token;
    let error = cached.renew(&dead).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Withheld);
    forward(&clock, 1);
    issuer
        .failures
        .lock()
        .unwrap()
        .push(Error::transport("down"));
    assert!(cached.renew(&dead).await.is_err());
    assert!(cached.token().await.unwrap().access_token.is_same(&dead));
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up_and_made_anew() {
    let (clock, issuer, cached) = world(0);
    let mut waiter = JoinSet::new();
    waiter.spawn({
        let cached = cached.clone();
        async move { cached.token().await }
    });
    until(|| issuer.requests() == 1).await;
    forward(&clock, 15);
    let error = waiter.join_next().await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("took too long"), "{error}");
    forward(&clock, 1);
    issuer.gate.add_permits(1);
    assert!(cached.token().await.is_ok());
}

/// A runtime that is gone: tasks are dropped at once.
#[derive(Debug)]
struct Gone;

impl Spawn for Gone {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(task);
    }
}

#[tokio::test]
async fn a_runtime_that_has_stopped_is_an_error_and_not_a_deadlock() {
    let clock = Arc::new(ManualClock::new(NOW));
    let source = Source(Issuer::new(&clock, 1));
    let random = Arc::new(SeededRandom::new(7));
    let cached = Cached::new(
        source,
        RefreshPolicy::default(),
        clock,
        random,
        Arc::new(Gone),
    );
    assert!(
        cached
            .token()
            .await
            .unwrap_err()
            .to_string()
            .contains("abandoned")
    );
}
