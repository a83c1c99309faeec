//! Any file is a key, something else with a name, or refused; with a passphrase and without.

#![no_main]

use accredit::key::Engine;
use accredit::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = Secret::new(bytes.to_vec());
    drop(accredit_keys::describe(&file, "fuzz"));
    drop(accredit_keys::private_key(&file, "fuzz", Engine::QuickStart));
    let word = Secret::new("SomePassword".to_owned());
    drop(accredit_keys::load(&file, "fuzz", &word, Engine::QuickStart));
});
