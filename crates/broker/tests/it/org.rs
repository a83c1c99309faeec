//! A local org behind a wire that is listened to, and a key that it knows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::cache::Spawn;
use accredit::clock::{Clock, UnixTime};
use accredit::error::Error;
use accredit::http::{ClientSettings, HttpClient, UreqClient};
use accredit::key::{Engine, PrivateKey};
use accredit::secret::Secret;
use accredit_broker::{HeldKey, KeySource};
use accredit_emulator::{Emulator, NewApp, Seed, Upload};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use rcgen::{CertificateParams, PKCS_RSA_SHA256, date_time_ymd};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::world::{Reply, converse};

/// How long tokens live here.
pub(crate) const LIFE: Duration = Duration::from_secs(7200);

/// A key and its certificate, made once: an RSA key takes a while.
pub(crate) struct Identity {
    pkcs8: Vec<u8>,
    certificate: String,
}

static OURS: LazyLock<Identity> = LazyLock::new(|| {
    let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(vec!["test.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    Identity {
        pkcs8: pair.serialize_der(),
        certificate: params.self_signed(&pair).unwrap().pem(),
    }
});

/// Gives the key for every reference, and files as they are.
#[derive(Debug)]
pub(crate) struct OurKey;

impl KeySource for OurKey {
    fn load(&self, _: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        let der = Secret::new(OURS.pkcs8.clone());
        let key = PrivateKey::from_pkcs8_der(&der, Engine::Throughput).unwrap();
        let held = HeldKey {
            signer: Arc::new(key),
            certificate_ends: None,
        };
        Box::pin(std::future::ready(Ok(held)))
    }

    fn secret(&self, reference: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        self.file(reference)
    }

    fn file(&self, path: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        let read = std::fs::read(path).map(Secret::new).unwrap();
        Box::pin(std::future::ready(Ok(read)))
    }
}

/// An app with our certificate.
pub(crate) fn app(client_id: &str) -> NewApp {
    NewApp {
        client_id: Some(client_id.to_owned()),
        certificates: vec![Upload::Text(OURS.certificate.clone())],
        ..NewApp::default()
    }
}

/// Starts tasks, and says when all of them have ended.
#[derive(Debug)]
pub(crate) struct Flights {
    runtime: tokio::runtime::Handle,
    running: Arc<watch::Sender<usize>>,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Self {
            runtime: tokio::runtime::Handle::current(),
            running: Arc::new(watch::Sender::new(0)),
        }
    }

    pub(crate) async fn landed(&self) {
        let mut running = self.running.subscribe();
        running.wait_for(|running| *running == 0).await.unwrap();
    }
}

impl Spawn for Flights {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let running = self.running.clone();
        running.send_modify(|running| *running += 1);
        drop(self.runtime.spawn(async move {
            task.await;
            running.send_modify(|running| *running -= 1);
        }));
    }
}

/// What passed between broker and org.
#[derive(Debug)]
pub(crate) struct Wire {
    clock: Arc<dyn Clock>,
    client: UreqClient,
    /// When each token came and for whom, by its text.
    issued: Mutex<HashMap<String, (UnixTime, Name)>>,
    identities: Mutex<HashMap<Name, Dealings>>,
    /// Requests to the REST API that carried a token after its end.
    late: AtomicUsize,
    carried: AtomicUsize,
}

/// Client id and username.
type Name = (String, String);

/// What happened between the org and one identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dealings {
    /// When tokens were asked for.
    pub(crate) asked: Vec<UnixTime>,
    /// When the token came that the org has not called dead since.
    pub(crate) good_since: Option<UnixTime>,
}

impl Wire {
    fn new(clock: Arc<dyn Clock>, patience: Duration) -> Self {
        let client = UreqClient::new(ClientSettings {
            total_timeout: patience,
            ..ClientSettings::default()
        });
        Self {
            clock,
            client,
            issued: Mutex::default(),
            identities: Mutex::default(),
            late: AtomicUsize::new(0),
            carried: AtomicUsize::new(0),
        }
    }

    /// What happened between the org and one identity.
    pub(crate) fn dealings(&self, client_id: &str, username: &str) -> Dealings {
        let identity = (client_id.to_owned(), username.to_owned());
        let identities = self.identities.lock().unwrap();
        identities.get(&identity).cloned().unwrap_or_default()
    }

    /// How many requests carried a token, and how many of them one that had ended.
    pub(crate) fn carried(&self) -> (usize, usize) {
        let (carried, late) = (&self.carried, &self.late);
        (carried.load(Ordering::SeqCst), late.load(Ordering::SeqCst))
    }

