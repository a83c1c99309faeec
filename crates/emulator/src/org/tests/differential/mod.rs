//! Generated queries through the SQL path and through a slow evaluator over records in memory,
//! which must agree.
//!
//! The evaluator ([`oracle`] and [`value`]) shares the parser, the schema and nothing else.

mod generator;
mod grouping;
mod oracle;
mod value;

use serde_json::Value;

use self::generator::{Generator, MULTIPICKLIST};
use self::oracle::Oracle;
use super::{NOW, org, run};
use crate::org::load::LoadFile;
use crate::org::{Org, Seed};

/// Whether two answers say the same, in the same order; sums may differ in the last digits.
fn agree(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((a, x), (b, y))| a == b && agree(x, y))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(x, y)| agree(x, y))
        }
        (Value::Number(left), Value::Number(right)) => {
            let (x, y) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            left.is_f64() == right.is_f64() && (x - y).abs() <= 1e-9 * x.abs().max(1.0)
        }
        _ => left == right,
    }
}

/// An answer without `attributes`.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(keys) => keys
            .into_iter()
            .filter(|(key, _)| key != "attributes")
            .map(|(key, value)| (key, bare(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(bare).collect(),
        other => other,
    }
}

/// The sample with a field of several values, and with text that is special in patterns.
fn sample() -> Org {
    let org = org(Seed::Sample);
    let content = "<CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\">
        <fullName>Colors__c</fullName><label>Colors</label><type>MultiselectPicklist</type>
        <visibleLines>4</visibleLines><valueSet><valueSetDefinition><sorted>false</sorted>
        <value><fullName>Red</fullName><default>false</default><label>Red</label></value>
        </valueSetDefinition></valueSet></CustomField>";
    let file = LoadFile {
        path: format!("objects/Account/fields/{MULTIPICKLIST}.field-meta.xml"),
        content: content.to_owned(),
        object: None,
    };
    org.load(&[file], NOW).unwrap();
    let sql = "UPDATE sobject_Account SET
        Colors__c = CASE _row % 5 WHEN 1 THEN 'Red' WHEN 2 THEN 'Red;Blue'
            WHEN 3 THEN 'Green;blue' WHEN 4 THEN 'Blue;Green;Red' END,
        Site = CASE _row % 7 WHEN 1 THEN '100%' WHEN 2 THEN 'a_b' WHEN 3 THEN 'A_B'
            WHEN 4 THEN 'back\\slash' WHEN 5 THEN 'it''s 5% off' WHEN 6 THEN 'Émile_Ü' END";
    org.store
        .run(|connection| connection.execute(sql, []))
        .unwrap();
    org
}

/// Tries so many queries; how many of them found something.
fn compare(seed: u64, queries: usize) -> usize {
    let org = sample();
    let schema = org.schema();
    let oracle = Oracle::new(&org, &schema);
    let mut generator = Generator::new(&schema, &oracle, seed);
    let mut found = 0;
    for _ in 0..queries {
        let soql = generator.query();
        let answer = run(&org, &soql).unwrap_or_else(|error| panic!("{soql}: {error}"));
        let answer = bare(answer);
        let query = accredit_soql::parse(&soql).unwrap();
        let expected = oracle.answer(&query);
        assert!(
            agree(&answer, &expected),
            "{soql}\n   found {answer}\nexpected {expected}"
        );
        found += usize::from(answer["totalSize"] != 0);
    }
    found
}

#[test]
fn generated_queries_find_what_a_slow_evaluator_finds() {
    let found = compare(1, 3_000);
    assert!(found > 1_500, "only {found} queries found something");
}

#[test]
#[ignore = "takes minutes: 100,000 queries"]
fn a_hundred_thousand_generated_queries_find_what_a_slow_evaluator_finds() {
    let found: usize = std::thread::scope(|scope| {
        let parts: Vec<_> = (2..6)
            .map(|seed| scope.spawn(move || compare(seed, 25_000)))
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    eprintln!("100,000 queries agree; {found} of them found something");
}
