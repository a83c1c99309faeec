//! The journal: what each sign-in looked like, rung by rung.
//!
//! Owns a ring of the last [`ENTRIES_MAX`] sign-ins. It holds no secret: an assertion is kept as
//! its claims and a fingerprint, a token not at all. Anybody can write to it: an entry is small,
//! whatever was sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use accredit::clock::UnixTime;
use accredit::secret::hex;
use aws_lc_rs::digest::Digest;
use serde_json::{Map, Value, json as value};

use crate::grant::{Outcome, Step};
use crate::json;
use crate::jws::printable;
use crate::mode::{Leniency, Mode};
use crate::refusal::Refusal;

/// How many sign-ins are remembered.
const ENTRIES_MAX: usize = 1_000;

/// The claims that are shown.
const SHOWN: [&str; 8] = ["iss", "sub", "prn", "aud", "exp", "iat", "nbf", "jti"];

/// The longest claims set that is kept as it is, in bytes.
const CLAIMS_LENGTH_MAX: usize = 2_048;

/// One sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) at: UnixTime,
    pub(crate) mode: Mode,
    pub(crate) host: String,
    /// The SHA-256 of the assertion.
    pub(crate) assertion: Option<Digest>,
    pub(crate) claims: Option<SeenClaims>,
    pub(crate) steps: Vec<Step>,
    pub(crate) leniencies: Vec<Leniency>,
    pub(crate) refusal: Option<Refusal>,
}

/// The claims of an assertion as somebody sent them, proven or not. Read when they are shown.
#[derive(Clone, Debug)]
pub(crate) struct SeenClaims(Vec<u8>);

impl SeenClaims {
    /// Keeps a claims set, or of a long one those that say who asks for what.
    pub(crate) fn new(payload: Vec<u8>, members: &Map<String, Value>) -> Self {
        if payload.len() <= CLAIMS_LENGTH_MAX {
            return Self(payload);
        }
        Self(Value::Object(named(members)).to_string().into_bytes())
    }

    /// The claims that are shown.
    pub(crate) fn read(&self) -> Map<String, Value> {
        named(&json::object(&self.0).unwrap_or_default())
    }
}

/// The claims that are shown, each cut short.
fn named(members: &Map<String, Value>) -> Map<String, Value> {
    let shown = SHOWN.iter().filter_map(|name| {
        let value = short(members.get(*name)?);
        Some(((*name).to_owned(), value))
    });
    shown.collect()
}

fn short(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(printable(text)),
        Value::Array(_) | Value::Object(_) => Value::String(printable(&value.to_string())),
    }
}

/// The last sign-ins.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    entries: VecDeque<SignIn>,
    /// How many went before the first of `entries`.
    dropped: u64,
}

impl Journal {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a sign-in; the oldest makes room.
    pub(crate) fn add(&self, entry: SignIn) {
        let mut ring = self.ring();
        if ring.entries.len() >= ENTRIES_MAX {
            ring.entries.pop_front();
            ring.dropped += 1;
        }
        ring.entries.push_back(entry);
    }

    /// All entries as JSON, the newest first.
    pub(crate) fn to_json(&self) -> Value {
        let ring = self.ring();
        let numbers = ring.dropped + 1..;
        let mut all: Vec<_> = numbers
            .zip(&ring.entries)
            .map(|(number, entry)| entry.to_json(number))
            .collect();
        all.reverse();
        Value::Array(all)
    }

    /// All entries with their numbers, the newest first.
    pub(crate) fn entries(&self) -> Vec<(u64, SignIn)> {
        let ring = self.ring();
        let mut all: Vec<_> = (ring.dropped + 1..)
            .zip(ring.entries.iter().cloned())
            .collect();
        all.reverse();
        all
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.ring() = Ring::default();
    }
}

impl SignIn {
    fn to_json(&self, number: u64) -> Value {
        let diagnosis = self.refusal.as_ref().and_then(Refusal::diagnosis);
        value!({
            "number": number,
            "at": self.at.as_secs(),
            "mode": self.mode,
            "host": self.host,
            "assertion": self.assertion.as_ref().map(|digest| {
                format!("sha256:{}", hex(digest.as_ref().get(..6).unwrap_or_default()))
            }),
            "claims": self.claims.as_ref().map(SeenClaims::read),
            "result": if self.refusal.is_some() { "refused" } else { "issued" },
            "error": self.refusal.as_ref().map(Refusal::error),
            "error_description": self.refusal.as_ref().map(Refusal::description),
            "diagnosis": diagnosis.map(|entry| value!({
                "code": entry.code,
                "cause": entry.cause,
                "setting": entry.setting,
                "fix": entry.fix,
            })),
            "leniencies": names(&self.leniencies),
            "steps": self.steps.iter().map(step_json).collect::<Vec<_>>(),
        })
    }
}

fn step_json(step: &Step) -> Value {
    let (outcome, leniencies) = match &step.outcome {
        Outcome::Passed => ("passed", Vec::new()),
        Outcome::Lenient(leniencies) => ("lenient", names(leniencies)),
        Outcome::Failed => ("failed", Vec::new()),
    };
    value!({
        "check": step.check,
        "expected": step.expected,
        "found": step.found.to_string(),
        "outcome": outcome,
        "leniencies": leniencies,
    })
}

fn names(leniencies: &[Leniency]) -> Vec<&'static str> {
    leniencies
        .iter()
        .map(|leniency| leniency.as_str())
        .collect()
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
