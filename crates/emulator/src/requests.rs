//! The journal of requests: what clients asked of the org, and what became of it.
//!
//! Owns a ring of the last [`ENTRIES_MAX`] requests and the questions that tests ask of it. It
//! holds no secret: neither queries nor bodies nor headers, and of a token only whose it is.
//! Anybody can write to it: an entry is small, whatever was sent.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accredit::clock::UnixTime;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::pattern::{Pattern, template};

/// How many requests are remembered.
const ENTRIES_MAX: usize = 10_000;

/// The longest path that is remembered, in characters; the rest is cut off.
const PATH_MAX: usize = 512;

/// The longest host and the longest names that are remembered, in characters.
const NAME_MAX: usize = 255;

/// The longest method that is remembered, in bytes.
const METHOD_MAX: usize = 32;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: UnixTime,
    pub(crate) method: Method,
    pub(crate) host: String,
    /// Without the query.
    pub(crate) path: Cow<'static, str>,
    /// Zero if there was no answer: the connection ended, or the client gave up.
    pub(crate) status: u16,
    pub(crate) who: Who,
    /// The code in `Accredit-Diagnosis`.
    pub(crate) diagnosis: Option<String>,
    /// The fault that befell it.
    pub(crate) fault: Option<u64>,
}

/// For whom a request was made, as far as it says. Also an extension of responses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) client_id: Option<Arc<str>>,
    pub(crate) username: Option<Arc<str>>,
}

/// Which requests are meant: those that fit every member that is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Filter {
    method: Option<String>,
    path: Option<Pattern>,
    /// `200`, or `4xx`.
    status: Option<String>,
    app: Option<String>,
    user: Option<String>,
    /// Only those with a higher number.
    since: Option<u64>,
}

impl Filter {
    fn fits(&self, number: u64, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            let wanted = wanted.as_deref();
            wanted
                .is_none_or(|wanted| found.is_some_and(|found| wanted.eq_ignore_ascii_case(found)))
        };
        let status = entry.status.to_string();
        let class = format!("{}xx", entry.status / 100);
        same(&self.method, Some(entry.method.as_str()))
            && self.path.as_ref().is_none_or(|path| path.fits(&entry.path))
            && (same(&self.status, Some(&status)) || same(&self.status, Some(&class)))
            && same(&self.app, entry.who.client_id.as_deref())
            && same(&self.user, entry.who.username.as_deref())
            && self.since.is_none_or(|since| number > since)
    }
}

/// The last requests.
pub(crate) struct Requests {
    ring: Mutex<Ring>,
    /// How many there have been: whoever waits looks again when it changes.
    total: watch::Sender<u64>,
}

#[derive(Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// The number of the first of `entries`, less one.
    dropped: u64,
}

impl Ring {
    fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let first = self.dropped + 1;
        let number = move |at: usize| first + u64::try_from(at).unwrap_or(u64::MAX - first);
        let entries = self.entries.iter().enumerate();
        entries.map(move |(at, entry)| (number(at), entry))
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            ring: Mutex::default(),
            total: watch::Sender::new(0),
        }
    }
}

impl Requests {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request, cut short where it is long; the oldest makes room.
    pub(crate) fn add(&self, entry: Entry) {
        let entry = entry.bounded();
        let mut ring = self.ring();
        if ring.entries.len() >= ENTRIES_MAX {
            ring.entries.pop_front();
            ring.dropped += 1;
        }
        ring.entries.push_back(entry);
        drop(ring);
        self.total.send_modify(|total| *total += 1);
    }

    /// How many fit.
    pub(crate) fn count(&self, filter: &Filter) -> usize {
        let ring = self.ring();
        let fitting = ring
            .numbered()
            .filter(|(number, entry)| filter.fits(*number, entry));
        fitting.count()
    }

    /// The newest that fit, the newest first.
    pub(crate) fn list(&self, filter: &Filter, limit: usize) -> Value {
        let ring = self.ring();
        ring.numbered()
            .rev()
            .filter(|(number, entry)| filter.fits(*number, entry))
            .take(limit)
            .map(|(number, entry)| entry.to_json(number))
            .collect()
    }

    /// Waits until at least `count` fit, but no longer than `patience` of real time: the org's may
    /// stand still. Gives how many do then.
    pub(crate) async fn wait_for(
        &self,
        filter: &Filter,
        count: usize,
        patience: Duration,
    ) -> Result<usize, usize> {
        let mut total = self.total.subscribe();
        let enough = async {
            loop {
                total.mark_unchanged();
                let found = self.count(filter);
                // The sender lives as long as this journal.
                if found >= count || total.changed().await.is_err() {
                    return found;
                }
            }
        };
        timeout(patience, enough)
            .await
            .map_err(|_| self.count(filter))
    }

