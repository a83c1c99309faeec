//! SOQL of any kind parses or is refused; what parses prints to a statement that parses to the
//! same.

#![no_main]

use accredit_soql::{ErrorCode, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(query) = parse(text) else { return };
    match parse(&query.to_string()) {
        Ok(again) => assert_eq!(again, query),
        // The printed form may be longer and deeper than a statement may be.
        Err(error) => assert!(
            error.code() == ErrorCode::QueryTooComplicated || query.to_string().len() > 100_000
        ),
    }
});
