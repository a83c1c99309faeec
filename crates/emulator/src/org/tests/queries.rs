//! One row for each feature of SOQL, with the rows that it finds.

use serde_json::{Value, json};

use super::{NOW, org, rows, run, run_on, user};
use crate::org::query::Rows;
use crate::org::value::Value as Stored;
use crate::org::{Org, Seed};

/// An org with a handful of records in which every value is known.
fn small() -> Org {
    let org = org(Seed::Empty);
    org.write(&user(), NOW, |writer| {
        let text = |text: &str| Stored::from(text);
        let parent = writer.insert("Account", [("Name", text("Émile"))])?;
        let acme = writer.insert(
            "Account",
            [
                ("Name", text("Acme")),
                ("Industry", text("Banking")),
                ("NumberOfEmployees", Stored::Integer(10)),
                ("AnnualRevenue", Stored::Real(12_500_000.0)),
                ("BillingCity", text("Łódź")),
                ("ParentId", text(parent.as_str())),
            ],
        )?;
        let percent = writer.insert(
            "Account",
            [
                ("Name", text("100% _ok_ \\ O'Hara")),
                ("NumberOfEmployees", Stored::Integer(200)),
                ("AnnualRevenue", Stored::Real(0.5)),
            ],
        )?;
        let gone = [("Name", text("Gone")), ("IsDeleted", Stored::Boolean(true))];
        writer.insert("Account", gone)?;
        for (last, account, birthdate, opted_out) in [
            ("Ash", Some(&acme), "1990-02-28", true),
            ("birch", Some(&percent), "", false),
            ("Cedar", None, "2001-12-31", false),
        ] {
            let account = account.map_or(Stored::Null, |id| text(id.as_str()));
            let values = [
                ("LastName", text(last)),
                ("AccountId", account),
                ("Birthdate", text(birthdate)),
                ("DoNotCall", Stored::Boolean(opted_out)),
            ];
            writer.insert("Contact", values)?;
        }
        Ok(())
    })
    .unwrap();
    org
}

/// The first values of the rows that a query finds.
fn found(org: &Org, soql: &str) -> Value {
    let firsts = rows(org, soql).into_iter().map(|row| row[0].clone());
    Value::Array(firsts.collect())
}

/// The name of an account that needs escapes.
const STRANGE: &str = "100% _ok_ \\ O'Hara";

fn check(cases: &[(&str, Value)]) {
    let org = small();
    for (filter, names) in cases {
        let soql = format!("SELECT Name FROM Account a WHERE {filter}");
        assert_eq!(found(&org, &soql), *names, "{soql}");
    }
}

#[test]
fn conditions_on_text_choose_rows() {
    let all = STRANGE;
    check(&[
        ("Name = 'acme'", json!(["Acme"])),
        ("name = 'ÉMILE'", json!(["Émile"])),
        ("Name = 'emile'", json!([])),
        ("Name != 'ACME'", json!(["Émile", all])),
        ("Name <> 'ACME'", json!(["Émile", all])),
        ("Name > 'acme'", json!(["Émile"])),
        ("Name >= 'ACME'", json!(["Émile", "Acme"])),
        ("Name < 'acme'", json!([all])),
        ("Name LIKE 'aC%'", json!(["Acme"])),
        ("Name LIKE 'É_L%'", json!([])),
        ("Name LIKE 'é_iL%'", json!(["Émile"])),
        ("Name LIKE '100\\%%'", json!([all])),
        ("Name LIKE '%\\_OK\\_%'", json!([all])),
        ("Name LIKE '%\\_o_k\\_%'", json!([])),
        ("Name LIKE '%\\\\ o\\'hara'", json!([all])),
        ("NOT Name LIKE 'a%'", json!(["Émile", all])),
        ("Industry = 'BANKING'", json!(["Acme"])),
        ("Industry = null", json!(["Émile", all])),
        ("Industry != null", json!(["Acme"])),
        ("Industry = ''", json!(["Émile", all])),
        ("Industry != 'Banking'", json!(["Émile", all])),
        ("NOT Industry = 'Banking'", json!(["Émile", all])),
        ("NOT (NOT Industry = 'Banking')", json!(["Acme"])),
        ("Industry LIKE 'bank%'", json!(["Acme"])),
        ("NOT Industry LIKE 'bank%'", json!(["Émile", all])),
        ("Industry IN ('Energy', 'banking')", json!(["Acme"])),
        ("Industry IN ('Energy', null)", json!(["Émile", all])),
        ("Industry NOT IN ('Banking')", json!(["Émile", all])),
        ("Industry NOT IN ('Banking', null)", json!([])),
        (
            "Name IN ('a', 'b', 'c', 'd', 'e', 'f', 'ACME', 'émile')",
            json!(["Émile", "Acme"]),
        ),
    ]);
}

