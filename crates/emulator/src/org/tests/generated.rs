//! What the resolver accepts, the database accepts.

use super::{org, run};
use crate::org::Seed;
use crate::org::query::QueryError;
use crate::org::schema::{Field, Object, Schema};

/// A small generator of numbers: the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

const LITERALS: [&str; 16] = [
    "null",
    "TRUE",
    "5",
    "-1.5e3",
    "USD10",
    "''",
    "'a\\'b'",
    "'001Ac0000000002IAA'",
    "2026-02-28",
    "2026-02-28T23:59:59.999-11:30",
    "TODAY",
    "LAST_N_FISCAL_QUARTERS:7",
    "N_WEEKS_AGO:1000000",
    "'%_\\\\'",
    "99999999999999999999",
    "1e400",
];

const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn path(schema: &Schema, object: &Object, numbers: &mut Numbers) -> String {
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
    path + &numbers.pick(&object.fields).name
}

fn condition(schema: &Schema, object: &Object, numbers: &mut Numbers) -> String {
    let path = path(schema, object, numbers);
    match numbers.below(6) {
        0 => format!("{path} LIKE {}", numbers.pick(&["'a%'", "'_'", "''"])),
        1 => format!(
            "{path} IN ({}, {})",
            numbers.pick(&LITERALS),
            numbers.pick(&LITERALS)
        ),
        2 => format!(
            "{path} NOT IN ({})",
            vec![*numbers.pick(&LITERALS); 6].join(",")
        ),
        3 => {
            let inner = condition(schema, object, numbers);
            format!("(NOT {inner})")
        }
        _ => format!(
            "{path} {} {}",
            numbers.pick(&OPERATORS),
            numbers.pick(&LITERALS)
        ),
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
            .map(|_| path(schema, object, &mut numbers))
            .collect();
        selected.sort();
        selected.dedup();
        let order = path(schema, object, &mut numbers);
        let soql = format!(
            "SELECT {} FROM {} WHERE {} {} {} ORDER BY {order} DESC LIMIT 3",
            selected.join(", "),
            object.name,
            condition(schema, object, &mut numbers),
            numbers.pick(&["AND", "OR"]),
            condition(schema, object, &mut numbers),
        );
        match run(&org, &soql) {
            Ok(_) => accepted += 1,
            Err(QueryError::Refused(_)) => {}
            Err(other) => panic!("{soql}: {other:?}"),
        }
    }
    assert!(accepted > 200, "{accepted}");
}
