use std::collections::HashSet;

use super::*;
use crate::oauth::ErrorCode;

fn refusal(error: &str, description: &str) -> ErrorResponse {
    ErrorResponse {
        error: ErrorCode::parse(error),
        error_description: Some(description.to_owned()),
    }
}

#[test]
fn codes_are_unique_and_found() {
    let codes: HashSet<_> = CATALOGUE.iter().map(|entry| entry.code).collect();
    assert_eq!(codes.len(), CATALOGUE.len());
    for entry in CATALOGUE {
        assert_eq!(Diagnosis::with_code(entry.code), Some(entry));
    }
}

#[test]
fn every_entry_is_found_by_its_words() {
    for entry in CATALOGUE {
        let found = Diagnosis::of(&refusal(entry.error, entry.description)).unwrap();
        assert_eq!(
            (found.error, found.description),
            (entry.error, entry.description)
        );
    }
}

#[test]
fn words_of_the_documents_lead_to_the_recorded_refusal() {
    for (error, description, code) in [
        ("rate_limit_exceeded", "", Some("ACC-1043")),
        (
            "invalid_grant",
            "Number of logins exceeded",
            Some("ACC-1043"),
        ),
        ("inactive_user", "", Some("ACC-1040")),
        (
            "invalid_grant",
            "Audience validation failed",
            Some("ACC-1010"),
        ),
        ("invalid_request", "anything", Some("ACC-1002")),
        ("invalid_grant", "", None),
        ("brand_new", "", None),
    ] {
        let found = Diagnosis::of(&refusal(error, description)).map(|entry| entry.code);
        assert_eq!(found, code, "{error}: {description}");
    }
}

#[test]
fn the_frequent_cause_comes_first_and_spelling_is_forgiven() {
    let found = Diagnosis::of(&refusal("invalid_grant", "Invalid Assertion")).unwrap();
    assert_eq!(found.code, "ACC-1003");
    let found = Diagnosis::of(&refusal("invalid_grant", "IP restricted")).unwrap();
    assert_eq!(found.code, "ACC-1042");
    assert_eq!(Diagnosis::of(&refusal("brand_new", "never seen")), None);
}