    /// Forgets everything; numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        ring.dropped += u64::try_from(ring.entries.len()).unwrap_or_default();
        ring.entries.clear();
    }
}

impl Entry {
    fn bounded(mut self) -> Self {
        if let Some(start) = beyond(&self.path, PATH_MAX) {
            self.path = start.to_owned().into();
        }
        if let Some(start) = beyond(&self.host, NAME_MAX) {
            self.host = start.to_owned();
        }
        if let Some(start) = self.method.as_str().as_bytes().get(..METHOD_MAX) {
            self.method = Method::from_bytes(start).unwrap_or_default();
        }
        for name in [&mut self.who.client_id, &mut self.who.username] {
            let start = name.as_deref().and_then(|name| beyond(name, NAME_MAX));
            if let Some(start) = start.map(Arc::from) {
                *name = Some(start);
            }
        }
        self
    }

    fn to_json(&self, number: u64) -> Value {
        json!({
            "number": number,
            "at": self.at.as_secs(),
            "method": self.method.as_str(),
            "host": self.host,
            "path": self.path,
            "template": template(&self.path),
            "status": self.status,
            "clientId": self.who.client_id.as_deref(),
            "username": self.who.username.as_deref(),
            "diagnosis": self.diagnosis,
            "fault": self.fault,
        })
    }
}

/// The first characters of a text that has more of them.
fn beyond(text: &str, most: usize) -> Option<&str> {
    let (end, _) = text.char_indices().nth(most)?;
    text.get(..end)
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Requests")
    }
}

/// How many requests fit: the answer of `count` and `wait-for`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Count {
    pub(crate) count: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        Entry {
            at: UnixTime::from_secs(0),
            method: Method::GET,
            host: "localhost".to_owned(),
            path: path.to_owned().into(),
            status: 200,
            who: Who::default(),
            diagnosis: None,
            fault: None,
        }
    }

    #[test]
    fn the_oldest_make_room_and_numbers_go_on() {
        let requests = Requests::default();
        for number in 0..ENTRIES_MAX + 5 {
            requests.add(entry(&format!("/{number}")));
        }
        let all = Filter::default();
        assert_eq!(requests.count(&all), ENTRIES_MAX);
        assert_eq!(requests.list(&all, 1)[0]["number"], ENTRIES_MAX + 5);
        requests.clear();
        requests.add(entry(&format!("/{}", "ä".repeat(1_000))));
        let listed = requests.list(&all, 10);
        assert_eq!(listed[0]["number"], ENTRIES_MAX + 6);
        assert!(listed[0]["path"].as_str().unwrap().chars().count() <= PATH_MAX);
    }

    #[test]
    fn an_entry_is_small_whatever_was_sent() {
        let long = "ä".repeat(100_000);
        let requests = Requests::default();
        requests.add(Entry {
            method: Method::from_bytes(&[b'M'; 100_000]).unwrap(),
            host: long.clone(),
            who: Who {
                client_id: Some(long.as_str().into()),
                username: Some(long.as_str().into()),
            },
            ..entry(&long)
        });
        let kept = requests.ring().entries[0].clone();
        let name = "ä".repeat(NAME_MAX);
        assert_eq!(kept.host, name);
        assert!(kept.host.capacity() <= 4 * NAME_MAX);
        assert_eq!(kept.who.client_id.as_deref(), Some(name.as_str()));
        assert_eq!(kept.who.username.as_deref(), Some(name.as_str()));
        assert_eq!(kept.path.chars().count(), PATH_MAX);
        assert_eq!(kept.method.as_str(), "M".repeat(METHOD_MAX));
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_the_request_that_fits() {
        let requests = Requests::default();
        let filter = Filter {
            path: Some(Pattern::try_from("/wanted".to_owned()).unwrap()),
            ..Filter::default()
        };
        let patience = Duration::from_secs(600);
        let wait = requests.wait_for(&filter, 2, patience);
        let ask = async {
            for path in ["/other", "/wanted", "/wanted"] {
                requests.add(entry(path));
                tokio::task::yield_now().await;
            }
        };
        let (found, ()) = tokio::join!(wait, ask);
        assert_eq!(found, Ok(2));
    }
}
