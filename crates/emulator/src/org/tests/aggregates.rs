//! Groups, aggregates and subtotals.

use serde_json::{Value, json};

use super::{NOW, asker, org, refusal, rows, run, user};
use crate::org::query::Rows;
use crate::org::value::Value as Stored;
use crate::org::{Org, Seed};

/// Opportunities in which every value is known.
fn deals() -> Org {
    let org = org(Seed::Empty);
    let values = [
        ("Won", "Web", "2026-01-31", Some(100.0)),
        ("Lost", "web", "2026-02-01", Some(50.5)),
        ("Open", "Phone", "2026-12-31", None),
        ("Late", "Phone", "2025-06-15", Some(7.25)),
        ("Bare", "", "2026-02-15", Some(1.0)),
    ];
    org.write(&user(), NOW, |writer| {
        for (name, source, close, amount) in values {
            let amount = amount.map_or(Stored::Null, Stored::Real);
            let values = [
                ("Name", name.into()),
                ("LeadSource", source.into()),
                ("CloseDate", close.into()),
                (
                    "StageName",
                    if amount == Stored::Null { "A" } else { "B" }.into(),
                ),
                ("Amount", amount),
                ("IsPrivate", (name == "Bare").into()),
            ];
            writer.insert("Opportunity", values)?;
        }
        Ok(())
    })
    .unwrap();
    org
}

#[test]
fn aggregates_leave_out_what_is_missing() {
    let org = deals();
    for (list, values) in [
        ("COUNT(Id)", json!([5])),
        ("COUNT(Amount), COUNT(LeadSource)", json!([4, 4])),
        ("COUNT_DISTINCT(LeadSource)", json!([2])),
        ("SUM(Amount), AVG(Amount)", json!([158.75, 39.6875])),
        ("MIN(Amount), MAX(CloseDate)", json!([1.0, "2026-12-31"])),
        ("MAX(Name) m, MIN(Name)", json!(["Won", "Bare"])),
        ("FORMAT(MAX(Amount))", json!(["$100.00"])),
        ("MAX(convertCurrency(Amount))", json!([100.0])),
        ("AVG(FiscalYear)", json!([2025.8])),
        ("SUM(FiscalYear)", json!([10129])),
    ] {
        let soql = format!("SELECT {list} FROM Opportunity");
        assert_eq!(rows(&org, &soql), [values], "{soql}");
    }
    let none = rows(
        &org,
        "SELECT COUNT(Id), SUM(Amount) FROM Opportunity WHERE Name = 'x'",
    );
    assert_eq!(none, [json!([0, null])]);
}

