//! Records of all kinds of files, and how they refer to each other.

use serde_json::json;

use super::{file, load};
use crate::org::tests::rows;

#[test]
fn children_stand_in_their_parents_and_references_go_in_any_order() {
    let contacts = r#"{"records": [
        {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Loose",
         "AccountId": "@a1", "ReportsToId": "@c2"}]}"#;
    let accounts = r#"{"records": [
        {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Acme", "Contacts":
            {"records": [{"attributes": {"type": "Contact", "referenceId": "c2"},
                          "LastName": "Within", "Email": "@home"}]}}]}"#;
    let (org, report) = load(&[
        file("d/1-contacts.json", contacts),
        file("d/2-accounts.json", accounts),
    ]);
    assert_eq!(report.records["Contact"], 2);
    let soql = "SELECT LastName, Email, AccountId, ReportsToId FROM Contact ORDER BY LastName";
    let id = |object: &str, name: &str| report.ids[object][name].clone();
    let (account, boss) = (id("Account", "a1"), id("Contact", "c2"));
    assert_eq!(
        rows(&org, soql),
        [
            json!(["Loose", null, account, boss]),
            json!(["Within", "@home", account, null]),
        ]
    );
}

#[test]
fn a_plan_says_which_files_there_are() {
    let plan = r#"[{"sobject": "Account", "saveRefs": true, "files": ["a.json"]}]"#;
    let records = r#"{"records": [{"attributes": {"referenceId": "r"}, "Name": "Acme"}]}"#;
    let (_, report) = load(&[
        file("d/a.json", records),
        file("d/b.json", records),
        file("d/x-plan.json", plan),
        file("other.json", "{\"records\": [{\"Id\": 1}]}"),
    ]);
    assert_eq!(report.records["Account"], 1);
    let left = "d/b.json is left out: the plan next to it does not name it";
    assert_eq!(report.warnings, [left]);
}

#[test]
fn csv_names_parents_by_id_and_by_value() {
    let code = "<CustomField><fullName>Code__c</fullName><type>Text</type><length>9</length>
        <externalId>true</externalId></CustomField>";
    let (org, report) = load(&[
        file("objects/Account/fields/Code__c.field-meta.xml", code),
        file(
            "Contacts.csv",
            "LastName;Account.Code__c;Birthdate\nBy code;A2;1990-01-31\n",
        ),
        file(
            "Accounts.csv",
            "\u{feff}Id,Name,Code__c,ParentId,AnnualRevenue\n\
            001000000000001,\"One, Inc\",A1,,5\n001000000000002,Two,A2,001000000000001AAA,#N/A\n",
        ),
    ]);
    assert_eq!(report.warnings, [""; 0]);
    let found = rows(
        &org,
        "SELECT Name, AnnualRevenue, ParentId FROM Account ORDER BY Name",
    );
    let first = &report.ids["Account"]["001000000000001"];
    assert_eq!(
        found,
        [json!(["One, Inc", 5.0, null]), json!(["Two", null, first])]
    );
    let found = rows(
        &org,
        "SELECT LastName FROM Contact WHERE Account.Code__c = 'A2'",
    );
    assert_eq!(found, [json!(["By code"])]);
}

#[test]
fn a_dump_is_read_with_its_mapping() {
    let dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n-- people\n
        CREATE TABLE accounts (sf_id VARCHAR(9) NOT NULL, name VARCHAR(255), kind TEXT,
            parent_id TEXT, PRIMARY KEY (sf_id));
        INSERT INTO accounts VALUES('Account-1','It''s; one','a',NULL);
        INSERT INTO accounts (sf_id, name, kind, parent_id) VALUES
            ('Account-2', replace('two\\nlines','\\n',char(10)), 'a', 'Account-3'),
            ('Account-3', unistr('caf\\u00e9'), 'b', '');
        CREATE INDEX i ON accounts (name);\nCOMMIT;";
    let mapping = "Insert Accounts:\n  sf_object: Account\n  table: accounts\n\
        \x20 filters: [\"kind = 'a'\"]\n  fields: {Name: name, Kind__c: kind}\n\
        \x20 static: {Type: Prospect}\n  lookups:\n    ParentId: {table: accounts, after: x}\n\
        Insert others:\n  sf_object: Account\n  table: accounts\n\
        \x20 filters: [\"kind != 'a'\"]\n  fields: {Name: name}\n";
    let (org, report) = load(&[file("d/a.sql", dump), file("d/mapping.yml", mapping)]);
    let found = rows(
        &org,
        "SELECT Name, Kind__c, Type, Parent.Name FROM Account ORDER BY Name",
    );
    let names: Vec<_> = found.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(names, ["café", "It's; one", "two\nlines"]);
    assert_eq!(found[1], json!(["It's; one", "a", "Prospect", null]));
    assert_eq!(found[2][3]["Name"], "café");
    let made = "Account.Kind__c is in no metadata: it is made as string";
    assert_eq!(report.warnings, [made]);
}

#[test]
fn a_dump_without_a_mapping_is_read_by_the_names_of_its_tables() {
    let dump = "CREATE TABLE Account (id INTEGER, Name TEXT, Bogus TEXT);
        CREATE TABLE Contact (id INTEGER, LastName TEXT, AccountId TEXT);
        CREATE TABLE Other (id INTEGER);
        INSERT INTO Account VALUES (7, 'Acme', 'x'); INSERT INTO Contact VALUES (7, 'Roe', '7');";
    let (org, report) = load(&[file("a.sql", dump)]);
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    let found = rows(
        &org,
        "SELECT LastName FROM Contact WHERE Account.Name = 'Acme'",
    );
    assert_eq!(found, [json!(["Roe"])]);
}

#[test]
fn what_clients_would_be_refused_is_told() {
    let text = "<CustomField><fullName>X__c</fullName><type>Text</type><length>3</length>
        </CustomField>";
    let (_, report) = load(&[
        file("objects/Contact/fields/X__c.field-meta.xml", text),
        file(
            "Contact.csv",
            "FirstName,X__c,OwnerId,Bogus\nA,long,005000000000009,x\nB,long,,\n",
        ),
    ]);
    assert_eq!(
        report.warnings,
        [
            "Contact.Bogus is not built in: it is left out (1 record)",
            "Contact.LastName is required and empty (2 records)",
            "Contact.OwnerId refers to a record of another org: it is left out (1 record)",
            "Contact.X__c is longer than 3 characters (2 records)",
        ]
    );
}
