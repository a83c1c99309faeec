//! An outside for tests: variables, real network, a clock that stands still.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::Mutex;

use accredit::clock::{ManualClock, UnixTime};
use accredit::error::Error;
use accredit::http::ClientSettings;
use accredit::key::Engine;
use accredit_keys::{
    Environment, Fetched, KeySource, NoPassphrase, Place, Surroundings, UreqNetwork,
};
use std::time::Duration;

/// Variables, each with the values that it gives one after the other; the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Variables(Mutex<HashMap<String, Vec<String>>>);

impl Variables {
    pub(crate) fn set(&self, name: &str, values: &[&str]) {
        let values = values.iter().rev().map(ToString::to_string).collect();
        self.0.lock().unwrap().insert(name.to_owned(), values);
    }
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<OsString> {
        let mut all = self.0.lock().unwrap();
        let values = all.get_mut(name)?;
        let value = if values.len() > 1 {
            values.pop()
        } else {
            values.first().cloned()
        };
        value.map(OsString::from)
    }
}

pub(crate) fn surroundings(variables: &Arc<Variables>) -> Surroundings {
    let settings = ClientSettings {
        total_timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(10),
        ..ClientSettings::default()
    };
    Surroundings {
        environment: Arc::clone(variables) as Arc<dyn Environment>,
        network: Arc::new(UreqNetwork(settings)),
        clock: Arc::new(ManualClock::new(UnixTime::from_secs(1_800_000_000))),
        passphrases: Arc::new(NoPassphrase),
        engine: Engine::QuickStart,
    }
}

pub(crate) fn with(pairs: &[(&str, &str)]) -> Arc<Variables> {
    let variables = Variables::default();
    for (name, value) in pairs {
        variables.set(name, &[value]);
    }
    Arc::new(variables)
}

pub(crate) fn source(reference: &str, variables: &Arc<Variables>) -> KeySource {
    let place = Place::parse(reference).unwrap().unwrap();
    KeySource::new(place, surroundings(variables))
}

pub(crate) async fn fetch(reference: &str, variables: &Arc<Variables>) -> Result<Fetched, Error> {
    source(reference, variables).fetch().await
}

pub(crate) async fn refusal(reference: &str, variables: &Arc<Variables>) -> String {
    fetch(reference, variables).await.unwrap_err().to_string()
}
