//! Several brokers as processes: many callers, one login; who is killed or stopped in mid-login
//! leaves the others no worse off.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Resource, Signal, getrlimit, setrlimit};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::program::{Program, key};
use crate::serve::{Served, get, org};
use crate::skip::skipped;

const TOKEN: &str = "/v1/connections/default/token";

/// A Redis of one's own on a Unix socket.
pub(crate) struct Redis {
    child: Child,
    socket: PathBuf,
}

impl Redis {
    /// `None`, with a word about it, where there is no program for it.
    pub(crate) fn start(program: &Program) -> Option<Self> {
        let socket = program.folder().join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--dir"])
            .arg(program.folder())
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let child = child.map_err(|error| skipped(format_args!("redis-server: {error}")));
        let this = Self {
            child: child.ok()?,
            socket,
        };
        if Command::new("redis-cli").arg("-v").output().is_err() {
            skipped("redis-cli is not installed");
            return None;
        }
        while this.run(&["PING"]) != "PONG" {
            thread::yield_now();
        }
        Some(this)
    }

    pub(crate) fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.arg("-s").arg(&self.socket).args(words);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// What stands under the one key of a kind.
    fn key(&self, kind: &str) -> String {
        self.run(&["KEYS", &format!("*:{kind}")])
    }

    /// Lets the lease run out before its time; gives how many milliseconds it had left.
    fn end_lease(&self) -> u64 {
        let lease = self.key("lease");
        let left = self.run(&["PTTL", &lease]).parse().unwrap();
        self.run(&["DEL", &lease]);
        left
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Brokers that share a store, and the org behind them.
struct Fleet {
    org: Served,
    program: Program,
    brokers: Vec<Served>,
}

impl Fleet {
    fn new() -> Self {
        let (org, program) = org();
        let brokers = Vec::new();
        Self {
            org,
            program,
            brokers,
        }
    }

    /// Starts `count` brokers; what they say is kept in files.
    fn start(&mut self, count: usize) {
        let folder = self.program.folder();
        std::fs::copy(key(), folder.join("server.key")).unwrap();
        let socket = folder.join("redis.sock");
        let url = format!("redis+unix://{}", socket.display());
        self.program.write("store.url", url.as_bytes());
        let secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        self.program.write("store.key", secret.as_bytes());
        let text = format!(
            "[connections.default]\nclient_id = \"3MVG9.client\"\nusername = \"integration@accredit.example\"\nlogin_url = \"{}\"\nkey = \"server.key\"\n[store]\nurl = \"store.url\"\nkey = \"store.key\"\n",
            self.org.url
        );
        self.program.write("broker.toml", text.as_bytes());
        for number in 0..count {
            let log = File::create(folder.join(format!("log-{number}"))).unwrap();
            let line = "serve --config broker.toml --listen 127.0.0.1:0";
            let broker = Served::start_with(&self.program, line, log);
            self.brokers.push(broker);
        }
    }

    fn logins(&self) -> u64 {
        let url = format!(
            "{}/_emulator/requests/count?path=/services/oauth2/token",
            self.org.url
        );
        let (_, _, body) = get(&url, &[]);
        let count: Value = serde_json::from_str(&body).unwrap();
        count["count"].as_u64().unwrap()
    }

    /// How many brokers said that the store did not answer in time.
    fn without_store(&self) -> u64 {
        let logs = (0..self.brokers.len()).map(|number| {
            let log = self.program.folder().join(format!("log-{number}"));
            let log = std::fs::read_to_string(log).unwrap();
            u64::from(log.contains("the store is of no help"))
        });
        logs.sum()
    }

    /// Has the next login take `milliseconds`.
    fn slow_down(&self, milliseconds: u64) {
        let milliseconds = milliseconds.to_string();
        let words = ["emulator", "fault", "add", "latency", "--milliseconds"];
        let more = [&*milliseconds, "--path", "/services/oauth2/token"];
        let run = words.into_iter().chain(more).chain(["--count", "1"]);
        self.program.run(run).succeeds();
    }

    fn wait_for_login(&self) {
        let url = format!("{}/_emulator/faults", self.org.url);
        while !get(&url, &[]).2.contains("\"struck\":1") {
            thread::yield_now();
        }
    }

    /// Asks one broker for the token, from a thread of its own.
    fn ask(&self, broker: usize) -> thread::JoinHandle<Option<u16>> {
        let url = self.brokers[broker].url.clone();
        thread::spawn(move || {
            let address = url.trim_start_matches("http://").to_owned();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.write_all(request(&address).as_bytes()).await.ok()?;
                status(stream).await
            })
        })
    }