#[test]
fn conditions_on_other_types_and_on_parents_choose_rows() {
    let all = STRANGE;
    check(&[
        ("NumberOfEmployees = 10", json!(["Acme"])),
        ("NumberOfEmployees > 10", json!([all])),
        ("NumberOfEmployees >= 10", json!(["Acme", all])),
        ("NumberOfEmployees < 200", json!(["Acme"])),
        ("NumberOfEmployees != 10", json!(["Émile", all])),
        ("NumberOfEmployees IN (1, 2, 3, 4, 5, 10)", json!(["Acme"])),
        ("AnnualRevenue = 12500000", json!(["Acme"])),
        ("AnnualRevenue < 0.75", json!([all])),
        ("AnnualRevenue > 1e3", json!(["Acme"])),
        ("AnnualRevenue >= USD12500000", json!(["Acme"])),
        ("IsDeleted = false", json!(["Émile", "Acme", all])),
        ("IsDeleted = null", json!(["Émile", "Acme", all])),
        ("IsDeleted != false", json!([])),
        (
            "Name = 'Acme' OR (Industry = null AND NumberOfEmployees = null)",
            json!(["Émile", "Acme"]),
        ),
        ("ParentId = null", json!(["Émile", all])),
        ("ParentId != null", json!(["Acme"])),
        ("Parent.Name = 'émile'", json!(["Acme"])),
        ("Parent.Name = null", json!(["Émile", all])),
        ("Parent.Name != 'x'", json!(["Émile", "Acme", all])),
        ("Parent.IsDeleted = false", json!(["Émile", "Acme", all])),
        ("Parent.IsDeleted = true", json!([])),
        ("BillingCity = 'łÓDŹ'", json!(["Acme"])),
        ("CreatedDate = TODAY", json!(["Émile", "Acme", all])),
        ("CreatedDate < TODAY", json!([])),
        ("CreatedDate > YESTERDAY", json!(["Émile", "Acme", all])),
        ("CreatedDate != TODAY", json!([])),
        (
            "CreatedDate IN (YESTERDAY, TODAY)",
            json!(["Émile", "Acme", all]),
        ),
        (
            "CreatedDate = 2026-11-21T17:47:00Z",
            json!(["Émile", "Acme", all]),
        ),
        (
            "CreatedDate = 2026-11-21T18:47:00.000+01:00",
            json!(["Émile", "Acme", all]),
        ),
        ("CreatedDate > 2026-11-21T17:47:00Z", json!([])),
        ("a.Name = 'Acme'", json!(["Acme"])),
        ("a.Parent.Name = 'Émile'", json!(["Acme"])),
        (
            "CreatedBy.Username LIKE 'INTEGRATION@%'",
            json!(["Émile", "Acme", all]),
        ),
    ]);
}

