//! Queries on objects and fields of one's own.

use serde_json::{Value, json};

use super::{NOW, org_of, refusal, rows, run, user};
use crate::org::Org;
use crate::org::value::Value as Stored;

const CITY: &str = "\
object City__c a00 \"City\" \"Cities\"
can queryable
Id id
Name string(80) nameField custom
Tags__c multipicklist(255) custom values=[Old; New; Big => Very big]
Size__c picklist(40) custom values=[S => Small; L => Large]
Spot__c location custom
Spot__Latitude__s double(18,15) custom
Spot__Longitude__s double(18,15) custom
Code__c string(10) custom caseSensitive unique externalId
";

const HOUSE: &str = "\
object House__c a01 \"House\" \"Houses\"
can queryable
Id id
Name string(80) nameField
City__c reference(City__c) custom children=Houses__r
Built__c date custom
Opens__c time custom
";

fn town() -> Org {
    let org = org_of([CITY, HOUSE]);
    org.write(&user(), NOW, |writer| {
        for (name, tags, size, code) in [
            ("Rome", "Old;Big", "L", "a"),
            ("Brasília", "new", "S", "A"),
            ("Nowhere", "", "", ""),
        ] {
            let values = [
                ("Name", Stored::from(name)),
                ("Tags__c", tags.into()),
                ("Size__c", size.into()),
                ("Code__c", code.into()),
            ];
            let city = writer.insert("City__c", values)?;
            let house = format!("House of {name}");
            let city = Stored::from(city.as_str());
            let values = [
                ("Name", house.as_str().into()),
                ("City__c", city),
                ("Opens__c", "17:00:00.000Z".into()),
            ];
            writer.insert("House__c", values)?;
        }
        let sql = "UPDATE sobject_City__c SET Spot__Latitude__s = 41.9, Spot__Longitude__s = 12.5
            WHERE Name = 'Rome'";
        writer.connection.execute_batch(sql)?;
        Ok(())
    })
    .unwrap();
    org
}

#[test]
fn values_of_multi_select_picklists_are_looked_for_one_by_one() {
    let org = town();
    for (filter, names) in [
        ("INCLUDES ('old')", json!([["Rome"]])),
        ("INCLUDES ('Old;Big')", json!([["Rome"]])),
        ("INCLUDES ('Old;New')", json!([])),
        ("INCLUDES ('Old;New', 'New')", json!([["Brasília"]])),
        ("INCLUDES ('Ol', 'ew', '%')", json!([])),
        ("EXCLUDES ('Old')", json!([["Brasília"], ["Nowhere"]])),
        ("EXCLUDES ('Old', 'New')", json!([["Nowhere"]])),
        ("= 'old;big'", json!([["Rome"]])),
        ("= null", json!([["Nowhere"]])),
    ] {
        let soql = format!("SELECT Name FROM City__c WHERE Tags__c {filter}");
        assert_eq!(Value::Array(rows(&org, &soql)), names, "{soql}");
    }
    for (soql, detail) in [
        (
            "SELECT Id FROM City__c WHERE Name INCLUDES ('a')",
            "invalid operator on string field",
        ),
        (
            "SELECT Id FROM City__c ORDER BY Tags__c",
            "field 'Tags__c' can not be sorted in a query call",
        ),
        (
            "SELECT COUNT(Tags__c) FROM City__c",
            "field Tags__c does not support aggregate operator COUNT",
        ),
    ] {
        let (_, message) = refusal(&org, soql);
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
}

#[test]
fn labels_are_shown_and_looked_for() {
    let org = town();
    let found = rows(
        &org,
        "SELECT toLabel(Size__c), toLabel(Tags__c) FROM City__c",
    );
    let expected = [
        json!(["Large", "Old;Very big"]),
        json!(["Small", "new"]),
        json!([null, null]),
    ];
    assert_eq!(found, expected);
    let soql = "SELECT Name, Size__c FROM City__c WHERE toLabel(Size__c) = 'large'";
    assert_eq!(rows(&org, soql), [json!(["Rome", "L"])]);
}

#[test]
fn custom_relationships_lead_both_ways() {
    let org = town();
    let soql = "SELECT City__r.Name FROM House__c WHERE City__r.Size__c = 'L' \
                AND City__c IN (SELECT Id FROM City__c WHERE Name LIKE 'R%')";
    let found = run(&org, soql).unwrap();
    assert_eq!(found["records"][0]["City__r"]["Name"], "Rome");
    let soql = "SELECT (SELECT Name FROM Houses__r) FROM City__c WHERE Name = 'Rome'";
    let found = run(&org, soql).unwrap();
    let houses = &found["records"][0]["Houses__r"]["records"];
    assert_eq!(houses[0]["Name"], "House of Rome");
    let (_, message) = refusal(&org, "SELECT City__c.Name FROM House__c");
    assert!(message.contains("Didn't understand relationship 'City__c' in field path."));
    let (_, message) = refusal(&org, "SELECT (SELECT Id FROM House__c) FROM City__c");
    assert!(message.contains("Didn't understand relationship 'House__c' in FROM part"));
}

#[test]
fn fields_of_one_s_own_are_a_group() {
    let org = town();
    let found = run(&org, "SELECT FIELDS(CUSTOM) FROM House__c LIMIT 1").unwrap();
    let record = found["records"][0].as_object().unwrap();
    let names: Vec<&String> = record.keys().collect();
    assert_eq!(names, ["attributes", "City__c", "Built__c", "Opens__c"]);
    assert_eq!(record["Opens__c"], "17:00:00.000Z");
    let soql = "SELECT FORMAT(Opens__c) FROM House__c WHERE Opens__c > 16:00:00.000Z LIMIT 1";
    assert_eq!(rows(&org, soql), [json!(["5:00 PM"])]);
}

#[test]
fn places_are_compared_by_their_distance() {
    let org = town();
    let soql = "SELECT Name, Spot__c FROM City__c \
                WHERE DISTANCE(Spot__c, GEOLOCATION(41.9, 12.4), 'km') < 10";
    let spot = json!({"latitude": 41.9, "longitude": 12.5});
    assert_eq!(rows(&org, soql), [json!(["Rome", spot])]);
}

#[test]
fn case_counts_in_case_sensitive_fields() {
    let org = town();
    let soql = "SELECT Name FROM City__c WHERE Code__c = 'A'";
    assert_eq!(rows(&org, soql), [json!(["Brasília"])]);
    let soql = "SELECT COUNT_DISTINCT(Code__c) FROM City__c";
    assert_eq!(rows(&org, soql), [json!([2])]);
    let soql = "SELECT Code__c FROM City__c GROUP BY Code__c HAVING Code__c = 'a'";
    assert_eq!(rows(&org, soql), [json!(["a"])]);
}

#[test]
fn more_values_than_a_statement_takes_are_refused() {
    let org = town();
    let many = vec![format!("'{}'", "a;".repeat(1_900)); 20].join(",");
    let soql = format!("SELECT Id FROM City__c WHERE Tags__c INCLUDES ({many})");
    assert_eq!(refusal(&org, &soql).0, "QUERY_TOO_COMPLICATED");
}
