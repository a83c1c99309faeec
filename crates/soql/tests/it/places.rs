//! Where the nodes say they stand.

use accredit_soql::ast::{Condition, SelectItem, Selection, Span};
use accredit_soql::parse;

const TEXT: &str = "SELECT Account.Name, MAX(Amount) m, (SELECT Id FROM Contacts) \
                    FROM Opportunity o WHERE Owner.Name NOT  IN ('x') \
                    GROUP BY Account.Name LIMIT 5";

#[track_caller]
fn stands(span: Span, words: &str) {
    assert_eq!(&TEXT[span.start..span.end], words);
}

#[test]
fn names_expressions_operators_and_values_know_their_place() {
    let query = parse(TEXT).unwrap();
    stands(query.span, TEXT);
    let Selection::Items(items) = &query.selection else {
        panic!("{query}")
    };
    let [
        SelectItem::Expression {
            expression: field, ..
        },
        SelectItem::Expression {
            expression: call,
            alias: Some(alias),
        },
        SelectItem::Children(children),
    ] = items.as_slice()
    else {
        panic!("{query}")
    };
    stands(field.span(), "Account.Name");
    stands(call.span(), "MAX(Amount)");
    stands(alias.span, "m");
    stands(children.span, "SELECT Id FROM Contacts");
    stands(query.from.source.path.span(), "Opportunity");
    stands(query.from.source.alias.as_ref().unwrap().span, "o");
    let Some(Condition::Test(test)) = &query.filter else {
        panic!("{query}")
    };
    stands(test.subject.span(), "Owner.Name");
    stands(test.operator_span, "NOT  IN");
    stands(query.limit.unwrap().span, "5");
}

#[test]
fn the_place_is_no_part_of_the_meaning() {
    let spaced = parse("SELECT   Id\nFROM  A").unwrap();
    assert_eq!(spaced, parse("SELECT Id FROM A").unwrap());
    assert_ne!(spaced, parse("SELECT id FROM A").unwrap());
}
