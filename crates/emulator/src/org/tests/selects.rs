//! What may stand after `SELECT` besides fields.

use serde_json::{Value, json};

use super::{NOW, asker, org, refusal, rows, run, user};
use crate::org::query::Rows;
use crate::org::{Org, Seed};

fn first(org: &Org, soql: &str) -> Value {
    let answer = run(org, soql).unwrap_or_else(|error| panic!("{soql}: {error}"));
    answer["records"][0].clone()
}

#[test]
fn typeof_takes_the_fields_of_each_type() {
    let org = org(Seed::Sample);
    let soql = "SELECT Subject, TYPEOF What WHEN Account THEN Industry, Owner.Name \
                WHEN Opportunity THEN StageName END, TYPEOF Who WHEN Lead THEN Company \
                ELSE Name, Type END, WhatId FROM Task";
    let answer = run(&org, soql).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for record in answer["records"].as_array().unwrap() {
        let what = &record["What"];
        match record["WhatId"].as_str().map(|id| &id[..3]) {
            Some("001") => {
                assert_eq!(what["attributes"]["type"], "Account");
                let keys: Vec<&String> = what.as_object().unwrap().keys().collect();
                assert_eq!(keys, ["attributes", "Industry", "Owner"]);
                assert_eq!(what["Owner"]["attributes"]["type"], "User");
                kinds.insert("account");
            }
            _ => assert_eq!(*what, Value::Null),
        }
        let who = &record["Who"];
        if *who != Value::Null {
            assert_eq!(who["attributes"]["type"], "Name");
            assert_eq!(who["Type"], "Contact");
            kinds.insert("who");
        }
    }
    assert_eq!(kinds.len(), 2);
}

