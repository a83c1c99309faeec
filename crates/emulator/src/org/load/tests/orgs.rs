//! Metadata and records of real orgs.

use serde_json::Value;

use super::{load, real};
use crate::org::schema::{DescribeContext, FieldType, Flag, describe};
use crate::org::tests::{rows, run};
use crate::org::{Org, QueryError};

/// The custom fields that the files describe, as `Object.Field`.
fn fields_of(files: &[super::LoadFile]) -> Vec<(String, String)> {
    let paths = files.iter().map(|file| file.path.as_str());
    paths
        .filter_map(|path| {
            let (folder, name) = path
                .strip_suffix(".field-meta.xml")?
                .rsplit_once("/fields/")?;
            Some((folder.rsplit_once('/')?.1.to_owned(), name.to_owned()))
        })
        .collect()
}

fn described(org: &Org, object: &str) -> Value {
    let context = DescribeContext {
        version: 60,
        instance_url: "https://acme.my.salesforce.com",
    };
    let schema = org.schema();
    let object = schema
        .object(object)
        .unwrap_or_else(|| panic!("{object} is not there"));
    describe(&schema, object, context)
}

/// Every field of the files is in describe.
fn all_fields_are_described(org: &Org, files: &[super::LoadFile]) -> usize {
    let fields = fields_of(files);
    for (object, field) in &fields {
        let objects = match object.as_str() {
            "Activity" => vec!["Task", "Event"],
            other => vec![other],
        };
        for object in objects {
            let answer = described(org, object);
            let mut known = answer["fields"].as_array().unwrap().iter();
            assert!(
                known.any(|known| known["name"] == **field),
                "{object}.{field}"
            );
        }
    }
    fields.len()
}

/// Every custom object answers a query with all of its fields, and so does every relationship from
/// and to it.
fn everything_is_queryable(org: &Org) -> usize {
    let schema = org.schema();
    let mut count = 0;
    for object in schema
        .objects()
        .iter()
        .filter(|object| object.can("queryable"))
    {
        let name = &object.name;
        for fields in object.fields.chunks(90) {
            if !object.is_custom() {
                break;
            }
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            run(
                org,
                &format!("SELECT {} FROM {name} LIMIT 20", names.join(", ")),
            )
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        for field in object.fields.iter().filter(|field| field.is(Flag::Custom)) {
            let is_reference = field.kind == FieldType::Reference;
            let parent = field.relationship.as_ref().filter(|_| is_reference);
            let target = field
                .targets
                .first()
                .and_then(|target| schema.object(target));
            let (Some(parent), Some(target)) = (parent, target) else {
                continue;
            };
            run(org, &format!("SELECT {parent}.Id FROM {name} LIMIT 20")).unwrap();
            count += 1;
            if let (Some(children), true) = (&field.children, target.can("queryable")) {
                let soql = format!(
                    "SELECT Id, (SELECT Id FROM {children}) FROM {} LIMIT 20",
                    target.name
                );
                answers(org, &soql);
            }
        }
    }
    count
}

/// Runs a query of a kind that may not be run yet, which is said in so many words.
fn answers(org: &Org, soql: &str) {
    match run(org, soql) {
        Err(QueryError::Refused(error)) if error.message().contains("does not run") => {}
        outcome => drop(outcome.unwrap_or_else(|error| panic!("{soql}: {error:?}"))),
    }
}

#[test]
fn dreamhouse_loads_whole() {
    let Some(files) = real("dreamhouse") else {
        return;
    };
    let (org, report) = load(&files);
    assert_eq!(report.records.values().sum::<usize>(), 25);
    assert_eq!(all_fields_are_described(&org, &files), 32);
    assert_eq!(everything_is_queryable(&org), 1);
    let found = rows(
        &org,
        "SELECT Name, Broker__r.Name, Location__Latitude__s, Price__c FROM Property__c
         WHERE Broker__r.Name = 'Caroline Kingsley' ORDER BY Name LIMIT 1",
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn ebikes_loads_whole() {
    let Some(files) = real("ebikes") else {
        return;
    };
    let (org, report) = load(&files);
    assert_eq!(report.records.values().sum::<usize>(), 23);
    assert_eq!(all_fields_are_described(&org, &files), 31);
    everything_is_queryable(&org);
    let found = rows(
        &org,
        "SELECT Product_Family__r.Name FROM Product__c WHERE Name = 'FUSE X1'",
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn npsp_loads_whole() {
    let Some(files) = real("npsp") else {
        return;
    };
    let (org, report) = load(&files);
    assert_eq!(report.records.values().sum::<usize>(), 17_283);
    assert_eq!(all_fields_are_described(&org, &files), 765);
    // What a managed package brings along is in no file but the mapping.
    let fields = report
        .warnings
        .iter()
        .filter(|text| text.contains("is made as"));
    assert_eq!(fields.count(), 20);
    assert_eq!(everything_is_queryable(&org), 73);
}
