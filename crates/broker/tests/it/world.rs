//! A broker on a free port of this machine, its Salesforce, and callers made of bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit::BoxFuture;
use accredit::cache::{Spawn, TokioSpawn};
use accredit::clock::{Clock, ManualClock, UnixTime};
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::key::PublicKey;
use accredit::random::SystemRandom;
use accredit::secret::Secret;
use accredit_broker::audit::{AuditEntry, AuditLog};
use accredit_broker::caller_key::CallerKey;
use accredit_broker::config::{self, Config};
use accredit_broker::exposure::ChosenBy;
use accredit_broker::proxy::{Upstream, UpstreamSettings};
use accredit_broker::{App, Door, HeldKey, KeySource, Listening, Parts, Reveal, World as Outside};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::salesforce::{Rest, TokenEndpoint, Zeros};

/// Gives the same key for every reference.
#[derive(Debug)]
struct OneKey;

impl KeySource for OneKey {
    fn load(&self, reference: &str) -> BoxFuture<'_, Result<HeldKey, Error>> {
        let key = match reference {
            "missing" => Err(Error::key("there is no such key")),
            _ => Ok(HeldKey {
                signer: Arc::new(Zeros(PublicKey::new(
                    &[if reference == "other.key" { 0xfe } else { 0xff }; 256],
                    &[1, 0, 1],
                ))),
                certificate_ends: None,
            }),
        };
        Box::pin(std::future::ready(key))
    }

    fn secret(&self, reference: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        self.file(reference)
    }

    fn file(&self, path: &str) -> BoxFuture<'_, Result<Secret<Vec<u8>>, Error>> {
        let read = std::fs::read(path).map(Secret::new);
        let read = read.map_err(|error| Error::setting(format!("{path}: {error}")));
        Box::pin(std::future::ready(read))
    }
}

/// Keeps the lines.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl AuditLog for Lines {
    fn record(&self, entry: &AuditEntry<'_>) {
        let line = serde_json::to_string(entry).unwrap();
        self.0.lock().unwrap().push(line);
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// Reads the first answer in `bytes`; 0 stands for none.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A broker that is being served.
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    audit: Arc<Lines>,
    app: App,
    pub(crate) stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What a broker meets outside.
pub(crate) struct Around {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) spawn: Arc<dyn Spawn>,
    pub(crate) keys: Arc<dyn KeySource>,
}

/// A broker, and a scripted Salesforce.
pub(crate) struct World {
    broker: Broker,
    pub(crate) salesforce: Arc<TokenEndpoint>,
    pub(crate) rest: Arc<Rest>,
    clock: Option<Arc<ManualClock>>,
}

impl std::ops::Deref for World {
    type Target = Broker;

    fn deref(&self) -> &Broker {
        &self.broker
    }
}

impl World {
    /// Stops the broker and waits for its end; gives the audit log as it is then.
    pub(crate) async fn end(mut self) -> Vec<String> {
        self.broker.stop.send_replace(true);
        self.broker.tasks.join_next().await;
        self.broker.audit()
    }
}

/// Two connections; a file may add callers.
pub(crate) const CONNECTIONS: &str = r#"
[connections.default]
client_id = "3MVG9"
username = "integration@example.com"
login_url = "http://127.0.0.1:1"
key = "server.key"
[connections.prod]
client_id = "3MVG9"
username = "prod@example.com"
usernames = ["*@example.com"]
login_url = "http://127.0.0.1:1"
key = "server.key"
"#;

/// A key, and a caller that may do what `policy` says.
pub(crate) fn caller(name: &str, policy: &str) -> (String, String) {
    let key = CallerKey::draw(&SystemRandom).unwrap();
    let text = format!(
        "[callers.{name}]\nkey_hash = \"{}\"\n{policy}\n",
        key.hash()
    );
    (key.expose().to_owned(), text)
}

pub(crate) fn read(text: &str) -> Config {
    config::parse(text, "broker.toml", &|_| Ok(())).unwrap()
}

