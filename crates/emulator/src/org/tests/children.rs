//! Sub-queries in `SELECT`.

use serde_json::{Value, json};

use super::{NOW, asker, org, refusal, rows, run, user};
use crate::org::query::{Asker, Rows};
use crate::org::value::Value as Stored;
use crate::org::{Org, Seed};

/// Two parents, one of which has children, and theirs.
fn family() -> Org {
    let org = org(Seed::Empty);
    org.write(&user(), NOW, |writer| {
        let acme = writer.insert("Account", [("Name", "Acme".into())])?;
        let bare = writer.insert("Account", [("Name", "Bare".into())])?;
        for (last, account) in [
            ("Zoe", &acme),
            ("Ann", &acme),
            ("Max", &acme),
            ("Solo", &bare),
        ] {
            let account = Stored::from(account.as_str());
            let values = [("LastName", last.into()), ("AccountId", account)];
            let contact = writer.insert("Contact", values)?;
            for subject in ["first", "second"] {
                let contact = Stored::from(contact.as_str());
                let values = [("Subject", subject.into()), ("ContactId", contact)];
                writer.insert("Case", values)?;
            }
        }
        writer.insert("Account", [("Name", "Childless".into())])?;
        Ok(())
    })
    .unwrap();
    org
}

/// A record with its children as lists of values.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(record) if record.contains_key("records") => {
            let records = record["records"].as_array().unwrap();
            Value::Array(records.iter().map(plain).collect())
        }
        Value::Object(record) => {
            let values = record.iter().filter(|(key, _)| *key != "attributes");
            Value::Array(values.map(|(_, value)| plain(value)).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn children_stand_where_they_are_asked_for() {
    let org = family();
    let soql = "SELECT Id, (SELECT lastname FROM contacts ORDER BY LastName LIMIT 1), Name \
                FROM Account WHERE Name != 'Bare'";
    let body = org.query(soql, Rows::Live, &asker(b"ours")).unwrap();
    let expected = concat!(
        r#"{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Account","#,
        r#""url":"/services/data/v60.0/sobjects/Account/001Ac0000000001IAA"},"#,
        r#""Id":"001Ac0000000001IAA","Contacts":{"totalSize":1,"done":true,"records":["#,
        r#"{"attributes":{"type":"Contact","#,
        r#""url":"/services/data/v60.0/sobjects/Contact/003Ac0000000002IAA"},"LastName":"Ann"}]},"#,
        r#""Name":"Acme"},{"attributes":{"type":"Account","#,
        r#""url":"/services/data/v60.0/sobjects/Account/001Ac0000000003IAA"},"#,
        r#""Id":"001Ac0000000003IAA","Contacts":null,"Name":"Childless"}]}"#
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn children_are_filtered_sorted_and_nested() {
    let org = family();
    for (list, values) in [
        (
            "(SELECT LastName FROM Contacts)",
            json!([[[["Zoe"], ["Ann"], ["Max"]]], [[["Solo"]]], [null]]),
        ),
        (
            "(SELECT LastName FROM Account.Contacts c WHERE c.LastName > 'b' ORDER BY LastName)",
            json!([[[["Max"], ["Zoe"]]], [[["Solo"]]], [null]]),
        ),
        (
            "Name, (SELECT Account.Name, (SELECT Subject, Contact.LastName FROM Cases \
             ORDER BY Subject DESC LIMIT 1) FROM Contacts LIMIT 2), (SELECT Id FROM Opportunities)",
            json!([
                [
                    "Acme",
                    [
                        [["Acme"], [["second", ["Zoe"]]]],
                        [["Acme"], [["second", ["Ann"]]]],
                    ],
                    null,
                ],
                ["Bare", [[["Bare"], [["second", ["Solo"]]]]], null],
                ["Childless", null, null],
            ]),
        ),
        (
            "(SELECT Id FROM Contacts WHERE Id NOT IN (SELECT ContactId FROM Case))",
            json!([[null], [null], [null]]),
        ),
    ] {
        let soql = format!("SELECT {list} FROM Account");
        let answer = run(&org, &soql).unwrap_or_else(|error| panic!("{soql}: {error}"));
        let records = answer["records"].as_array().unwrap();
        let found: Value = records.iter().map(plain).collect();
        assert_eq!(found, values, "{soql}");
    }
    let soql = "SELECT (SELECT LastName FROM Contacts OFFSET 2) FROM Account LIMIT 1";
    let found = run(&org, soql).unwrap();
    let contacts = &found["records"][0]["Contacts"];
    assert_eq!(
        (&contacts["totalSize"], plain(contacts)),
        (&json!(1), json!([["Max"]]))
    );
}

#[test]
fn deleted_children_are_seen_by_query_all_only() {
    let org = family();
    org.mark_deleted("Contact", 4).unwrap();
    let soql = "SELECT (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Bare'";
    assert_eq!(rows(&org, soql), [json!([null])]);
    let all = super::run_on(&org, soql, Rows::All).unwrap();
    assert_eq!(all["records"][0]["Contacts"]["totalSize"], 1);
}

#[test]
fn many_children_are_paged_on_their_own() {
    let org = org(Seed::Empty);
    org.repeat("Contact", 3).unwrap();
    org.write(&user(), NOW, |writer| {
        writer.insert("Account", [("Name", "Large".into())])?;
        let sql = "UPDATE sobject_Contact SET AccountId = (SELECT Id FROM sobject_Account)";
        writer.connection.execute_batch(sql)?;
        Ok(())
    })
    .unwrap();
    let asker = Asker {
        batch: Some(200),
        ..asker(b"ours")
    };
    let soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account";
    let body = org.query(soql, Rows::Live, &asker).unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let mut page = answer["records"][0]["Contacts"].clone();
    assert_eq!(answer["done"], true);
    let mut sizes = Vec::new();
    loop {
        assert_eq!(page["totalSize"], 450);
        sizes.push(page["records"].as_array().unwrap().len());
        let Some(url) = page["nextRecordsUrl"].as_str() else {
            break;
        };
        let locator = url.rsplit('/').next().unwrap();
        let body = org.next_page(locator, &asker).unwrap();
        page = serde_json::from_slice(&body).unwrap();
    }
    assert_eq!(sizes, [200, 200, 50]);
    assert_eq!(page["done"], true);
}

#[test]
fn later_pages_have_their_children_too() {
    let org = org(Seed::Empty);
    org.repeat("Contact", 2).unwrap();
    org.write(&user(), NOW, |writer| {
        let sql = "UPDATE sobject_Contact SET ReportsToId = (SELECT Id FROM sobject_Contact
            WHERE _row = 250) WHERE _row = 1";
        writer.connection.execute_batch(sql)?;
        let case = Stored::from("003Ac0000000042IAA");
        assert!(writer.insert("Case", [("ContactId", case)]).is_ok());
        let sql = "UPDATE sobject_Case SET ContactId = (SELECT Id FROM sobject_Contact
            WHERE _row = 250)";
        writer.connection.execute_batch(sql)?;
        Ok(())
    })
    .unwrap();
    let asker = Asker {
        batch: Some(200),
        ..asker(b"ours")
    };
    let soql = "SELECT Id, (SELECT Id FROM Cases) FROM Contact";
    let body = org.query(soql, Rows::Live, &asker).unwrap();
    let first: Value = serde_json::from_slice(&body).unwrap();
    let url = first["nextRecordsUrl"].as_str().unwrap();
    let body = org.next_page(url.rsplit('/').next().unwrap(), &asker);
    let second: Value = serde_json::from_slice(&body.unwrap()).unwrap();
    assert_eq!(second["records"][49]["Cases"]["totalSize"], 1);
    assert_eq!(second["records"][48]["Cases"], Value::Null);
}

#[test]
fn wrong_sub_queries_are_refused() {
    let org = family();
    let (code, message) = refusal(&org, "SELECT (SELECT Id FROM Contact) FROM Account");
    assert_eq!(code, "INVALID_TYPE");
    let start = "Row:1:Column:24\nDidn't understand relationship 'Contact' in FROM part of query";
    assert!(message.contains(start), "{message}");
    let deep = "(SELECT Id, ".repeat(4);
    for (soql, detail) in [
        (
            "SELECT (SELECT COUNT() FROM Contacts) FROM Account".to_owned(),
            "only root queries support aggregate expressions",
        ),
        (
            "SELECT (SELECT Id FROM Contacts OFFSET 1) FROM Account".to_owned(),
            "OFFSET in a sub-query is allowed only where the outer query has LIMIT 1",
        ),
        (
            format!("SELECT {}", vec!["(SELECT Id FROM Contacts)"; 21].join(",")) + " FROM Account",
            "A query may have at most 20 sub-queries",
        ),
        (
            format!(
                "SELECT Id, {deep}(SELECT Id FROM ChildAccounts){} FROM Account",
                " FROM ChildAccounts)".repeat(4)
            ),
            "Sub-queries may be nested at most 5 levels deep",
        ),
        (
            "SELECT COUNT(Id), (SELECT Id FROM Contacts) FROM Account".to_owned(),
            "A sub-query is not allowed in a query that groups or aggregates",
        ),
    ] {
        let (code, message) = refusal(&org, &soql);
        assert_eq!(code, "MALFORMED_QUERY", "{soql}");
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
}
