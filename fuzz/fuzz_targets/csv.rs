//! Any table of accounts or contacts is loaded or refused, whatever its columns are.

#![no_main]

use accredit_fuzz::{file, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let name = if text.contains("LastName") {
        "Contact.csv"
    } else {
        "Accounts.csv"
    };
    load(&[file(name, text)]);
});
