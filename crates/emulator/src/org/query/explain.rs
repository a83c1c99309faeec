//! How a query would be run: the answer of `/query?explain=` (fact sheet §5.2).
//!
//! Owns which fields count as indexed. A plan with an index stands before the scan of the table
//! when it is cheaper, as in Salesforce: it is selective below three tenths of the records.

use accredit_soql::ast::{Condition, Expression, Operator, Predicate, Query, Set};
use serde_json::{Value, json};

use crate::org::schema::{Field, FieldType, Flag, Object};

/// The part of the records below which an index is worth its cost.
const SELECTIVE: f64 = 0.3;

/// What a query asks for, in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cardinality {
    /// How many records the query finds.
    pub(super) found: i64,
    /// How many there are.
    pub(super) all: i64,
}

/// The plans of a query, the cheapest first.
pub(super) fn plans((query, text): (&Query, &str), object: &Object, rows: Cardinality) -> Value {
    let Cardinality { found, all } = rows;
    let tested = tested(query, object);
    let (indexed, plain): (Vec<&Field>, Vec<&Field>) =
        tested.into_iter().partition(|field| is_indexed(field));
    let plan = |kind: &str, fields: &[&Field], cost: f64| {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        json!({
            "cardinality": found,
            "fields": names,
            "leadingOperationType": kind,
            "notes": notes(object, &plain),
            "relativeCost": cost,
            "sobjectCardinality": all,
            "sobjectType": object.name,
        })
    };
    let mut plans = vec![plan("TableScan", &[], 1.0)];
    if !indexed.is_empty() {
        let threshold = (SELECTIVE * all as f64).max(1.0);
        let cost = found as f64 / threshold;
        let at = usize::from(cost > 1.0);
        plans.insert(at, plan("Index", &indexed, cost));
    }
    json!({"plans": plans, "sourceQuery": text})
}

/// The fields of the object that every record found must pass a test of.
fn tested<'o>(query: &Query, object: &'o Object) -> Vec<&'o Field> {
    let members = match &query.filter {
        Some(Condition::And(members)) => members.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut fields: Vec<&Field> = Vec::new();
    for member in members {
        let Condition::Test(test) = member else {
            continue;
        };
        let is_positive = match &test.predicate {
            Predicate::Compare(operator, _) => *operator != Operator::NotEqual,
            Predicate::In(Set::Values(_)) => true,
            _ => false,
        };
        let Expression::Field(path) = &test.subject else {
            continue;
        };
        let field = object.field(&path.name.text);
        if let (true, true, Some(field)) = (is_positive, path.qualifiers.is_empty(), field) {
            fields.push(field);
        }
    }
    fields.dedup_by_key(|field| &field.name);
    fields
}

fn is_indexed(field: &Field) -> bool {
    matches!(field.kind, FieldType::Id | FieldType::Reference)
        || field.is(Flag::ExternalId)
        || field.is(Flag::Unique)
        || field.is(Flag::NameField)
        || field.is(Flag::IdLookup)
        || matches!(field.name.as_str(), "CreatedDate" | "SystemModstamp")
}

fn notes(object: &Object, plain: &[&Field]) -> Vec<Value> {
    let note = |name: &str| {
        json!({
            "description": "Not considering filter for optimization because unindexed",
            "fields": [name],
            "tableEnumOrId": object.name,
        })
    };
    let deleted = object.field("IsDeleted");
    let fields = deleted.into_iter().chain(plain.iter().copied());
    fields.map(|field| note(&field.name)).collect()
}
