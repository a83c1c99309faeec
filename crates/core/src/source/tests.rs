use std::collections::VecDeque;

use http::{Request, Response};

use super::*;
use crate::audience::LoginUrl;
use crate::clock::ManualClock;
use crate::key::PublicKey;
use crate::random::SeededRandom;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);
const DATE: &str = "Sat, 21 Nov 2026 00:00:00 GMT";

/// Signs with zeros: what is signed matters here, not how.
#[derive(Debug)]
struct Zeros(PublicKey);

impl Signer for Zeros {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(std::future::ready(Ok(vec![0; 256])))
    }
}

/// Answers with what is in the queue and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    replies: Mutex<VecDeque<Response<Vec<u8>>>>,
    requests: Mutex<Vec<String>>,
}

impl HttpClient for Script {
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        let body = String::from_utf8(request.into_body()).unwrap();
        self.requests.lock().unwrap().push(body);
        let reply = self
            .replies
            .lock()
            .unwrap()
            .pop_front()
            .expect("a reply for each request");
        Box::pin(std::future::ready(Ok(reply)))
    }
}

impl Script {
    fn answer(&self, status: u16, body: &str) {
        let reply = Response::builder().status(status).header("date", DATE);
        self.replies
            .lock()
            .unwrap()
            .push_back(reply.body(body.as_bytes().to_vec()).unwrap());
    }

    /// The `exp` of the assertion in request number `index`.
    fn exp(&self, index: usize) -> u64 {
        let requests = self.requests.lock().unwrap();
        let payload = requests[index]
            .split_once("assertion=")
            .unwrap()
            .1
            .split('.')
            .nth(1);
        let payload = URL_SAFE_NO_PAD.decode(payload.unwrap()).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        payload["exp"].as_u64().unwrap()
    }
}

fn source(script: &Arc<Script>, clock: &Arc<ManualClock>) -> JwtBearer {
    let login_url = LoginUrl::parse("https://login.salesforce.com").unwrap();
    let identity = Identity {
        issuer: ClientId::new("3MVG9").unwrap(),
        subject: Subject::new("user@example.com").unwrap(),
    };
    let outside = Outside {
        http: script.clone(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    };
    let signer = Arc::new(Zeros(PublicKey::new(&[0xff; 256], &[1, 0, 1])));
    JwtBearer::new(
        identity,
        signer,
        TokenEndpoint::new(login_url, None).unwrap(),
        outside,
    )
}

fn granted(access_token: &str) -> String {
    format!(
        r#"{{"access_token":"{access_token}","instance_url":"https://acme.my.salesforce.com"}}"#
    )
}

const EXPIRED: &str =
    r#"{"error":"invalid_grant","error_description":"expired authorization code"}"#;

#[tokio::test]
async fn an_opaque_token_gets_the_configured_lifetime() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    script.answer(200, &granted("00D!opaque"));
    let token = source(&script, &clock).token().await.unwrap();
    assert_eq!(
        token.expiry,
        Expiry::Assumed(NOW.saturating_add(TOKEN_LIFETIME))
    );
    assert_eq!(token.issued_at, NOW);
    assert_eq!(script.exp(0), NOW.as_secs() + 180);
}

#[tokio::test]
async fn a_jwt_token_says_itself_when_it_ends() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{}}}"#, NOW.as_secs() + 900));
    script.answer(
        200,
        &granted(&format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln")),
    );
    let token = source(&script, &clock).token().await.unwrap();
    assert_eq!(
        token.expiry,
        Expiry::Known(NOW.saturating_add(Duration::from_secs(900)))
    );
}

#[tokio::test]
async fn a_clock_ten_minutes_off_is_learned_from_the_refusal() {
    for ours in [NOW.as_secs() - 600, NOW.as_secs() + 600] {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(ours)));
        let script = Arc::new(Script::default());
        script.answer(400, EXPIRED);
        script.answer(200, &granted("00D!opaque"));
        let source = source(&script, &clock);
        let error = source.token().await.unwrap_err();
        assert!(
            error.is_transient() && error.clock_offset().is_some(),
            "{error:?}"
        );
        assert!(source.token().await.is_ok());
        assert_eq!(
            (script.exp(0), script.exp(1)),
            (ours + 180, NOW.as_secs() + 180)
        );
    }
}

#[tokio::test]
async fn a_clock_that_was_put_right_is_learned_too() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    clock.set(NOW.saturating_add(Duration::from_secs(600)));
    script.answer(200, &granted("00D!first"));
    script.answer(400, EXPIRED);
    script.answer(200, &granted("00D!second"));
    let source = source(&script, &clock);
    assert!(source.token().await.is_ok());
    clock.set(NOW);
    assert!(
        source.token().await.unwrap_err().is_transient(),
        "the next is on the right clock"
    );
    assert!(source.token().await.is_ok());
    assert_eq!(
        (script.exp(1), script.exp(2)),
        (NOW.as_secs() - 420, NOW.as_secs() + 180)
    );
}

#[tokio::test]
async fn what_a_server_says_of_the_end_is_put_on_our_clock_and_in_bounds() {
    let ours = NOW.saturating_add(Duration::from_secs(600));
    let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{}}}"#, NOW.as_secs() + 900));
    let jwt = granted(&format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln"));
    let stated = granted("00D!x").replace('}', r#","expires_in":300}"#);
    let endless = granted("00D!x").replace('}', r#","expires_in":18446744073709551615}"#);
    for (body, seconds) in [(jwt, 900), (stated, 300), (endless, 30 * 86_400)] {
        let (script, clock) = (
            Arc::new(Script::default()),
            Arc::new(ManualClock::new(ours)),
        );
        script.answer(200, &body);
        let token = source(&script, &clock).token().await.unwrap();
        let at = ours.saturating_add(Duration::from_secs(seconds));
        assert_eq!(token.expiry, Expiry::Known(at), "{body}");
    }
}

#[tokio::test]
async fn an_assertion_that_would_live_too_long_is_not_signed() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    let source = source(&script, &clock);
    let claims = Claims {
        issuer: source.identity.issuer.clone(),
        subject: source.identity.subject.clone(),
        audience: source.endpoint.audience().clone(),
        expires_at: NOW.saturating_add(Duration::from_secs(301)),
        assertion_id: None,
    };
    let refused = claims
        .sign(Header::Plain, source.signer.as_ref(), NOW)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("at most 300"), "{refused}");
}

#[tokio::test]
async fn an_expired_assertion_on_a_right_clock_is_final() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    script.answer(400, EXPIRED);
    assert!(
        !source(&script, &clock)
            .token()
            .await
            .unwrap_err()
            .is_transient()
    );
}

#[tokio::test]
async fn every_assertion_has_an_id_of_its_own() {
    let (script, clock) = (Arc::new(Script::default()), Arc::new(ManualClock::new(NOW)));
    let source = source(&script, &clock);
    let first = source.assertion().await.unwrap();
    let second = source.assertion().await.unwrap();
    assert_ne!(first.expose(), second.expose());
    assert!(!format!("{first:?}").contains(first.expose_signature()));
}