#[test]
fn conditions_on_people_choose_rows() {
    let org = small();
    for (filter, names) in [
        ("Birthdate = 1990-02-28", json!(["Ash"])),
        ("Birthdate > 1990-02-28", json!(["Cedar"])),
        ("Birthdate = null", json!(["birch"])),
        ("Birthdate < LAST_N_YEARS:30", json!(["Ash"])),
        (
            "Birthdate IN (2001-12-31, 1990-02-28)",
            json!(["Ash", "Cedar"]),
        ),
        ("DoNotCall = true", json!(["Ash"])),
        ("DoNotCall != true", json!(["birch", "Cedar"])),
        ("DoNotCall = null", json!(["birch", "Cedar"])),
        ("DoNotCall IN (TRUE)", json!(["Ash"])),
        ("NOT DoNotCall = true", json!(["birch", "Cedar"])),
        ("Account.Name = null", json!(["Cedar"])),
        ("Account.Industry = null", json!(["birch", "Cedar"])),
        ("Account.Industry != 'Banking'", json!(["birch", "Cedar"])),
        ("Account.NumberOfEmployees > 5", json!(["Ash", "birch"])),
        ("Account.Parent.Name = 'Émile'", json!(["Ash"])),
        (
            "Account.IsDeleted = false",
            json!(["Ash", "birch", "Cedar"]),
        ),
        ("AccountId = '001Ac0000000002'", json!(["Ash"])),
        ("AccountId = '001Ac0000000002IAA'", json!(["Ash"])),
        (
            "AccountId IN ('001Ac0000000002', '001Ac0000000003IAA')",
            json!(["Ash", "birch"]),
        ),
        ("Id > '003Ac0000000001IAA'", json!(["birch", "Cedar"])),
        ("Contact.Account.Name = 'acme'", json!(["Ash"])),
        ("a.Name = 'acme' AND p.Name = 'émile'", json!(["Ash"])),
    ] {
        let soql =
            format!("SELECT LastName FROM Contact c, c.Account a, a.Parent p WHERE {filter}");
        assert_eq!(found(&org, &soql), names, "{soql}");
    }
}

#[test]
fn order_limit_and_offset_choose_and_arrange_rows() {
    let org = small();
    let all = "100% _ok_ \\ O'Hara";
    for (rest, names) in [
        ("ORDER BY Name", json!([all, "Acme", "Émile"])),
        ("ORDER BY name DESC", json!(["Émile", "Acme", all])),
        ("ORDER BY Industry, Name", json!([all, "Émile", "Acme"])),
        (
            "ORDER BY Industry DESC, Name",
            json!([all, "Émile", "Acme"]),
        ),
        (
            "ORDER BY Industry NULLS LAST, Name",
            json!(["Acme", all, "Émile"]),
        ),
        ("ORDER BY NumberOfEmployees", json!(["Émile", "Acme", all])),
        (
            "ORDER BY NumberOfEmployees DESC NULLS LAST",
            json!([all, "Acme", "Émile"]),
        ),
        (
            "ORDER BY Parent.Name NULLS LAST",
            json!(["Acme", "Émile", all]),
        ),
        ("LIMIT 1", json!(["Émile"])),
        ("LIMIT 0", json!([])),
        ("LIMIT 1 OFFSET 1", json!(["Acme"])),
        ("OFFSET 2", json!([all])),
        ("OFFSET 2000", json!([])),
    ] {
        let soql = format!("SELECT Name FROM Account {rest}");
        assert_eq!(found(&org, &soql), names, "{soql}");
    }
    let contacts = found(&org, "SELECT LastName FROM Contact ORDER BY LastName DESC");
    assert_eq!(contacts, json!(["Cedar", "birch", "Ash"]));
}

#[test]
fn count_gives_the_number_of_rows() {
    let org = small();
    for (rest, count) in [
        ("Account", 3),
        ("Account WHERE Industry = 'Banking'", 1),
        ("Account LIMIT 2", 2),
        ("Account LIMIT 100", 3),
        ("Contact WHERE Account.Name = 'Acme'", 1),
        ("Lead", 0),
    ] {
        let soql = format!("SELECT COUNT() FROM {rest}");
        let answer = run(&org, &soql).unwrap();
        let expected = json!({"totalSize": count, "done": true, "records": []});
        assert_eq!(answer, expected, "{soql}");
    }
}

