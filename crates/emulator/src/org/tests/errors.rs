//! One row for each text that a query is refused with.

use super::{org, refusal};
use crate::org::Seed;

const DESCRIBE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

fn no_object(name: &str) -> String {
    format!(
        "sObject type '{name}' is not supported. If you are attempting to use a custom object, \
         be sure to append the '__c' after the entity name. {DESCRIBE}"
    )
}

fn no_field(name: &str, object: &str) -> String {
    format!(
        "No such column '{name}' on entity '{object}'. If you are attempting to use a custom \
         field, be sure to append the '__c' after the custom field name. {DESCRIBE}"
    )
}

fn no_relationship(name: &str) -> String {
    format!(
        "Didn't understand relationship '{name}' in field path. If you are attempting to use a \
         custom relationship, be sure to append the '__r' after the custom relationship name. \
         {DESCRIBE}"
    )
}

fn check(cases: &[(&str, &str, String)]) {
    let org = org(Seed::Sample);
    for (soql, code, message) in cases {
        assert_eq!(refusal(&org, soql), (*code, message.clone()), "{soql}");
    }
}

/// A message with the caret under a column that counts from 1.
fn at(soql: &str, column: usize, detail: &str) -> String {
    let caret = format!("{}^", " ".repeat(column - 1));
    format!("\n{soql}\n{caret}\nERROR at Row:1:Column:{column}\n{detail}")
}

#[test]
fn names_that_are_not_there_are_refused_at_their_place() {
    let mut cases = Vec::new();
    for (soql, code, column, detail) in [
        (
            "SELECT Xyzzy FROM Xyzzy",
            "INVALID_TYPE",
            19,
            no_object("Xyzzy"),
        ),
        (
            "SELECT Id FROM ScratchOrgInfo limit 1",
            "INVALID_TYPE",
            16,
            no_object("ScratchOrgInfo"),
        ),
        (
            "SELECT Bogus__c FROM account",
            "INVALID_FIELD",
            8,
            no_field("Bogus__c", "Account"),
        ),
        (
            "SELECT Id FROM Contact WHERE Bogus = 1",
            "INVALID_FIELD",
            30,
            no_field("Bogus", "Contact"),
        ),
        (
            "SELECT Id FROM Contact ORDER BY Bogus",
            "INVALID_FIELD",
            33,
            no_field("Bogus", "Contact"),
        ),
        (
            "SELECT Id, account.bogus FROM Contact",
            "INVALID_FIELD",
            12,
            no_field("bogus", "Account"),
        ),
        (
            "SELECT Contact.Name FROM Opportunities",
            "INVALID_TYPE",
            26,
            no_object("Opportunities"),
        ),
        (
            "SELECT Bogus.Name FROM Contact",
            "INVALID_FIELD",
            8,
            no_relationship("Bogus"),
        ),
        (
            "SELECT Account.Id.Name FROM Contact",
            "INVALID_FIELD",
            8,
            no_relationship("Id"),
        ),
    ] {
        cases.push((soql, code, at(soql, column, &detail)));
    }
    check(&cases);
}

#[test]
fn values_that_do_not_fit_are_refused_with_what_would() {
    const TEXT: &str = "of type string and should be enclosed in quotes";
    let mut cases = Vec::new();
    for (filter, needs) in [
        ("Name = 5", TEXT),
        ("Name = TRUE", TEXT),
        ("Name IN ('a', 2026-01-01)", TEXT),
        ("Type = TODAY", TEXT),
        ("OwnerId = 5", TEXT),
        (
            "IsPrivate = 'true'",
            "of type boolean and should not be enclosed in quotes",
        ),
        (
            "Amount > '5'",
            "of type double and should not be enclosed in quotes",
        ),
        (
            "Probability = TODAY",
            "of type double and should not be enclosed in quotes",
        ),
        (
            "FiscalYear = '2026'",
            "of type int and should not be enclosed in quotes",
        ),
        (
            "CloseDate = '2026-01-01'",
            "of type date and should not be enclosed in quotes",
        ),
        (
            "CloseDate = 2026-01-01T00:00:00Z",
            "of type date and should not be enclosed in quotes",
        ),
        (
            "CreatedDate > 2026-01-01",
            "of type dateTime and should not be enclosed in quotes",
        ),
        (
            "CreatedDate > 5",
            "of type dateTime and should not be enclosed in quotes",
        ),
        (
            "CreatedDate != ''",
            "of type dateTime and should not be enclosed in quotes",
        ),
    ] {
        let field = filter.split(' ').next().unwrap();
        let detail = format!("value of filter criterion for field '{field}' must be {needs}");
        cases.push((format!("SELECT Id FROM Opportunity WHERE {filter}"), detail));
    }
    let org = org(Seed::Sample);
    for (soql, detail) in cases {
        let (code, message) = refusal(&org, &soql);
        assert_eq!(code, "INVALID_FIELD", "{soql}");
        let place = format!("ERROR at Row:1:Column:34\n{detail}");
        assert!(message.ends_with(&place), "{soql}: {message}");
    }
}

