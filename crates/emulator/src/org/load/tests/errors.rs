//! What is wrong with a file is named with its line, and nothing of the load stays.

use super::file;
use crate::org::Seed;
use crate::org::load::LoadFile;
use crate::org::tests::{NOW, org, rows};

const PLAN: &str = r#"[{"sobject": "Account", "files": ["a.json"]}]"#;

fn tree(records: &str) -> LoadFile {
    file("a.json", &format!("{{\"records\": [\n{records}\n]}}"))
}

fn field(xml: &str) -> LoadFile {
    let content = format!("<CustomField>\n<fullName>X__c</fullName>{xml}</CustomField>");
    file("objects/Account/fields/X__c.field-meta.xml", &content)
}

/// Refuses the files with a message that begins so, and keeps nothing of them.
fn refused(files: Vec<LoadFile>, expected: &str) {
    let org = org(Seed::Empty);
    let mut all = vec![file("Contact.csv", "LastName\nKept out\n")];
    all.extend(files);
    let error = org.load(&all, NOW).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}\n{expected}");
    assert_eq!(rows(&org, "SELECT Id FROM Contact"), [""; 0], "{expected}");
}

#[test]
fn mistakes_in_metadata_name_file_and_line() {
    let path = "objects/Account/fields/X__c.field-meta.xml";
    for (files, expected) in [
        (
            vec![field("<type>Text")],
            format!("{path}:2: expected XML: "),
        ),
        (
            vec![field("<type>Text</type><length>many</length>")],
            format!("{path}:2: expected a whole number in <length>, found \"many\""),
        ),
        (
            vec![field("")],
            format!("{path}:1: expected <type> in a custom field"),
        ),
        (
            vec![field("<type>Lookup</type>")],
            format!("{path}:1: expected <referenceTo> in a lookup field"),
        ),
        (
            vec![file(path, "<CustomObject/>")],
            format!("{path}:1: expected <CustomField>, found <CustomObject>"),
        ),
        (
            vec![file(
                path,
                "<!DOCTYPE a [<!ENTITY b 'c'>]><CustomField>&b;</CustomField>",
            )],
            format!("{path}:1: expected metadata without a document type"),
        ),
        (
            vec![file(path, &"<a>\n".repeat(100_000))],
            format!("{path}:65: expected elements nested at most 64 deep"),
        ),
    ] {
        refused(files, &expected);
    }
}

