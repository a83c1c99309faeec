//! Verdicts of others on queries.

use std::fs;
use std::path::Path;

use accredit_soql::parse;
use serde_json::Value;

use crate::skip::skipped;

/// Queries whose verdict in `syntax.json` is not followed, each with the reason. None so far.
const RULINGS: [(&str, &str); 0] = [];

/// The queries of a file with their verdicts; none, said aloud, where the folder is absent.
pub(crate) fn cases(file: &str, verdict: &str) -> Vec<(String, bool)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/soql");
    let Ok(text) = fs::read_to_string(Path::new(folder).join(file)) else {
        skipped(format_args!("{folder}/{file} is absent"));
        return Vec::new();
    };
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let case = |entry: &Value| {
        (
            entry["soql"].as_str().unwrap().to_owned(),
            entry[verdict].as_bool().unwrap(),
        )
    };
    entries.iter().map(case).collect()
}

/// Every query of both files.
pub(crate) fn queries() -> Vec<String> {
    let both = [
        cases("syntax.json", "valid"),
        cases("semantics.json", "error"),
    ]
    .concat();
    both.into_iter().map(|(query, _)| query).collect()
}

#[test]
fn every_verdict_on_syntax_is_met() {
    for (query, valid) in cases("syntax.json", "valid") {
        let ruling = RULINGS.iter().any(|(ruled, _)| *ruled == query);
        let parsed = parse(&query);
        assert_eq!(parsed.is_ok(), valid != ruling, "{query}\n{parsed:?}");
    }
}

#[test]
fn queries_that_are_right_against_a_schema_parse() {
    for (query, wrong) in cases("semantics.json", "error") {
        let parsed = parse(&query);
        assert!(wrong || parsed.is_ok(), "{query}\n{parsed:?}");
    }
}

#[test]
fn queries_that_are_wrong_without_a_schema_are_refused() {
    // A mark of each mistake that needs no schema to be seen.
    let marks = [
        "name bob",
        "^",
        "CALENDARY",
        "bogus(",
        "year(convertC",
        "count(),",
        "name, count()",
        "year()",
        "(0,0)) ",
        "='bob\\",
        "'alice'\0",
        "DAYS:\0",
        "DAYS:A",
        "BOB",
        "strings:",
        "NEAR",
        "(what)",
        "Select G",
        "Select C",
        "orderby",
        "order name",
        "by name\0",
        "order by\0",
        "using team",
        "account scope",
        "team2",
        "asia__c OR",
    ];
    for (query, wrong) in cases("semantics.json", "error") {
        let ended = format!("{query}\0");
        let marked = wrong && marks.iter().any(|mark| ended.contains(mark));
        assert!(!marked || parse(&query).is_err(), "{query}");
    }
}

#[test]
fn what_is_printed_parses_to_an_equal_tree() {
    for query in queries() {
        let Ok(tree) = parse(&query) else { continue };
        let printed = tree.to_string();
        assert_eq!(parse(&printed).as_ref(), Ok(&tree), "{query}\n{printed}");
        assert_eq!(parse(&printed).unwrap().to_string(), printed);
    }
}