#[test]
fn typeof_is_refused_where_it_means_nothing() {
    let org = org(Seed::Empty);
    for (soql, detail) in [
        (
            "SELECT TYPEOF Account WHEN Account THEN Name END FROM Contact",
            "relationship 'Account' is not polymorphic",
        ),
        (
            "SELECT TYPEOF What WHEN User THEN Name END FROM Task",
            "'What' never refers to 'User'",
        ),
        (
            "SELECT What.Name, TYPEOF What WHEN Account THEN Name END FROM Task",
            "duplicate field selected: What",
        ),
        (
            "SELECT TYPEOF What WHEN Account THEN Name END, What.Name FROM Task",
            "duplicate field selected: What.Name",
        ),
        (
            "SELECT TYPEOF What WHEN Account THEN Name END, COUNT(Id) FROM Task",
            "TYPEOF is not allowed in a query that groups or aggregates",
        ),
    ] {
        let (_, message) = refusal(&org, soql);
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
}

#[test]
fn fields_stands_for_all_fields_of_a_kind() {
    let org = org(Seed::Sample);
    let schema = org.schema();
    let account = schema.object("Account").unwrap();
    for (group, rest) in [
        ("ALL", "LIMIT 1"),
        ("all", "WHERE Id IN ('001Ac0000000002', '001Ac0000000003')"),
        ("STANDARD", ""),
    ] {
        let record = first(&org, &format!("SELECT FIELDS({group}) FROM Account {rest}"));
        // No field of the sample is custom.
        assert_eq!(record.as_object().unwrap().len(), 1 + account.fields.len());
    }
    for (soql, detail) in [
        (
            "SELECT FIELDS(ALL) FROM Account",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 201",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 200",
            "'FIELDS(...)' expansion function must result in at least one field being selected.",
        ),
        (
            "SELECT FIELDS(STANDARD), Name FROM Account",
            "duplicate field selected: Name",
        ),
    ] {
        let (_, message) = refusal(&org, soql);
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
    let old = crate::org::query::Asker {
        version: 50,
        ..asker(b"ours")
    };
    let refused = org.query("SELECT FIELDS(STANDARD) FROM Account", Rows::Live, &old);
    let text = refused.unwrap_err().to_string();
    assert!(text.starts_with("UNSUPPORTED_API_VERSION"), "{text}");
}

#[test]
fn functions_show_values_in_other_forms() {
    let org = org(Seed::Empty);
    org.write(&user(), NOW, |writer| {
        let values = [
            ("Name", "Tower".into()),
            ("Industry", "Banking".into()),
            ("AnnualRevenue", 1_234_567.0.into()),
            ("BillingLatitude", 51.5074.into()),
            ("BillingLongitude", (-0.1278).into()),
        ];
        writer.insert("Account", values)?;
        writer.insert("Account", [("Name", "Nowhere".into())])?;
        Ok(())
    })
    .unwrap();
    let soql = "SELECT toLabel(Industry), FORMAT(AnnualRevenue) shown, AnnualRevenue, \
                convertCurrency(AnnualRevenue) here, FORMAT(CreatedDate), \
                DISTANCE(BillingAddress, GEOLOCATION(48.8566, 2.3522), 'km') d FROM Account \
                WHERE toLabel(Industry) = 'banking' \
                AND DISTANCE(BillingAddress, GEOLOCATION(48.8566, 2.3522), 'mi') < 220 \
                ORDER BY DISTANCE(BillingAddress, GEOLOCATION(0, 0), 'mi')";
    let mut record = first(&org, soql);
    let distance = record["d"].take().as_f64().unwrap();
    assert!((distance - 343.6).abs() < 1.0, "{distance}");
    let record = record.as_object().unwrap();
    let found: Vec<(&String, &Value)> = record.iter().skip(1).collect();
    let moment = json!("11/21/2026, 9:47 AM");
    let text = json!("$1,234,567");
    let expected = [
        ("Industry", &json!("Banking")),
        ("shown", &text),
        ("AnnualRevenue", &json!(1_234_567.0)),
        ("here", &json!(1_234_567.0)),
        ("CreatedDate", &moment),
        ("d", &Value::Null),
    ];
    let expected: Vec<(String, &Value)> = expected
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect();
    let found: Vec<(String, &Value)> = found.into_iter().map(|(k, v)| (k.clone(), v)).collect();
    assert_eq!(found, expected);
    let far = "SELECT Name FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(0,0), 'km') > 9";
    assert_eq!(rows(&org, far), [json!(["Tower"])]);
}

#[test]
fn functions_of_the_wrong_fields_are_refused() {
    let org = org(Seed::Empty);
    for (soql, detail) in [
        (
            "SELECT FORMAT(Name) FROM Account",
            "field Name does not support function FORMAT",
        ),
        (
            "SELECT toLabel(Name) FROM Account",
            "field Name does not support function toLabel",
        ),
        (
            "SELECT convertCurrency(NumberOfEmployees) FROM Account",
            "field NumberOfEmployees does not support function convertCurrency",
        ),
        (
            "SELECT Id FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(0,0), 'km') = 9",
            "DISTANCE can be compared with < and > only",
        ),
        (
            "SELECT DISTANCE(BillingAddress, GEOLOCATION(91, 0), 'km') FROM Account",
            "Latitude must be between -90 and 90, longitude between -180 and 180",
        ),
        (
            "SELECT Industry, toLabel(Industry) FROM Account",
            "duplicate field selected: Industry",
        ),
    ] {
        let (_, message) = refusal(&org, soql);
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
}

#[test]
fn columns_describe_what_is_asked_for() {
    let org = org(Seed::Empty);
    let columns = |soql: &str| -> Value {
        let body = org.columns(soql, &asker(b"ours")).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["columnMetadata"].clone()
    };
    let found = columns("SELECT Name, (SELECT LastName FROM Contacts) FROM Account");
    assert_eq!(found[1]["aggregate"], true);
    assert_eq!(found[1]["columnName"], "Contacts");
    assert_eq!(found[1]["joinColumns"][0]["columnName"], "LastName");
    let found = columns("SELECT StageName, avg(Amount) FROM Opportunity GROUP BY StageName");
    assert_eq!(found[1]["columnName"], "expr0");
    assert_eq!(found[1]["displayName"], "avg(Amount)");
    assert_eq!(found[1]["numberType"], true);
}

#[test]
fn explain_names_the_cheapest_plan_first() {
    let org = org(Seed::Sample);
    let plans = |soql: &str| -> Value {
        let body = org.explain(soql, &asker(b"ours")).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["plans"].clone()
    };
    let found = plans("SELECT Name FROM Account WHERE Id = '001Ac0000000002' AND Industry != null");
    assert_eq!(found[0]["leadingOperationType"], "Index");
    assert_eq!(found[0]["fields"], json!(["Id"]));
    assert_eq!(
        (&found[0]["cardinality"], &found[0]["sobjectCardinality"]),
        (&json!(1), &json!(50))
    );
    let found = plans("SELECT COUNT(Id) FROM Account WHERE Industry = 'Banking' GROUP BY Type");
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["leadingOperationType"], "TableScan");
    assert_eq!(found[0]["notes"][1]["fields"], json!(["Industry"]));
    assert_eq!(found[0]["sobjectType"], "Account");
    assert!(
        org.explain("SELECT Bogus FROM Account", &asker(b"ours"))
            .is_err()
    );
}
