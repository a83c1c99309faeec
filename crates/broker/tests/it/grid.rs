//! Every fault of the local org, in every age of a token, with every kind of store: whoever asks
//! while a token is good gets it, and when the fault is over all is well within a minute.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::{Clock, ManualClock, UnixTime};
use accredit_broker::Reveal;
use accredit_emulator::NewUser;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::org::{Flights, LIFE, Org, OurKey, Overheard, app};
use crate::redis::{FAKES, Redis, section};
use crate::world::{Around, Broker, Reply};

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

/// How long a token request may take here, in real time.
const PATIENCE: Duration = Duration::from_millis(700);

/// Longer than that.
const LATENCY: u64 = 1_400;

/// How soon after a fault all must be well.
const RECOVERY: Duration = Duration::from_secs(61);

/// How old the token of a cell is when its fault begins.
const PHASES: [(&str, Option<u64>); 4] = [
    ("mandatory", Some(7170)),
    ("advisory", Some(6480)),
    ("fresh", Some(0)),
    ("cold", None),
];

/// What a fault strikes.
const PLACES: [&str; 2] = ["/services/oauth2/token", "/services/data/**"];

/// One combination: an app of a fault, a user of a store and an age.
struct Cell {
    connection: String,
    broker: usize,
    fault: Value,
    place: &'static str,
    phase: (&'static str, Option<u64>),
    client_id: String,
    username: String,
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, place, .. } = self;
        write!(f, "{fault} at {place}, {}, {}", self.phase.0, self.username)
    }
}

/// The org, a broker for each kind of store, and the cells.
struct Grid {
    clock: Arc<ManualClock>,
    org: Org,
    redis: Option<Redis>,
    brokers: Vec<Arc<Broker>>,
    flights: Arc<Flights>,
    cells: Vec<Arc<Cell>>,
    _folder: tempfile::TempDir,
    _fakes: Vec<JoinSet<()>>,
}

/// Every effect that the org has, as it says itself, with values for what each cannot do without.
async fn effects(org: &Org) -> Vec<Value> {
    let refused = try_effect(org, &json!({"kind": "?"})).await.unwrap_err();
    let (_, kinds) = refused.split_once("expected one of").unwrap();
    let kinds = kinds.split('`').skip(1).step_by(2);
    let mut found = Vec::new();
    let mut open: Vec<Value> = kinds.map(|kind| json!({"kind": kind})).collect();
    assert!(open.len() >= 10, "{refused}");
    while let Some(effect) = open.pop() {
        let Err(refused) = try_effect(org, &effect).await else {
            // What looks final is to be had wherever an error can be chosen.
            let mut looking_final = effect.clone();
            looking_final["code"] = "invalid_grant".into();
            let taken = try_effect(org, &looking_final).await;
            found.extend(taken.ok().filter(|taken| *taken == looking_final));
            found.push(effect);
            continue;
        };
        let missing = refused.split('`').nth(1).unwrap();
        for value in values(missing) {
            let mut fuller = effect.clone();
            fuller[missing] = value;
            open.push(fuller);
        }
    }
    org.manage("DELETE /_emulator/faults", &Value::Null).await;
    found
}

fn values(field: &str) -> Vec<Value> {
    match field {
        "status" => [400, 401, 403, 429, 500, 503].map(Value::from).to_vec(),
        "milliseconds" => vec![LATENCY.into()],
        "location" => vec!["https://elsewhere.example/".into()],
        _ => panic!("a fault needs {field}: give it a value"),
    }
}

/// The effect as the org took it, or what it found wrong.
async fn try_effect(org: &Org, effect: &Value) -> Result<Value, String> {
    let fault = json!({"count": 0, "effect": effect});
    let reply = org.manage("POST /_emulator/faults", &fault).await;
    match reply.status {
        201 => Ok(without_nulls(&reply.json()["effect"])),
        400 => Err(reply.json()["message"].as_str().unwrap().to_owned()),
        _ => panic!("{reply:?}"),
    }
}

