//! Semi-joins, scopes and the clauses at the end.

use serde_json::{Value, json};

use super::{org, refusal, rows, run};
use crate::org::{Org, Seed};

fn count(org: &Org, rest: &str) -> Value {
    let soql = format!("SELECT COUNT() FROM {rest}");
    run(org, &soql).unwrap_or_else(|error| panic!("{soql}: {error}"))["totalSize"].clone()
}

#[test]
fn semi_joins_and_anti_joins_choose_rows() {
    let org = org(Seed::Sample);
    let all = count(&org, "Account").as_u64().unwrap();
    let with = |filter: &str| {
        count(&org, &format!("Account WHERE {filter}"))
            .as_u64()
            .unwrap()
    };
    let joined = with("Id IN (SELECT AccountId FROM Contact WHERE LastName LIKE 'a%')");
    let other = with("Id NOT IN (SELECT AccountId FROM Contact WHERE LastName LIKE 'A%')");
    assert!(joined > 0 && joined < all);
    assert_eq!(joined + other, all);
    let both = with(
        "Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = TRUE) \
         AND Id NOT IN (SELECT AccountId FROM Case)",
    );
    assert!(both < all);
    let contacts = count(
        &org,
        "Contact WHERE AccountId NOT IN (SELECT Id FROM Account WHERE Name != null)",
    );
    assert_eq!(contacts, count(&org, "Contact WHERE AccountId = null"));
    let owners = count(
        &org,
        "Account WHERE OwnerId IN (SELECT Id FROM User WHERE Profile.Name = 'x')",
    );
    assert_eq!(owners, 0);
}

#[test]
fn semi_joins_that_break_a_rule_are_refused() {
    let org = org(Seed::Empty);
    let inner = "(SELECT AccountId FROM Contact)";
    let top = "Semi join sub-selects are only allowed at the top level WHERE expressions and not \
               in nested WHERE expressions.";
    let or = "Semi join sub-selects are not allowed with the 'OR' operator";
    for (filter, detail) in [
        (format!("Name = 'a' OR Id IN {inner}"), or),
        (format!("NOT Id IN {inner}"), top),
        (
            format!("Name = 'a' AND (Name = 'b' OR (Name = 'c' AND Id IN {inner}))"),
            top,
        ),
        (
            format!("Id IN {inner} AND Id IN {inner} AND Id NOT IN {inner}"),
            "Maximum 2 semi join sub-selects are allowed",
        ),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))"
                .to_owned(),
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "Id IN (SELECT ParentId FROM Account)".to_owned(),
            "The inner and outer selects should not be on the same object type",
        ),
        (
            "Id IN (SELECT Id FROM Contact)".to_owned(),
            "The selected field 'Id' in the subquery and the left operand field in the where \
             expression in the outer query 'Id' should point to the same object type",
        ),
        (
            "Id IN (SELECT AccountId FROM Task)".to_owned(),
            "Entity 'Task' is not supported for semi join inner selects",
        ),
        (
            format!("Parent.Id IN {inner}"),
            "The left operand field in the where expression for outer query should be an id field, \
             cannot use: 'Parent.Id'",
        ),
        (
            "Id IN (SELECT LastName FROM Contact)".to_owned(),
            "The inner select field 'LastName' should be an id or reference field",
        ),
        (
            "Id IN (SELECT AccountId, Id FROM Contact)".to_owned(),
            "A semi join sub-select must select exactly one id or reference field",
        ),
        (
            "Id IN (SELECT AccountId FROM Contact LIMIT 1)".to_owned(),
            "LIMIT is not allowed in a semi join sub-select",
        ),
    ] {
        let soql = format!("SELECT Id FROM Account WHERE {filter}");
        let (_, message) = refusal(&org, &soql);
        assert!(message.ends_with(detail), "{soql}: {message}");
    }
}

#[test]
fn scopes_and_modes_are_those_of_an_org_with_one_user() {
    let org = org(Seed::Sample);
    let all = count(&org, "Account");
    for rest in [
        "USING SCOPE everything",
        "WITH SECURITY_ENFORCED",
        "WITH USER_MODE",
        "WITH SYSTEM_MODE",
        "FOR VIEW",
        "FOR REFERENCE",
        "FOR UPDATE",
        "UPDATE VIEWSTAT",
        "UPDATE TRACKING, VIEWSTAT",
    ] {
        assert_eq!(count(&org, &format!("Account {rest}")), all, "{rest}");
    }
    let mine = count(&org, "Account USING SCOPE mine");
    assert_eq!(
        mine,
        count(&org, "Account WHERE Owner.Name = 'Integration User'")
    );
}

