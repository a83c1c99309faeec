//! An org in process with a clock that stands still, and a signer of assertions.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use accredit::clock::{ManualClock, UnixTime};
use accredit::key::PublicKey;
use accredit::random::SeededRandom;
use accredit_emulator::{App, Builder, Emulator, NewApp, NewUser, Upload, routes};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Request, StatusCode};
use rcgen::{CertificateParams, PKCS_RSA_SHA256, date_time_ymd};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The moment at which every test begins: that of the vectors, 2026-11-21T00:00:00Z.
pub(crate) const NOW: u64 = 1_795_219_200;
pub(crate) const CLIENT_ID: &str = "3MVG9test.CONSUMER_KEY_A";
pub(crate) const USERNAME: &str = "svc.int@example.com";
pub(crate) const ORIGIN: &str = "http://localhost";
pub(crate) const LOGIN: &str = "https://login.salesforce.com";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A key and certificates for it. Made once for all tests: making an RSA key is slow.
pub(crate) struct Identity {
    key: KeyPair,
    pub(crate) certificate: String,
    pub(crate) expired: String,
    pub(crate) upcoming: String,
}

pub(crate) static OURS: LazyLock<Identity> = LazyLock::new(Identity::generate);
pub(crate) static THEIRS: LazyLock<Identity> = LazyLock::new(Identity::generate);

impl Identity {
    fn generate() -> Self {
        let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = |from: i32, until: i32| {
            let mut params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
            params.self_signed(&pair).unwrap().pem()
        };
        Self {
            key: KeyPair::from_pkcs8(&pair.serialize_der()).unwrap(),
            certificate: certificate(2026, 2028),
            expired: certificate(2024, 2026),
            upcoming: certificate(2027, 2028),
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let der = aws_lc_rs::signature::KeyPair::public_key(&self.key).as_ref();
        PublicKey::from_pkcs1_der(der).unwrap()
    }

    /// Signs a header and a payload as they are.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        sign_with(&self.key, header, payload)
    }

    /// Signs claims under `{"alg":"RS256"}`.
    pub(crate) fn assertion(&self, claims: &Value) -> String {
        self.sign(r#"{"alg":"RS256"}"#, &claims.to_string())
    }
}

pub(crate) fn sign_with(key: &KeyPair, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        .unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Claims that pass every rung in both modes.
pub(crate) fn claims() -> Value {
    json!({"iss": CLIENT_ID, "sub": USERNAME, "aud": ORIGIN, "exp": NOW + 120})
}

/// The same with some of them changed; `null` takes one away.
pub(crate) fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// An app that our key signs for.
pub(crate) fn app() -> NewApp {
    NewApp {
        client_id: Some(CLIENT_ID.to_owned()),
        certificates: vec![Upload::Text(OURS.certificate.clone())],
        ..NewApp::default()
    }
}

/// A reply, read to the end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The member names of the outermost object, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.json().as_object().unwrap().keys().cloned().collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `error: error_description`, or `ok`.
    pub(crate) fn verdict(&self) -> String {
        let body = self.json();
        match body.get("error") {
            Some(error) => format!(
                "{}: {}",
                error.as_str().unwrap(),
                body["error_description"].as_str().unwrap()
            ),
            None => "ok".to_owned(),
        }
    }

    /// `ACC-nnnn`, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.header("accredit-diagnosis").split(';').next().unwrap()
    }
}

/// An org and its router.
pub(crate) struct Org {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    router: Router,
}

impl Org {
    /// An org with one app and one user, both as they should be.
    pub(crate) fn new() -> Self {
        let org = Self::empty(Emulator::builder());
        org.app.add_app(app()).unwrap();
        org.app.add_user(NewUser::named(USERNAME)).unwrap();
        org
    }

    /// An org with nothing but what the builder says.
    pub(crate) fn empty(builder: Builder) -> Self {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(NOW)));
        let app = builder
            .seed(accredit_emulator::Seed::Empty)
            .clock(Arc::clone(&clock) as _)
            .random(Arc::new(SeededRandom::new(7)))
            .open()
            .unwrap();
        Self {
            router: routes(app.clone()),
            app,
            clock,
        }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(&self.router, request, Ipv4Addr::LOCALHOST.into()).await
    }

    /// A router for another thread.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path, "")).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Reply {
        let mut request = request("GET", path, "");
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        self.send(request).await
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        self.send(form(path, pairs)).await
    }

    /// A call of the management API.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(request(method, &format!("/_emulator{path}"), &body))
            .await
    }

    /// How many apps there are.
    pub(crate) async fn app_count(&self) -> usize {
        let apps = self.manage("GET", "/apps", Value::Null).await.json();
        apps.as_array().unwrap().len()
    }

    /// Offers an assertion.
    pub(crate) async fn exchange(&self, assertion: &str) -> Reply {
        self.post(
            "/services/oauth2/token",
            &[("grant_type", JWT_BEARER), ("assertion", assertion)],
        )
        .await
    }

    /// Signs in, and gives the access token.
    pub(crate) async fn token(&self) -> String {
        let reply = self.exchange(&OURS.assertion(&self.fresh_claims())).await;
        assert_eq!(reply.verdict(), "ok");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Claims that are right now, by the org's clock.
    pub(crate) fn fresh_claims(&self) -> Value {
        use accredit::clock::Clock as _;
        claims_with(&json!({"exp": self.clock.now().as_secs() + 120}))
    }
}

pub(crate) async fn send(
    router: &Router,
    mut request: Request<Body>,
    peer: std::net::IpAddr,
) -> Reply {
    let peer = ConnectInfo(SocketAddr::from((peer, 50_000)));
    request.extensions_mut().insert(peer);
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn form(path: &str, pairs: &[(&str, &str)]) -> Request<Body> {
    let mut request = request("POST", path, &encode(pairs));
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    request
}

pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b if b.is_ascii_alphanumeric() || b"-._".contains(&b) => char::from(b).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}