#[test]
fn groups_are_named_and_have_no_links() {
    let org = deals();
    let soql = "select leadsource, COUNT(Id), sum(amount) total, MAX(Amount) from Opportunity \
                group by leadsource having count(id) > 1 order by sum(amount) desc";
    let body = org.query(soql, Rows::Live, &asker(b"ours")).unwrap();
    let expected = concat!(
        r#"{"totalSize":2,"done":true,"records":["#,
        r#"{"attributes":{"type":"AggregateResult"},"LeadSource":"Web","expr0":2,"total":150.5,"expr1":100.0},"#,
        r#"{"attributes":{"type":"AggregateResult"},"LeadSource":"Phone","expr0":2,"total":7.25,"expr1":7.25}]}"#
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn groups_follow_fields_parents_and_dates() {
    let org = deals();
    for (list, rest, values) in [
        (
            "LeadSource, COUNT(Id)",
            "GROUP BY LeadSource",
            json!([[null, 1], ["Phone", 2], ["Web", 2]]),
        ),
        (
            "LeadSource s",
            "GROUP BY LeadSource ORDER BY LeadSource DESC NULLS LAST LIMIT 2",
            json!([["Web"], ["Phone"]]),
        ),
        (
            "IsPrivate, COUNT(Id)",
            "GROUP BY IsPrivate",
            json!([[false, 4], [true, 1]]),
        ),
        (
            "Owner.Name, Account.IsDeleted, COUNT(Id)",
            "GROUP BY Owner.Name, Account.IsDeleted",
            json!([["Integration User", false, 5]]),
        ),
        (
            "CALENDAR_YEAR(CloseDate) y, CALENDAR_QUARTER(CloseDate), COUNT(Id)",
            "GROUP BY CALENDAR_YEAR(CloseDate), CALENDAR_QUARTER(CloseDate)",
            json!([[2025, 2, 1], [2026, 1, 3], [2026, 4, 1]]),
        ),
        (
            "DAY_ONLY(convertTimezone(CreatedDate)), HOUR_IN_DAY(CreatedDate)",
            "GROUP BY DAY_ONLY(convertTimezone(CreatedDate)), HOUR_IN_DAY(CreatedDate)",
            json!([["2026-11-21", 17]]),
        ),
        (
            "COUNT(Id)",
            "GROUP BY LeadSource HAVING LeadSource LIKE 'P%' OR LeadSource = null",
            json!([[1], [2]]),
        ),
        (
            "COUNT(Id)",
            "WHERE Amount > 1 GROUP BY LeadSource HAVING SUM(Amount) < 100 AND COUNT(Id) IN (1, 7)",
            json!([[1]]),
        ),
        (
            "LeadSource, SUM(Amount)",
            "GROUP BY ROLLUP(LeadSource)",
            json!([[null, 1.0], ["Phone", 7.25], ["Web", 150.5], [null, 158.75]]),
        ),
        (
            "IsPrivate, GROUPING(IsPrivate) g, COUNT(Id)",
            "GROUP BY ROLLUP(IsPrivate) ORDER BY GROUPING(IsPrivate) DESC",
            json!([[null, 1, 5], [false, 0, 4], [true, 0, 1]]),
        ),
        (
            "IsPrivate, StageName, GROUPING(StageName), COUNT(Id)",
            "GROUP BY CUBE(IsPrivate, StageName) HAVING COUNT(Id) > 1",
            json!([
                [false, "B", 0, 3],
                [false, null, 1, 4],
                [null, "B", 0, 4],
                [null, null, 1, 5],
            ]),
        ),
    ] {
        let soql = format!("SELECT {list} FROM Opportunity {rest}");
        assert_eq!(Value::Array(rows(&org, &soql)), values, "{soql}");
    }
}

#[test]
fn date_functions_choose_rows() {
    let org = deals();
    for (filter, count) in [
        ("CALENDAR_YEAR(CloseDate) = 2026", 4),
        ("CALENDAR_MONTH(CloseDate) IN (1, 12)", 2),
        ("FISCAL_QUARTER(CloseDate) != 1", 2),
        ("DAY_IN_MONTH(CloseDate) >= 31", 2),
        ("WEEK_IN_YEAR(CloseDate) < 6", 2),
        ("DAY_ONLY(CreatedDate) = TODAY", 5),
        ("DAY_ONLY(CreatedDate) > 2026-11-20", 5),
        ("HOUR_IN_DAY(convertTimezone(CreatedDate)) = 17", 0),
        ("HOUR_IN_DAY(CreatedDate) = 17", 5),
        ("NOT CALENDAR_YEAR(CreatedDate) = 2026", 0),
    ] {
        let soql = format!("SELECT COUNT() FROM Opportunity WHERE {filter}");
        assert_eq!(run(&org, &soql).unwrap()["totalSize"], count, "{soql}");
    }
}

/// Query, code, column and detail.
const MISUSES: &[(&str, &str, usize, &str)] = &[
    (
        "SELECT Name, COUNT(Id) FROM Opportunity",
        "MALFORMED_QUERY",
        8,
        "Field must be grouped or aggregated: Name",
    ),
    (
        "SELECT Id, COUNT(Id) FROM Opportunity GROUP BY Id",
        "MALFORMED_QUERY",
        18,
        "Grouped field should not be aggregated: Id",
    ),
    (
        "SELECT CALENDAR_YEAR(CloseDate) FROM Opportunity",
        "MALFORMED_QUERY",
        8,
        "Field must be grouped or aggregated: CloseDate",
    ),
    (
        "SELECT COUNT(Id) FROM Opportunity GROUP BY LastModifiedDate",
        "INVALID_FIELD",
        44,
        "field 'LastModifiedDate' can not be grouped in a query call",
    ),
    (
        "SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY Name",
        "MALFORMED_QUERY",
        63,
        "Ordered field must be grouped or aggregated: Name",
    ),
    (
        "SELECT COUNT() FROM Opportunity ORDER BY Name",
        "MALFORMED_QUERY",
        42,
        "Ordered field must be grouped or aggregated: Name",
    ),
    (
        "SELECT SUM(Name) FROM Opportunity",
        "MALFORMED_QUERY",
        12,
        "field Name does not support aggregate operator SUM",
    ),
    (
        "SELECT MAX(IsWon) FROM Opportunity",
        "MALFORMED_QUERY",
        12,
        "field IsWon does not support aggregate operator MAX",
    ),
    (
        "SELECT COUNT(Id) FROM Opportunity LIMIT 5",
        "MALFORMED_QUERY",
        41,
        "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
    ),
    (
        "SELECT StageName, GROUPING(StageName) FROM Opportunity GROUP BY StageName",
        "MALFORMED_QUERY",
        19,
        "GROUPING is allowed only with GROUP BY ROLLUP and GROUP BY CUBE",
    ),
    (
        "SELECT HOUR_IN_DAY(CloseDate) FROM Opportunity GROUP BY HOUR_IN_DAY(CloseDate)",
        "INVALID_FIELD",
        69,
        "field CloseDate does not support function HOUR_IN_DAY",
    ),
    (
        "SELECT COUNT(Id) FROM Opportunity WHERE SUM(Amount) > 5",
        "MALFORMED_QUERY",
        41,
        "SUM is not allowed here: there are no groups",
    ),
];

#[test]
fn misuses_of_groups_are_refused_in_salesforce_s_words() {
    let org = deals();
    for (soql, code, column, detail) in MISUSES {
        let (found, message) = refusal(&org, soql);
        let end = format!("ERROR at Row:1:Column:{column}\n{detail}");
        assert!(message.ends_with(&end), "{soql}: {message}");
        assert_eq!(found, *code, "{soql}");
    }
    let (code, message) = refusal(
        &org,
        "SELECT Name, Account.Name FROM Opportunity GROUP BY Name, Account.Name",
    );
    assert_eq!(
        (code, message.as_str()),
        ("MALFORMED_QUERY", "duplicate alias: Name")
    );
}

#[test]
fn more_groups_than_a_page_are_refused() {
    let org = org(Seed::Empty);
    org.repeat("Contact", 14).unwrap();
    let by_id = "SELECT Id, COUNT(LastName) FROM Contact GROUP BY Id";
    let (code, message) = refusal(&org, by_id);
    assert_eq!(code, "EXCEEDED_ID_LIMIT");
    assert!(message.starts_with("Aggregate query does not support queryMore()"));
    let answer = run(&org, &format!("{by_id} LIMIT 2000")).unwrap();
    assert_eq!(answer["totalSize"], 2_000);
}