    /// Lets all callers connect, then ask at once; gives how many got the token.
    fn herd(&self, callers: usize) -> usize {
        raise_open_files();
        let addresses: Vec<String> = self
            .brokers
            .iter()
            .map(|broker| broker.url.trim_start_matches("http://").to_owned())
            .collect();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut streams = Vec::new();
            for number in 0..callers {
                let address = &addresses[number % addresses.len()];
                let stream = TcpStream::connect(address).await.unwrap();
                streams.push((stream, request(address)));
            }
            let mut all = JoinSet::new();
            for (mut stream, request) in streams {
                all.spawn(async move {
                    stream.write_all(request.as_bytes()).await.ok()?;
                    status(stream).await
                });
            }
            let statuses = all.join_all().await;
            statuses.iter().filter(|one| **one == Some(200)).count()
        })
    }
}

pub(crate) fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

fn request(address: &str) -> String {
    format!(
        "GET {TOKEN} HTTP/1.1\r\nHost: {address}\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n"
    )
}

async fn status(mut stream: TcpStream) -> Option<u16> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer);
    text.split(' ').nth(1)?.parse().ok()
}

#[test]
fn ten_thousand_callers_of_five_processes_make_one_login_and_five_without_a_store() {
    let mut fleet = Fleet::new();
    fleet.start(5);
    assert_eq!(fleet.herd(1_000), 1_000, "no store");
    let alone = fleet.logins();
    assert!(alone <= 5, "{alone}");
    let mut fleet = Fleet::new();
    let Some(_redis) = Redis::start(&fleet.program) else {
        return;
    };
    fleet.start(5);
    assert_eq!(fleet.herd(10_000), 10_000);
    // On a machine that is too busy to answer in half a second, the store is none.
    let alone = fleet.without_store();
    assert!((1..=1 + alone).contains(&fleet.logins()), "{alone} alone");
}

#[test]
fn who_is_killed_in_mid_login_is_replaced_once_its_lease_ends() {
    let mut fleet = Fleet::new();
    let Some(redis) = Redis::start(&fleet.program) else {
        return;
    };
    fleet.start(2);
    fleet.slow_down(60_000);
    let lost = fleet.ask(0);
    fleet.wait_for_login();
    let waiting = fleet.ask(1);
    fleet.brokers[0].signal(Signal::KILL);
    assert_eq!(lost.join().unwrap(), None);
    let left = redis.end_lease();
    assert!((1..=10_000).contains(&left), "{left}");
    assert_eq!(waiting.join().unwrap(), Some(200));
}

#[test]
#[ignore = "waits for a lease of ten seconds to end"]
fn the_login_of_who_was_killed_is_made_by_another_within_eleven_seconds() {
    let mut fleet = Fleet::new();
    let Some(_redis) = Redis::start(&fleet.program) else {
        return;
    };
    fleet.start(2);
    fleet.slow_down(60_000);
    let _lost = fleet.ask(0);
    fleet.wait_for_login();
    fleet.brokers[0].signal(Signal::KILL);
    #[expect(clippy::disallowed_methods, reason = "real time is what is tested")]
    let began = std::time::Instant::now();
    assert_eq!(fleet.ask(1).join().unwrap(), Some(200));
    let took = began.elapsed();
    println!("replaced after {took:?}");
    assert!(took.as_millis() <= 11_000, "{took:?}");
}

/// Stops a broker in mid-login for as long as `sleep` takes, and lets another sign in meanwhile;
/// gives the log of the first.
fn stop_in_mid_login(latency: u64, sleep: impl FnOnce(&Redis)) -> Option<String> {
    let mut fleet = Fleet::new();
    let redis = Redis::start(&fleet.program)?;
    fleet.start(2);
    fleet.slow_down(latency);
    let late = fleet.ask(0);
    fleet.wait_for_login();
    fleet.brokers[0].signal(Signal::STOP);
    sleep(&redis);
    assert_eq!(fleet.ask(1).join().unwrap(), Some(200));
    let written = redis.run(&["GET", &redis.key("token")]);
    fleet.brokers[0].signal(Signal::CONT);
    assert_eq!(
        late.join().unwrap(),
        Some(200),
        "it got a token all the same"
    );
    assert_eq!(redis.run(&["GET", &redis.key("token")]), written);
    let fence = redis.key("fence");
    assert_eq!(redis.run(&["GET", &fence]), "2");
    Some(std::fs::read_to_string(fleet.program.folder().join("log-0")).unwrap())
}

#[test]
fn what_is_written_under_a_lease_that_has_ended_is_fenced_off() {
    let log = stop_in_mid_login(2_000, |redis| {
        redis.end_lease();
    });
    let is_told = |log: &String| log.contains("a token came after a newer one");
    assert!(log.as_ref().is_none_or(is_told), "{log:?}");
}

#[test]
#[ignore = "waits for a lease of ten seconds to end"]
fn what_is_written_after_sleeping_through_a_lease_is_fenced_off() {
    // The answer comes while nobody is awake to read it: it may count as one that never came, and
    // then the token of the other is handed on.
    let _log = stop_in_mid_login(2_000, |redis| {
        while !redis.key("lease").is_empty() {
            thread::yield_now();
        }
    });
}