#[test]
fn mistakes_in_trees_name_file_and_line() {
    for (files, expected) in [
        (
            vec![file("a.json", "{\n]")],
            "a.json:2: expected JSON: ".to_owned(),
        ),
        (
            vec![file("plan.json", PLAN)],
            "plan.json: expected the file a.json, which it names".to_owned(),
        ),
        (
            vec![tree(r#"{"attributes": {"type": "Bogus__c"}}"#)],
            "a.json:2: no object is called Bogus__c: load its metadata too".to_owned(),
        ),
        (
            vec![tree(
                r#"{"attributes": {"type": "Contact"}, "AccountId": "@nobody"}"#,
            )],
            "a.json:2: Contact.AccountId: expected Account that is loaded or in the org, \
             found nobody"
                .to_owned(),
        ),
        (
            vec![tree(
                "{\"attributes\": {\"type\": \"Account\"},\n\"AnnualRevenue\": \"much\"}",
            )],
            "a.json:2: Account.AnnualRevenue: expected a number, found \"much\"".to_owned(),
        ),
        (
            vec![tree(r#"{"attributes": {"type": "Account"}, "Rank__c": 1}"#)],
            "a.json:2: Account has no field Rank__c: load its metadata too".to_owned(),
        ),
    ] {
        refused(files, &expected);
    }
}

#[test]
fn mistakes_in_csv_name_file_and_line() {
    for (files, expected) in [
        (
            vec![file("Account.csv", "Name,Phone\nA,1\nB\n")],
            "Account.csv:3: expected 2 values as in the header, found 1".to_owned(),
        ),
        (
            vec![file("Account.csv", "Name,CreatedDate\nA,today\n")],
            "Account.csv:2: Account.CreatedDate: expected a moment such as ".to_owned(),
        ),
        (
            vec![file("Account.csv", "Name,Parent.Name\nA,Nobody\n")],
            "Account.csv:2: Account.ParentId: expected Account whose Name is \"Nobody\"".to_owned(),
        ),
    ] {
        refused(files, &expected);
    }
}

#[test]
fn mistakes_in_dumps_name_file_and_line() {
    let create = "CREATE TABLE \"Account\" (id INTEGER, Name TEXT);\n";
    let mapping = "A:\n  sf_object: Account\n  fields: [Name]\n  lookups:\n    ParentId: {}\n";
    for (files, expected) in [
        (
            vec![file("a.sql", "ATTACH 'x' AS y;")],
            "a.sql:1: expected CREATE TABLE or INSERT INTO before ".to_owned(),
        ),
        (
            vec![file(
                "a.sql",
                &format!("{create}INSERT INTO Account VALUES(1);"),
            )],
            "a.sql:2: expected 2 values for Account, found 1".to_owned(),
        ),
        (
            vec![file(
                "a.sql",
                &format!("{create}INSERT INTO Account VALUES(1,load('x'));"),
            )],
            "a.sql:2: expected text, a number or NULL before \"('x'));\"".to_owned(),
        ),
        (
            vec![file("a.sql", create), file("mapping.yml", mapping)],
            "mapping.yml:5: expected the table of a lookup".to_owned(),
        ),
        (
            vec![file("notes.txt", "")],
            "notes.txt: expected metadata, records".to_owned(),
        ),
    ] {
        refused(files, &expected);
    }
}

#[test]
fn a_load_that_fails_late_leaves_neither_objects_nor_rows() {
    let org = org(Seed::Empty);
    let object = file(
        "Trip__c.object",
        "<CustomObject><label>Trip</label></CustomObject>",
    );
    let good = file("Trip__c.csv", "Name\nOne\n");
    let bad = file("Account.csv", "Name,AnnualRevenue\nA,much\n");
    org.load(&[object.clone(), good.clone(), bad], NOW)
        .unwrap_err();
    assert!(org.schema().object("Trip__c").is_none());
    let report = org.load(&[object, good], NOW).unwrap();
    // The first try took no ids.
    let id = crate::ids::RecordId::numbered("a00", 1).to_string();
    assert_eq!(
        rows(&org, "SELECT Id FROM Trip__c"),
        [serde_json::json!([id])]
    );
    assert_eq!(report.records["Trip__c"], 1);
}

#[test]
fn a_csv_file_is_named_after_its_object() {
    let org = org(Seed::Empty);
    let mut things = file("things.csv", "Name\nA\n");
    let error = org
        .load(std::slice::from_ref(&things), NOW)
        .unwrap_err()
        .to_string();
    let expected = "things.csv: expected a file named after its object, such as Account.csv";
    assert_eq!(error, expected);
    things.object = Some("Account".to_owned());
    assert_eq!(org.load(&[things], NOW).unwrap().records["Account"], 1);
}

#[test]
fn a_value_that_must_be_unique_is_refused_the_second_time() {
    let org = org(Seed::Empty);
    let code = field("<type>Text</type><length>9</length><unique>true</unique>");
    let rows = file("Account.csv", "Name,X__c\nA,1\nB,1\n");
    let error = org.load(&[code, rows], NOW).unwrap_err().to_string();
    let expected = "Account.csv:3: Account.X__c: expected a value that no other record has";
    assert_eq!(error, expected);
}

#[test]
fn loads_at_the_same_time_all_count() {
    let org = org(Seed::Empty);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let org = &org;
            scope.spawn(move || {
                let path = format!("Trip{number}__c.object");
                let object = file(&path, "<CustomObject><label>Trip</label></CustomObject>");
                org.load(&[object], NOW).unwrap();
            });
        }
    });
    let schema = org.schema();
    let names = (0..4).map(|number| format!("Trip{number}__c"));
    let prefixes: std::collections::BTreeSet<_> = names
        .map(|name| schema.object(&name).unwrap().key_prefix.clone())
        .collect();
    assert_eq!(prefixes.len(), 4);
}