#[test]
fn scopes_are_those_that_describe_lists() {
    let org = org(Seed::Sample);
    for (rest, refused) in [
        (
            "Product2 USING SCOPE mine",
            "mine is not supported for entity Product2",
        ),
        (
            "Contract USING SCOPE team",
            "team is not supported for entity Contract",
        ),
        (
            "Account USING SCOPE delegated",
            "delegated is not supported for entity Account",
        ),
    ] {
        let (code, message) = refusal(&org, &format!("SELECT Id FROM {rest}"));
        assert_eq!(code, "MALFORMED_QUERY");
        let detail = format!("Using Scope {refused}");
        assert!(message.ends_with(&detail), "{rest}: {message}");
    }
}

#[test]
fn the_team_are_the_users_whose_roles_are_below() {
    let org = org(Seed::Sample);
    let all = count(&org, "Account");
    let mine = count(&org, "Account USING SCOPE mine");
    assert_ne!(mine, all);
    assert_eq!(count(&org, "Account USING SCOPE team"), mine);
    let set = |sql: &str| org.store.run(|connection| connection.execute_batch(sql));
    set(
        "INSERT INTO sobject_UserRole (Id, Name, ParentRoleId) VALUES
         ('00E000000000001AAA', 'Head', NULL),
         ('00E000000000002AAA', 'Middle', '00E000000000001AAA'),
         ('00E000000000003AAA', 'Foot', '00E000000000002AAA');
         UPDATE sobject_User SET UserRoleId = '00E000000000003AAA'",
    )
    .unwrap();
    assert_eq!(count(&org, "Account USING SCOPE team"), mine);
    let sql = format!(
        "UPDATE sobject_User SET UserRoleId = '00E000000000001AAA' WHERE Id = '{}'",
        super::user()
    );
    set(&sql).unwrap();
    assert_eq!(count(&org, "Account USING SCOPE team"), all);
}

#[test]
fn ranges_of_days_may_reach_beyond_all_values() {
    let org = org(Seed::Sample);
    let all = count(&org, "Account");
    for (filter, is_met) in [
        ("CreatedDate = LAST_N_DAYS:99999999", true),
        ("CreatedDate >= LAST_N_YEARS:9000", true),
        ("CreatedDate < LAST_N_YEARS:9000", false),
        ("CreatedDate = N_YEARS_AGO:9000", false),
        ("CreatedDate > N_YEARS_AGO:9000", true),
        ("CreatedDate <= NEXT_N_YEARS:9000", true),
        ("CreatedDate > NEXT_N_YEARS:9000", false),
        ("CreatedDate = NEXT_N_DAYS:4294967295", false),
        ("CreatedDate != NEXT_N_DAYS:4294967295", true),
        ("CreatedDate < NEXT_N_FISCAL_YEARS:4294967295", true),
    ] {
        let wanted = if is_met { all.clone() } else { json!(0) };
        assert_eq!(
            count(&org, &format!("Account WHERE {filter}")),
            wanted,
            "{filter}"
        );
    }
}

#[test]
fn records_are_marked_as_viewed() {
    let org = org(Seed::Sample);
    let viewed = "Account WHERE LastViewedDate = TODAY AND LastReferencedDate = TODAY";
    let referred = "Account WHERE LastReferencedDate = TODAY";
    rows(&org, "SELECT Name FROM Account LIMIT 2 FOR VIEW");
    assert_eq!(count(&org, viewed), 2);
    rows(&org, "SELECT Name FROM Account LIMIT 3 FOR REFERENCE");
    assert_eq!(
        (count(&org, viewed), count(&org, referred)),
        (json!(2), json!(3))
    );
}

#[test]
fn strings_have_an_end() {
    let org = org(Seed::Empty);
    let at_most = "x".repeat(4_000);
    assert_eq!(count(&org, &format!("Account WHERE Name = '{at_most}'")), 0);
    let (code, message) = refusal(
        &org,
        &format!("SELECT Id FROM Account WHERE Name = '{at_most}x'"),
    );
    assert_eq!(code, "MALFORMED_QUERY");
    assert!(message.ends_with("a string may have at most 4000 characters"));
}