    fn overhear(&self, token: &str) {
        let issued = self.issued.lock().unwrap();
        let age = issued.get(token).map(|(at, _)| self.clock.now().since(*at));
        self.carried.fetch_add(1, Ordering::SeqCst);
        if age.is_none_or(|age| age >= LIFE) {
            self.late.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The org answered 401 to a request with this token.
    fn bury(&self, token: &str) {
        let issued = self.issued.lock().unwrap();
        let Some((at, identity)) = issued.get(token) else {
            return;
        };
        let mut identities = self.identities.lock().unwrap();
        let dealings = identities.get_mut(identity).unwrap();
        dealings.good_since = dealings.good_since.filter(|since| since != at);
    }

    fn note(&self, identity: Name, reply: Option<&Response<Vec<u8>>>) {
        let now = self.clock.now();
        let body = reply.map(|reply| serde_json::from_slice::<Value>(reply.body()));
        let token = body.and_then(|body| Some(body.ok()?["access_token"].as_str()?.to_owned()));
        let mut issued = self.issued.lock().unwrap();
        let mut identities = self.identities.lock().unwrap();
        let dealings = identities.entry(identity.clone()).or_default();
        match (reply, token) {
            (None, _) => dealings.asked.push(now),
            (Some(_), Some(token)) => {
                dealings.good_since = Some(now);
                issued.insert(token, (now, identity));
            }
            _ => {}
        }
    }
}

/// The network for token requests, listened to.
#[derive(Clone, Debug)]
pub(crate) struct Overheard(pub(crate) Arc<Wire>);

impl HttpClient for Overheard {
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        let wire = self.0.clone();
        let identity = identity_of(request.body());
        wire.note(identity.clone(), None);
        let sent = wire.client.send(request);
        Box::pin(async move {
            let reply = sent.await?;
            wire.note(identity, Some(&reply));
            Ok(reply)
        })
    }
}

/// Client id and username in the assertion of a token request.
fn identity_of(form: &[u8]) -> Name {
    let form = std::str::from_utf8(form).unwrap();
    let payload = form.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let claim = |name: &str| claims[name].as_str().unwrap().to_owned();
    (claim("iss"), claim("sub"))
}

/// A local org, reached over a wire that is listened to.
pub(crate) struct Org {
    pub(crate) emulator: Emulator,
    pub(crate) wire: Arc<Wire>,
    pub(crate) url: String,
    _relay: JoinSet<()>,
}

impl Org {
    /// An org without data. Token requests may take `patience` of real time.
    pub(crate) async fn start(clock: Arc<dyn Clock>, patience: Duration) -> Self {
        let builder = Emulator::builder().seed(Seed::Empty).clock(clock.clone());
        let emulator = builder.login_limit(u32::MAX).start().await.unwrap();
        let wire = Arc::new(Wire::new(clock, patience));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut relay = JoinSet::new();
        relay.spawn(pass_on(listener, emulator.address(), wire.clone()));
        Self {
            emulator,
            wire,
            url,
            _relay: relay,
        }
    }

    /// Asks the management API.
    pub(crate) async fn manage(&self, line: &str, body: &Value) -> Reply {
        let (address, body) = (self.emulator.address(), body.to_string());
        let length = body.len();
        let text = format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Reply::parse(&converse(address, text.as_bytes()).await)
    }
}

async fn pass_on(listener: TcpListener, to: SocketAddr, wire: Arc<Wire>) {
    let mut lines = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let wire = wire.clone();
        lines.spawn(async move {
            let Ok(far) = TcpStream::connect(to).await else {
                return;
            };
            let ((mut from_broker, mut to_broker), (mut from_org, mut to_org)) =
                (near.into_split(), far.into_split());
            let last = Mutex::new(String::new());
            let mut chunk = vec![0; 16 * 1024];
            let back = async {
                while let Ok(length @ 1..) = from_org.read(&mut chunk).await {
                    if chunk.starts_with(b"HTTP/1.1 401") {
                        wire.bury(&last.lock().unwrap());
                    }
                    if to_broker.write_all(&chunk[..length]).await.is_err() {
                        break;
                    }
                }
                drop(to_broker);
            };
            let mut chunk = vec![0; 16 * 1024];
            let forth = async {
                // Heads are small and sent at once.
                while let Ok(length @ 1..) = from_broker.read(&mut chunk).await {
                    let text = String::from_utf8_lossy(&chunk[..length]);
                    for after in text.split("Bearer ").skip(1) {
                        let token = after.lines().next().unwrap();
                        wire.overhear(token);
                        token.clone_into(&mut last.lock().unwrap());
                    }
                    if to_org.write_all(&chunk[..length]).await.is_err() {
                        break;
                    }
                }
                drop(to_org);
            };
            tokio::join!(back, forth);
        });
    }
}