impl World {
    /// With nobody configured: whoever is on this machine may ask.
    pub(crate) async fn local() -> Self {
        Self::start(CONNECTIONS, Reveal::Never).await
    }

    pub(crate) async fn start(text: &str, reveal: Reveal) -> Self {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_795_219_200)));
        let mut world = Self::at(text, reveal, clock.clone()).await;
        world.clock = Some(clock);
        world
    }

    /// On another clock.
    pub(crate) async fn at(text: &str, reveal: Reveal, clock: Arc<dyn Clock>) -> Self {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let salesforce = Arc::new(TokenEndpoint::default());
        let instance = format!("http://{}", upstream.local_addr().unwrap());
        *salesforce.instance_url.lock().unwrap() = instance;
        let rest = Arc::new(Rest::new());
        let around = Around {
            http: salesforce.clone(),
            clock,
            spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
            keys: Arc::new(OneKey),
        };
        let mut broker = Broker::start(text, reveal, around).await;
        broker.tasks.spawn(rest.clone().serve(upstream));
        Self {
            broker,
            salesforce,
            rest,
            clock: None,
        }
    }

    /// Lets the pause between two logins pass.
    pub(crate) fn pause(&self) {
        self.pass(Duration::from_secs(2));
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.clock.as_ref().unwrap().advance(span);
    }
}

impl Broker {
    pub(crate) async fn start(text: &str, reveal: Reveal, around: Around) -> Self {
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let audit = Arc::new(Lines::default());
        let parts = Parts {
            world: Outside {
                http: around.http,
                clock: around.clock,
                random: Arc::new(SystemRandom),
                spawn: around.spawn,
            },
            upstream: Upstream::new(UpstreamSettings::default()),
            keys: around.keys,
            audit: audit.clone(),
        };
        let listening = Listening {
            address,
            chosen_by: ChosenBy::Person,
            reveal,
        };
        let config = read(text);
        let app = App::new(&config, listening, parts).await.unwrap();
        let mut doors = vec![Door::Tcp(listener)];
        if let Some(path) = &config.listener.socket {
            let listener = UnixListener::bind(path).unwrap();
            doors.push(Door::Unix {
                listener,
                own_uid: std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).unwrap()),
            });
        }
        let mut told = stop.subscribe();
        let until = async move { drop(told.wait_for(|is_told| *is_told).await) };
        let served = accredit_broker::run(doors, app.clone(), until, Duration::from_secs(5));
        tasks.spawn(served);
        Self {
            address,
            audit,
            stop,
            app,
            tasks,
        }
    }

    pub(crate) async fn reload(&self, text: &str) -> Result<(), String> {
        let reloaded = self.app.reload(&read(text)).await;
        reloaded.map_err(|mistakes| mistakes.to_string())
    }

    pub(crate) fn audit(&self) -> Vec<String> {
        self.audit.0.lock().unwrap().clone()
    }

    /// Sends bytes on a connection of their own and reads until the other side ends it.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        converse(self.address, bytes).await
    }

    /// The status of an answer, whatever its body is and however long it takes.
    pub(crate) async fn head(&self, line: &str) -> u16 {
        let address = self.address;
        let text = format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let length = stream.read(&mut answer).await.unwrap();
        Reply::parse(&answer[..length]).status
    }

    /// A request with `headers` besides Host, Accredit-Request and Connection.
    pub(crate) async fn ask(&self, line: &str, headers: &str, body: &str) -> Reply {
        let address = self.address;
        let length = match body {
            "" => String::new(),
            body => format!("Content-Length: {}\r\n", body.len()),
        };
        let text = format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\nConnection: close\r\n{length}{headers}\r\n{body}"
        );
        Reply::parse(&self.raw(text.as_bytes()).await)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path}"), "", "").await
    }
}

/// Sends bytes on a connection of their own and reads until the other side ends it.
pub(crate) async fn converse(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that refuses early need not read all of it.
    let _refused = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _reset = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .unwrap();
    answer
}
