//! A client that is signed in to an org, and sends it tables.

use std::sync::LazyLock;
use std::time::Duration;

use accredit::assertion::{Claims, Header, Subject};
use accredit::audience::LoginUrl;
use accredit::clock::{Clock, SystemClock};
use accredit::exchange::TokenEndpoint;
use accredit::key::{Engine, PrivateKey};
use accredit::oauth::{ClientId, TokenResponse};
use accredit::random::SystemRandom;
use accredit::secret::Secret;
use accredit_emulator::{Emulator, NewApp, NewUser, Seed, Upload, routes};
use accredit_keys::{Fields, Recipe};
use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const LOGIN_URL: &str = "http://localhost";
const JOBS: &str = "/services/data/v60.0/jobs/ingest";

static KEY: LazyLock<(PrivateKey, String)> = LazyLock::new(|| {
    let fields = Fields {
        common_name: Some("fuzz".to_owned()),
        ..Fields::default()
    };
    let recipe = Recipe::new(accredit_keys::Subject::new(fields).expect("a name"));
    let made = recipe
        .make(SystemClock.now(), &SystemRandom)
        .expect("a key");
    let text = Secret::new(made.private_key.expose().clone().into_bytes());
    let key = accredit_keys::private_key(&text, "fuzz", Engine::QuickStart);
    (key.expect("the same key"), made.certificate)
});

/// A client of its own org.
pub struct Client {
    router: Router,
    runtime: Runtime,
    token: String,
    /// How many tables it has sent.
    pub sent: usize,
}

impl Client {
    /// Opens an org and signs in.
    pub fn sign_in() -> Self {
        let app = Emulator::builder()
            .seed(Seed::Empty)
            .open()
            .expect("an org in memory");
        app.add_app(NewApp {
            client_id: Some("fuzz".to_owned()),
            certificates: vec![Upload::Text(KEY.1.clone())],
            ..NewApp::default()
        })
        .expect("an app");
        app.add_user(NewUser::named("fuzz@example.com"))
            .expect("a user");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let mut client = Self {
            router: routes(app),
            runtime: runtime.expect("a runtime"),
            token: String::new(),
            sent: 0,
        };
        let (status, body) = client.ask(client.token_request());
        assert_eq!(status, 200);
        let reply = TokenResponse::parse(&body).expect("a token");
        client.token = reply.access_token.expose().to_owned();
        client
    }

    fn token_request(&self) -> Request<Body> {
        let login_url = LoginUrl::parse(LOGIN_URL).expect("a URL");
        let endpoint = TokenEndpoint::new(login_url, None).expect("an audience");
        let now = SystemClock.now();
        let claims = Claims {
            issuer: ClientId::new("fuzz").expect("a client id"),
            subject: Subject::new("fuzz@example.com").expect("a username"),
            audience: endpoint.audience().clone(),
            expires_at: now.saturating_add(Duration::from_secs(180)),
            assertion_id: None,
        };
        let signed = claims.sign(Header::Plain, &KEY.0, now);
        let assertion = self.runtime.block_on(signed).expect("an assertion");
        let mut request = endpoint.request(&assertion).map(Body::from);
        request
            .headers_mut()
            .insert("host", "localhost".parse().expect("a host"));
        request
    }

    fn ask(&self, request: Request<Body>) -> (u16, Vec<u8>) {
        self.runtime.block_on(async {
            let reply: Response<Body> =
                self.router.clone().oneshot(request).await.expect("a reply");
            let status = reply.status().as_u16();
            let body = axum::body::to_bytes(reply.into_body(), 64 << 20)
                .await
                .expect("a body");
            (status, body.to_vec())
        })
    }

    fn call(&self, method: &str, path: &str, (kind, body): (&str, Vec<u8>)) -> (u16, Vec<u8>) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{JOBS}{path}"))
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", kind)
            .body(Body::from(body));
        let (status, body) = self.ask(request.expect("a request"));
        // An error of the server is one that it did not see coming.
        assert!(
            status < 500,
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        (status, body)
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Value {
        let sent = ("application/json", body.to_string().into_bytes());
        serde_json::from_slice(&self.call(method, path, sent).1).unwrap_or_default()
    }

    /// Runs an ingest job over a table. Every line is either in one report or in the other.
    pub fn send(&mut self, job: &Value, table: &[u8]) {
        self.sent += 1;
        let made = self.json("POST", "", job);
        let path = format!("/{}", made["id"].as_str().expect("a job"));
        self.call(
            "PUT",
            &format!("{path}/batches"),
            ("text/csv", table.to_vec()),
        );
        self.json("PATCH", &path, &json!({"state": "UploadComplete"}));
        let info = self.json("GET", &path, &Value::Null);
        let state = info["state"].as_str().unwrap_or_default();
        assert!(["JobComplete", "Failed"].contains(&state), "{info}");
        for report in ["successfulResults", "failedResults", "unprocessedrecords"] {
            self.call("GET", &format!("{path}/{report}"), ("text/csv", Vec::new()));
        }
        self.call("DELETE", &path, ("application/json", Vec::new()));
    }
}
