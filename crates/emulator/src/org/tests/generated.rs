//! What the resolver accepts, the database accepts.

use std::path::Path;

use super::{org, run};
use crate::org::Seed;
use crate::org::query::QueryError;
use crate::org::schema::{Field, Object, Schema, Storage};

/// A small generator of numbers: the same on every machine.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    pub(super) fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

/// Literals, the first of which fit most fields of their kind.
const LITERALS: [&str; 10] = [
    "null",
    "TRUE",
    "5",
    "'a\\'b'",
    "'001Ac0000000002IAA'",
    "2026-02-28",
    "2026-02-28T23:59:59.999-11:30",
    "TODAY",
    "USD10",
    "''",
];

/// Literals that fit a field.
fn fitting(field: &Field) -> &'static [&'static str] {
    match field.kind.storage() {
        Storage::Id => &["null", "'001Ac0000000002IAA'", "'005Ac0000000001'"],
        Storage::Text => &["null", "''", "'a\\'b'", "'%_\\\\'", "'Łódź'"],
        Storage::Boolean => &["null", "TRUE", "false"],
        Storage::Integer | Storage::Real => {
            &["null", "5", "-1.5e3", "99999999999999999999", "1e400"]
        }
        Storage::Date => &["null", "2026-02-28", "LAST_N_FISCAL_QUARTERS:7", "TODAY"],
        Storage::Datetime => &[
            "null",
            "2026-02-28T23:59:59.999-11:30",
            "4000-12-31T23:59:59-14:00",
            "N_WEEKS_AGO:1000000",
        ],
        Storage::Time | Storage::Compound => &["null"],
    }
}

const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn path<'s>(schema: &'s Schema, object: &'s Object, numbers: &mut Numbers) -> (String, &'s Field) {
    let mut object = object;
    let mut path = String::new();
    for _ in 0..numbers.below(4) {
        let references: Vec<&Field> = object
            .fields
            .iter()
            .filter(|field| field.relationship.is_some() && !field.targets.is_empty())
            .collect();
        let Some(reference) = references.get(numbers.below(references.len().max(1))) else {
            break;
        };
        let target = match reference.targets.as_slice() {
            [target] => target.as_str(),
            _ => "Name",
        };
        let Some(next) = schema.object(target) else {
            break;
        };
        path.push_str(reference.relationship.as_deref().unwrap());
        path.push('.');
        object = next;
    }
    let field = numbers.pick(&object.fields);
    (path + &field.name, field)
}

fn condition(schema: &Schema, object: &Object, numbers: &mut Numbers) -> String {
    let (path, field) = path(schema, object, numbers);
    let mut literal = || match numbers.below(8) {
        0 => *numbers.pick(&LITERALS),
        _ => *numbers.pick(fitting(field)),
    };
    let (one, other) = (literal(), literal());
    match numbers.below(6) {
        0 => format!("{path} LIKE {}", numbers.pick(&["'a%'", "'_'", "''"])),
        1 => format!("{path} IN ({one}, {other})"),
        2 => format!("{path} NOT IN ({other},{})", [one; 6].join(",")),
        3 => {
            let inner = condition(schema, object, numbers);
            format!("(NOT {inner})")
        }
        _ => format!("{path} {} {one}", numbers.pick(&OPERATORS)),
    }
}

#[test]
fn what_is_accepted_runs() {
    let org = org(Seed::Sample);
    let schema = org.schema();
    let mut numbers = Numbers(7);
    let mut accepted = 0;
    for _ in 0..4_000 {
        let object = numbers.pick(schema.objects());
        let mut selected: Vec<String> = (0..=numbers.below(4))
            .map(|_| path(&schema, object, &mut numbers).0)
            .collect();
        selected.sort();
        selected.dedup();
        let order = &path(&schema, object, &mut numbers).0;
        let soql = format!(
            "SELECT {} FROM {} WHERE {} {} {} ORDER BY {order} DESC LIMIT 3",
            selected.join(", "),
            object.name,
            condition(&schema, object, &mut numbers),
            numbers.pick(&["AND", "OR"]),
            condition(&schema, object, &mut numbers),
        );
        match run(&org, &soql) {
            Ok(_) => accepted += 1,
            Err(QueryError::Refused(_)) => {}
            Err(other) => panic!("{soql}: {other:?}"),
        }
    }
    assert!(accepted > 600, "{accepted}");
}

#[test]
fn a_corpus_of_queries_runs_or_is_refused() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/soql"));
    let org = org(Seed::Sample);
    let mut queries = 0;
    for name in ["syntax.json", "semantics.json"] {
        let Ok(text) = std::fs::read(folder.join(name)) else {
            crate::testing::skipped(format_args!("{name} is absent from {}", folder.display()));
            continue;
        };
        let cases: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
        for case in cases {
            let soql = case["soql"].as_str().unwrap();
            let outcome = run(&org, soql);
            let is_clear = matches!(outcome, Ok(_) | Err(QueryError::Refused(_)));
            assert!(is_clear, "{soql}: {outcome:?}");
            queries += 1;
        }
    }
    eprintln!("{queries} queries of the corpus tried");
}