#[test]
fn records_have_their_fields_in_the_order_of_the_query() {
    let org = small();
    let body = org
        .query(
            "select name, account.name, account.PARENT.name, id, account.id, account.BillingAddress, \
             account.annualrevenue, DoNotCall, Birthdate, createddate \
             from contact where lastname in ('ash', 'cedar')",
            Rows::Live,
            &super::asker(b"ours"),
        )
        .unwrap();
    let expected = concat!(
        r#"{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact","#,
        r#""url":"/services/data/v60.0/sobjects/Contact/003Ac0000000001IAA"},"Name":"Ash","#,
        r#""Account":{"attributes":{"type":"Account","#,
        r#""url":"/services/data/v60.0/sobjects/Account/001Ac0000000002IAA"},"Name":"Acme","#,
        r#""Parent":{"attributes":{"type":"Account","#,
        r#""url":"/services/data/v60.0/sobjects/Account/001Ac0000000001IAA"},"Name":"Émile"},"#,
        r#""Id":"001Ac0000000002IAA","BillingAddress":{"city":"Łódź","country":null,"#,
        r#""geocodeAccuracy":null,"latitude":null,"longitude":null,"postalCode":null,"#,
        r#""state":null,"street":null},"AnnualRevenue":1.25E7},"#,
        r#""Id":"003Ac0000000001IAA","DoNotCall":true,"Birthdate":"1990-02-28","#,
        r#""CreatedDate":"2026-11-21T17:47:00.000+0000"},"#,
        r#"{"attributes":{"type":"Contact","#,
        r#""url":"/services/data/v60.0/sobjects/Contact/003Ac0000000003IAA"},"Name":"Cedar","#,
        r#""Account":null,"Id":"003Ac0000000003IAA","DoNotCall":false,"#,
        r#""Birthdate":"2001-12-31","CreatedDate":"2026-11-21T17:47:00.000+0000"}]}"#
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn an_address_without_parts_is_null() {
    let org = small();
    let found = found(
        &org,
        "SELECT BillingAddress FROM Account WHERE Name = 'Émile'",
    );
    assert_eq!(found, json!([null]));
}

#[test]
fn owners_of_several_types_are_names() {
    let org = org(Seed::Sample);
    let answer = run(
        &org,
        "SELECT Owner.Name, Owner.Type FROM Lead WHERE Owner.Name = 'system administrator' LIMIT 1",
    );
    let record = answer.unwrap()["records"][0]["Owner"].clone();
    let expected = json!({
        "attributes": {
            "type": "Name",
            "url": "/services/data/v60.0/sobjects/User/005Ac0000000002IAA",
        },
        "Name": "System Administrator",
        "Type": "User",
    });
    assert_eq!(record, expected);
    let tasks = rows(
        &org,
        "SELECT What.Name, Who.Name, Who.Type FROM Task WHERE What.Type = 'account' ORDER BY What.Name",
    );
    assert_eq!(tasks.len(), 14);
    assert_eq!(tasks[0][0]["Name"], "Blåbär Bakverk");
    assert_eq!(tasks[0][1]["Type"], "Contact");
}

#[test]
fn deleted_records_are_seen_by_query_all_only() {
    let org = small();
    let soql = "SELECT COUNT() FROM Account";
    for (rows, count) in [(Rows::Live, 3), (Rows::All, 4)] {
        assert_eq!(run_on(&org, soql, rows).unwrap()["totalSize"], count);
    }
    let soql = "SELECT Name, IsDeleted FROM Account WHERE IsDeleted = TRUE";
    let records = &run_on(&org, soql, Rows::All).unwrap()["records"];
    assert_eq!(records[0]["Name"], "Gone");
    assert_eq!(records[0]["IsDeleted"], true);
}

#[test]
fn conditions_may_be_long_and_lists_longer() {
    let org = small();
    let members = vec!["Name = 'x'"; 5_000].join(" OR ");
    let soql = format!("SELECT Name FROM Account WHERE {members} OR Name = 'acme'");
    assert_eq!(found(&org, &soql), json!(["Acme"]));
    let numbers = vec!["7"; 40_000].join(",");
    let soql = format!("SELECT Name FROM Account WHERE NumberOfEmployees IN ({numbers},10)");
    assert_eq!(found(&org, &soql), json!(["Acme"]));
}
