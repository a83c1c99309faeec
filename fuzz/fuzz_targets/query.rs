//! Any statement is answered with JSON or refused: what the engine makes of it is never SQL that
//! the database refuses.

#![no_main]

use std::sync::LazyLock;

use accredit::clock::UnixTime;
use accredit_emulator::org::{Org, QueryError, Seed};
use accredit_emulator::store::Place;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: UnixTime = UnixTime::from_secs(1_795_283_220);

static ORG: LazyLock<Org> =
    LazyLock::new(|| Org::open(&Place::Memory, Seed::Sample, NOW).expect("an org in memory"));

fuzz_target!(|text: &str| {
    match ORG.soql(text, NOW) {
        Ok(body) => {
            assert!(serde_json::from_slice::<Value>(&body).is_ok_and(|body| body.is_object()))
        }
        Err(QueryError::Refused(_)) => {}
        Err(error) => panic!("{error}"),
    }
});
