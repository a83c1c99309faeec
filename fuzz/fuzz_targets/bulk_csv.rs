//! Any bytes as the table of an ingest job: the job ends, and its reports can be read.

#![no_main]

use std::cell::RefCell;

use accredit_fuzz::bulk::Client;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// After how many tables there is a new org.
const TABLES: usize = 500;

thread_local! {
    static CLIENT: RefCell<Option<Client>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    let kept = CLIENT.take().filter(|client| client.sent < TABLES);
    let mut client = kept.unwrap_or_else(Client::sign_in);
    let operation = ["insert", "update", "upsert", "delete"][bytes.len() % 4];
    let delimiter = ["COMMA", "SEMICOLON", "TAB"][bytes.len() % 3];
    let mut job = json!({
        "object": "Account", "operation": operation, "columnDelimiter": delimiter,
    });
    if operation == "upsert" {
        job["externalIdFieldName"] = json!("Id");
    }
    client.send(&job, bytes);
    CLIENT.set(Some(client));
});