/// Query, code, column and detail.
const MISUSES: &[(&str, &str, usize, &str)] = &[
    (
        "SELECT Id FROM Account WHERE Description = 'x'",
        "INVALID_FIELD",
        30,
        "field 'Description' can not be filtered in a query call",
    ),
    (
        "SELECT Id FROM Account WHERE BillingAddress = 'x'",
        "INVALID_FIELD",
        30,
        "field 'BillingAddress' can not be filtered in a query call",
    ),
    (
        "SELECT Id FROM Account ORDER BY description",
        "INVALID_FIELD",
        33,
        "field 'Description' can not be sorted in a query call",
    ),
    (
        "SELECT Id FROM Account WHERE Id LIKE '001%'",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "invalid operator on id field",
    ),
    (
        "SELECT Id FROM Account WHERE OwnerId = '000003VbP1AAK'",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "invalid ID field: 000003VbP1AAK",
    ),
    (
        "SELECT Id FROM Account WHERE IsDeleted > FALSE",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "invalid operator on boolean field",
    ),
    (
        "SELECT Id FROM Account OFFSET 2001",
        "NUMBER_OUTSIDE_VALID_RANGE",
        31,
        "Maximum SOQL offset allowed for apiName Account is 2000",
    ),
    (
        "SELECT Id FROM Account, Contact",
        "MALFORMED_QUERY",
        25,
        "A driving SObject type has already been set, all other entity types in the FROM clause \
             must be relationships to the initial object.  The driving object is Account",
    ),
    (
        "SELECT Id FROM Case c, c.Owner C",
        "MALFORMED_QUERY",
        32,
        "duplicate alias: C",
    ),
    (
        "SELECT COUNT() FROM Lead ORDER BY Name",
        "MALFORMED_QUERY",
        35,
        "Ordered field must be grouped or aggregated: Name",
    ),
    (
        "SELECT Id FROM Account WHERE FORMAT(AnnualRevenue) = '5'",
        "MALFORMED_QUERY",
        30,
        "FORMAT() is not allowed in a condition",
    ),
    (
        "SELECT Id FROM Opportunity WHERE convertCurrency(Amount) > 5",
        "MALFORMED_QUERY",
        34,
        "convertCurrency() is not allowed in a condition",
    ),
    (
        "SELECT Id FROM Name",
        "INVALID_TYPE_FOR_OPERATION",
        16,
        "entity type Name does not support query",
    ),
];

#[test]
fn operators_and_fields_that_may_not_are_refused() {
    let cases: Vec<_> = MISUSES
        .iter()
        .map(|(soql, code, column, detail)| (*soql, *code, at(soql, *column, detail)))
        .collect();
    check(&cases);
    check(&[
        (
            "SELECT Id, Name, id FROM Account",
            "INVALID_FIELD",
            "duplicate field selected: Id".to_owned(),
        ),
        (
            "SELECT Account.Name, account.name FROM Contact",
            "INVALID_FIELD",
            "duplicate field selected: Account.Name".to_owned(),
        ),
    ]);
}

#[test]
fn what_is_not_run_is_refused_where_it_is_written() {
    let org = org(Seed::Sample);
    for (soql, column, what) in [
        (
            "SELECT Id FROM Account WITH DATA CATEGORY Geography__c AT asia__c",
            1,
            "WITH DATA CATEGORY",
        ),
        (
            "SELECT Id FROM Event USING SCOPE delegated",
            1,
            "USING SCOPE delegated",
        ),
        (
            "SELECT Id FROM Account ORDER BY CALENDAR_YEAR(CreatedDate)",
            33,
            "this function in ORDER BY",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue > EUR5",
            46,
            "amounts in other currencies than USD",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue > null",
            46,
            "comparisons of order with null",
        ),
        (
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Account",
            8,
            "paths of more than five relationships",
        ),
    ] {
        let (code, message) = refusal(&org, soql);
        assert_eq!(code, "MALFORMED_QUERY", "{soql}");
        let end = format!("Column:{column}\nThis emulator does not run {what} yet.");
        assert!(message.ends_with(&end), "{soql}: {message}");
    }
}
