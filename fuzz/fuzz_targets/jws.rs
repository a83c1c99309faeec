//! Nothing but a signature of the registered key verifies, and nothing brings the verifier down.

#![no_main]

use std::sync::LazyLock;

use accredit::key::PublicKey;
use accredit_emulator::jws::{VerifyingKey, verify};
use libfuzzer_sys::fuzz_target;

/// A key whose private half nobody has: an odd number of 2048 bits.
static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    let public = PublicKey::new(&[0xb5; 256], &[1, 0, 1]);
    VerifyingKey::new(public).into_iter().collect()
});

fuzz_target!(|text: &str| {
    assert!(verify(text, &KEYS).is_err());
});
