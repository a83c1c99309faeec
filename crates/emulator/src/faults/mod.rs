//! Faults: what goes wrong on purpose, for whom, and how often.
//!
//! Owns the list of faults and the count of each. What a fault does is in `effect`.

mod effect;
mod piecemeal;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

pub(crate) use self::effect::{Call, Effect};
use crate::pattern::Pattern;
use crate::requests::Who;

/// The most faults at a time.
const FAULTS_MAX: usize = 100;

/// A fault as it is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewFault {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<Pattern>,
    /// The client id of the app that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// The username for whom is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The first request that is struck, of those that match; one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    /// How many are struck from there on: one if `nth` is there, otherwise all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    effect: Effect,
}

/// A fault that is in force, with what it has seen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    id: u64,
    #[serde(flatten)]
    definition: NewFault,
    matched: u64,
    struck: u64,
}

impl NewFault {
    fn fits(&self, method: &str, path: &str, who: &Who) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            let wanted = wanted.as_deref();
            wanted
                .is_none_or(|wanted| found.is_some_and(|found| wanted.eq_ignore_ascii_case(found)))
        };
        same(&self.method, Some(method))
            && self.path.as_ref().is_none_or(|pattern| pattern.fits(path))
            && same(&self.app, who.client_id.as_deref())
            && same(&self.user, who.username.as_deref())
    }

    /// Says whether the `number`th match is struck.
    fn is_due(&self, number: u64) -> bool {
        let first = self.nth.unwrap_or(1);
        let count = match (self.count, self.nth) {
            (Some(count), _) => count,
            (None, Some(_)) => 1,
            (None, None) => u64::MAX,
        };
        number >= first && number - first < count
    }
}

/// The faults of an org.
#[derive(Default)]
pub(crate) struct Faults(Mutex<List>);

#[derive(Default)]
struct List {
    faults: Vec<Fault>,
    made: u64,
}

impl Faults {
    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list().faults.is_empty()
    }

    /// All faults, in the order in which they were made.
    pub(crate) fn all(&self) -> Vec<Fault> {
        self.list().faults.clone()
    }

    /// Adds a fault. The error says what was expected.
    pub(crate) fn add(&self, definition: NewFault) -> Result<Fault, String> {
        definition.effect.check()?;
        if definition.nth == Some(0) {
            return Err("nth counts from 1".to_owned());
        }
        let mut list = self.list();
        if list.faults.len() >= FAULTS_MAX {
            return Err(format!("there are {FAULTS_MAX} faults, expected fewer"));
        }
        list.made += 1;
        let fault = Fault {
            id: list.made,
            definition,
            matched: 0,
            struck: 0,
        };
        list.faults.push(fault.clone());
        Ok(fault)
    }

    /// Removes a fault. `false` if it is not there.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut list = self.list();
        let before = list.faults.len();
        list.faults.retain(|fault| fault.id != id);
        list.faults.len() < before
    }

    pub(crate) fn clear(&self) {
        self.list().faults.clear();
    }

    /// What befalls a request, and the number of the fault: each one that it matches counts it, the
    /// first that is due strikes.
    pub(crate) fn strike(&self, method: &str, path: &str, who: &Who) -> Option<(u64, Effect)> {
        let mut struck = None;
        for fault in &mut self.list().faults {
            if !fault.definition.fits(method, path, who) {
                continue;
            }
            fault.matched += 1;
            if struck.is_none() && fault.definition.is_due(fault.matched) {
                fault.struck += 1;
                struck = Some((fault.id, fault.definition.effect.clone()));
            }
        }
        struck
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn struck(definition: serde_json::Value) -> Vec<u64> {
        let faults = Faults::default();
        faults
            .add(serde_json::from_value(definition).unwrap())
            .unwrap();
        let nobody = Who::default();
        (1..=5)
            .filter(|_| faults.strike("GET", "/x", &nobody).is_some())
            .collect()
    }

    #[test]
    fn nth_and_count_say_which_requests_are_struck() {
        let effect = json!({"kind": "empty"});
        for (definition, expected) in [
            (json!({"effect": effect}), vec![1, 2, 3, 4, 5]),
            (json!({"nth": 3, "effect": effect}), vec![3]),
            (json!({"count": 2, "effect": effect}), vec![1, 2]),
            (
                json!({"nth": 2, "count": 3, "effect": effect}),
                vec![2, 3, 4],
            ),
            (json!({"count": 0, "effect": effect}), vec![]),
            (json!({"method": "POST", "effect": effect}), vec![]),
            (json!({"user": "a@b.example", "effect": effect}), vec![]),
        ] {
            assert_eq!(struck(definition.clone()), expected, "{definition}");
        }
    }
}
