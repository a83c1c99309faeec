//! Whole messages, as recorded from real orgs.

use accredit_soql::{Error, ErrorCode, parse};

fn message(text: &str) -> String {
    parse(text).unwrap_err().message().to_owned()
}

#[test]
fn a_sign_that_does_not_belong() {
    assert_eq!(
        message("SELECT Duree_en_jours__c) AS aggregate FROM Trajet__c"),
        "\nSELECT Duree_en_jours__c) AS aggregate FROM Trajet__c\n\
         \x20                      ^\nERROR at Row:1:Column:24\nunexpected token: )",
    );
}

#[test]
fn a_character_that_does_not_belong() {
    assert_eq!(
        message(
            "SELECT id, name, description FROM Account \
             WHERE LastModifiedDate >= 2013-12-01T12:00:00 00:00"
        ),
        "\nLastModifiedDate >= 2013-12-01T12:00:00 00:00\n\
         \x20                                     ^\nERROR at Row:1:Column:87\n\
         line 1:87 no viable alternative at character ' '",
    );
}

#[test]
fn escapes_that_do_not_exist() {
    assert_eq!(
        message("SELECT Id, Data_Quality_Score__c from Contact where FirstName = 'Anne\\-Marie'"),
        "\nfrom Contact where FirstName = 'Anne\\-Marie'\n\
         \x20                             ^\nERROR at Row:1:Column:64\n\
         Invalid string literal 'Anne\\-Marie'. Illegal character sequence '\\-' in string \
         literal.",
    );
    assert_eq!(
        message("Select Id, Name From ApexClass Where Name = 'C:\\users\\me'"),
        "\nName From ApexClass Where Name = 'C:\\users\\me'\n\
         \x20                               ^\nERROR at Row:1:Column:44\n\
         Invalid string literal 'C:\\users\\me'. Illegal unicode sequence. '\\users' in string \
         literal.",
    );
}

#[test]
fn and_mixed_with_or_in_the_third_row() {
    assert_eq!(
        message(
            "SELECT Id, Email, Name\nFROM Contact\n\
             WHERE AccountId = '0014000000p6XlS' AND LastName LIKE 'test' OR email LIKE 'test'"
        ),
        "\n'0014000000p6XlS' AND LastName LIKE 'test' OR email LIKE 'test'\n\
         \x20                                         ^\nERROR at Row:3:Column:61\n\
         unexpected token: OR",
    );
}

#[test]
fn something_after_a_complete_statement_has_no_place() {
    assert_eq!(
        message("SELECT Id FROM T__c WHERE D__c > 2021-08-11 12:52:08.062712+00:00"),
        "unexpected token: '12:52:08.062712+00:00'",
    );
}

#[test]
fn a_mistake_of_meaning() {
    let text = "SELECT Bogus__c FROM Account";
    let query = parse(text).unwrap();
    let accredit_soql::ast::Selection::Items(items) = &query.selection else {
        panic!("{query}")
    };
    let accredit_soql::ast::SelectItem::Expression { expression, .. } = &items[0] else {
        panic!("{query}")
    };
    let error = Error::semantic(
        ErrorCode::InvalidField,
        text,
        expression.span().start,
        "No such column 'Bogus__c' on entity 'Account'.",
    );
    assert_eq!(
        error.to_string(),
        "INVALID_FIELD: \nSELECT Bogus__c FROM Account\n       ^\nERROR at Row:1:Column:8\n\
         No such column 'Bogus__c' on entity 'Account'.",
    );
}

#[test]
fn like_wants_a_string() {
    let error = parse("SELECT Id FROM A WHERE Name LIKE 5").unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidField);
    assert_eq!(
        error.detail(),
        "value of filter criterion for field 'Name' must be of type string and should be enclosed \
         in quotes",
    );
    assert_eq!(error.position().map(|place| place.column), Some(24));
}