fn without_nulls(value: &Value) -> Value {
    let members = value.as_object().unwrap().iter();
    let members = members.filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The cells of one fault at one place, `number` being its own among all.
fn cells(number: usize, fault: &Value, place: &'static str, has_redis: bool) -> Vec<Arc<Cell>> {
    let mut cells = Vec::new();
    for (at, phase) in PHASES.into_iter().enumerate() {
        // Each fault meets each way to be broken, in one age or another.
        let broken = (number + at * 3) % FAKES.len();
        let stores = [Some(0), has_redis.then_some(1), Some(2 + broken)];
        for broker in stores.into_iter().flatten() {
            cells.push(Arc::new(Cell {
                connection: format!("c{number}-{}-{broker}", phase.0),
                broker,
                fault: fault.clone(),
                place,
                phase,
                client_id: format!("app-{number}"),
                username: format!("store-{broker}-{}@grid.example", phase.0),
            }));
        }
    }
    cells
}

impl Grid {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let org = Org::start(clock.clone(), PATIENCE).await;
        let folder = tempfile::tempdir().unwrap();
        let redis = Redis::start(folder.path()).await;
        let faults = effects(&org).await;
        let struck = faults
            .iter()
            .flat_map(|fault| PLACES.map(|place| (fault, place)));
        let cells: Vec<_> = struck
            .enumerate()
            .flat_map(|(number, (fault, place))| cells(number, fault, place, redis.is_some()))
            .collect();
        for cell in &cells {
            // Each is made by the first who needs it.
            let _is_there = org.emulator.add_app(app(&cell.client_id));
            let _is_there = org.emulator.add_user(NewUser::named(&cell.username));
        }
        let mut grid = Self {
            clock,
            org,
            redis,
            brokers: Vec::new(),
            flights: Arc::new(Flights::new()),
            cells,
            _fakes: Vec::new(),
            _folder: folder,
        };
        grid.start_brokers().await;
        grid
    }

    async fn start_brokers(&mut self) {
        let folder = self._folder.path().to_owned();
        self.start_broker("").await;
        let real = folder.join("redis.sock");
        self.start_broker(&section(&folder, &real)).await;
        for (at, fake) in FAKES.into_iter().enumerate() {
            let socket = folder.join(format!("fake-{at}.sock"));
            self._fakes.push(fake.start(&socket));
            self.start_broker(&section(&folder, &socket)).await;
        }
    }

    async fn start_broker(&mut self, store: &str) {
        let number = self.brokers.len();
        let own = self.cells.iter().filter(|cell| cell.broker == number);
        let connections: String = own
            .map(|cell| {
                format!(
                    "[connections.{}]\nclient_id = \"{}\"\nusername = \"{}\"\nlogin_url = \"{}\"\nkey = \"server.key\"\n",
                    cell.connection, cell.client_id, cell.username, self.org.url
                )
            })
            .collect();
        let nothing = "[connections.none]\nclient_id = \"a\"\nusername = \"a@b.example\"\nlogin_url = \"http://127.0.0.1:1\"\nkey = \"server.key\"\n";
        let around = Around {
            http: Arc::new(Overheard(self.org.wire.clone())),
            clock: self.clock.clone(),
            spawn: self.flights.clone(),
            keys: Arc::new(OurKey),
        };
        let text = format!("{connections}{nothing}{store}");
        let broker = Broker::start(&text, Reveal::Never, around).await;
        self.brokers.push(Arc::new(broker));
    }

    async fn pass(&self, span: Duration) {
        self.flights.landed().await;
        self.clock.advance(span);
        if let Some(redis) = &self.redis {
            redis.age(span).await;
        }
    }

    /// Lets the cells of one age sign in while all is well.
    async fn sign_in(&self, phase: &str) {
        let cells = self.cells.iter().filter(|cell| cell.phase.0 == phase);
        for (cell, asked) in self.ask_all(cells.cloned().collect()).await {
            assert_eq!((asked.token.status, asked.rest), (200, 200), "{cell:?}");
        }
    }

    /// Each cell asks for its token and through the proxy.
    async fn ask_all(&self, cells: Vec<Arc<Cell>>) -> Vec<(Arc<Cell>, Asked)> {
        let slots = Arc::new(Semaphore::new(32));
        let mut all = JoinSet::new();
        for cell in cells {
            let (slots, broker) = (slots.clone(), self.brokers[cell.broker].clone());
            all.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let asked = ask(&broker, &cell).await;
                (cell, asked)
            });
        }
        all.join_all().await
    }

    async fn begin_faults(&self) {
        let mut begun = String::new();
        for cell in &self.cells {
            if cell.client_id == begun {
                continue;
            }
            begun.clone_from(&cell.client_id);
            let fault = json!({"app": cell.client_id, "path": cell.place, "effect": cell.fault});
            let reply = self.org.manage("POST /_emulator/faults", &fault).await;
            assert_eq!(reply.status, 201, "{reply:?}");
        }
    }

    /// One round under faults: whoever has a good token gets it, the others a clear no.
    async fn endure(&self) {
        let now = self.clock.now();
        let is_good = |cell: &Cell| {
            let dealings = self.org.wire.dealings(&cell.client_id, &cell.username);
            dealings.good_since.is_some_and(|at| now.since(at) < LIFE)
        };
        let were_good: Vec<bool> = self.cells.iter().map(|cell| is_good(cell)).collect();
        let asked = self.ask_all(self.cells.clone()).await;
        for (cell, asked) in asked {
            let at = self.cells.iter().position(|one| Arc::ptr_eq(one, &cell));
            let is_struck_later = cell.place == PLACES[1];
            // A session that the org called dead is no good token any more.
            if were_good[at.unwrap()] && is_good(&cell) {
                let passes = is_struck_later || asked.rest == 200;
                assert!(asked.token.status == 200 && passes, "{cell:?} {asked:?}");
            }
            if asked.token.status != 200 {
                let is_clear = [502, 503, 504].contains(&asked.token.status);
                let told = &asked.token.json()["message"];
                assert!(is_clear && told.is_string(), "{cell:?} {asked:?}");
            }
            assert!(asked.rest >= 200, "{cell:?} {asked:?}");
        }
    }

    /// Faults from here on, with demand after each of these pauses, and what comes after them.
    async fn run(&self, pauses: &[Duration]) {
        let mut ahead = PHASES[0].1.unwrap();
        for (phase, age) in PHASES {
            // The oldest first, so that each has its age when the faults begin.
            let Some(age) = age else { continue };
            self.pass(Duration::from_secs(ahead - age)).await;
            self.sign_in(phase).await;
            ahead = age;
        }
        self.begin_faults().await;
        self.endure().await;
        for pause in pauses {
            self.pass(*pause).await;
            self.endure().await;
        }
        self.flights.landed().await;
        self.org
            .manage("DELETE /_emulator/faults", &Value::Null)
            .await;
        self.pass(RECOVERY).await;
        let mut sick = Vec::new();
        for (cell, asked) in self.ask_all(self.cells.clone()).await {
            if (asked.token.status, asked.rest) != (200, 200) {
                sick.push(format!("{cell:?} {asked:?}"));
            }
        }
        assert!(sick.is_empty(), "{} {}", sick.len(), sick.join("\n"));
        self.check_wire();
    }

    /// Nothing was sent that had ended, and nobody asked too often.
    fn check_wire(&self) {
        let (carried, late) = self.org.wire.carried();
        assert!(carried > self.cells.len() && late == 0, "{late} {carried}");
        for cell in &self.cells {
            let asked = self.org.wire.dealings(&cell.client_id, &cell.username);
            let asked = asked.asked;
            for pair in asked.windows(2) {
                let apart = pair[1].since(pair[0]);
                assert!(apart >= Duration::from_secs(1), "{cell:?} {asked:?}");
            }
            for many in asked.windows(61) {
                let apart = many[60].since(many[0]);
                assert!(apart >= Duration::from_secs(3600), "{cell:?} {asked:?}");
            }
        }
    }
}

#[derive(Debug)]
struct Asked {
    token: Reply,
    rest: u16,
}

async fn ask(broker: &Broker, cell: &Cell) -> Asked {
    let connection = &cell.connection;
    let token = format!("/v1/connections/{connection}/token");
    let query = "/services/data/v65.0/query?q=SELECT+Id+FROM+Account+LIMIT+1";
    let rest = format!("GET /v1/connections/{connection}/proxy{query}");
    Asked {
        token: broker.get(&token).await,
        rest: broker.head(&rest).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_endured_in_every_age_with_every_store() {
    let grid = Grid::start().await;
    grid.run(&[1, 2, 5, 24].map(Duration::from_secs)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: an outage of twenty minutes, for whoever changes the policy"]
async fn a_long_outage_is_followed_by_the_same_recovery() {
    let grid = Grid::start().await;
    grid.run(&[Duration::from_secs(61); 20]).await;
}
