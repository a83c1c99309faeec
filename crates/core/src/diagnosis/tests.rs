use std::collections::HashSet;
use std::time::Duration;

use super::*;
use crate::audience::HostClass;
use crate::error::ClockOffset;
use crate::oauth::ErrorCode;

fn refusal(error: &str, description: &str) -> ErrorResponse {
    ErrorResponse {
        error: ErrorCode::parse(error),
        error_description: Some(description.to_owned()),
    }
}

#[test]
fn codes_are_unique_well_formed_and_found() {
    let mut codes = HashSet::new();
    for entry in catalogue() {
        assert!(codes.insert(entry.code), "{} is there twice", entry.code);
        let digits = entry.code.strip_prefix("ACC-").unwrap();
        assert!(digits.len() == 4 && digits.parse::<u16>().is_ok());
        assert_eq!(Diagnosis::with_code(entry.code), Some(entry));
        let texts = [entry.cause, entry.setting, entry.fix];
        assert!(texts.iter().all(|text| !text.is_empty()), "{}", entry.code);
        assert!(texts.iter().all(|text| text.is_ascii()), "{}", entry.code);
    }
}

#[test]
fn every_entry_is_found_by_its_words() {
    for entry in catalogue().filter(|entry| !entry.words().is_empty()) {
        let found = match entry.area {
            Area::Rest => Diagnosis::of_rest(entry.error, entry.description),
            _ => Diagnosis::of(&refusal(entry.error, entry.description)),
        };
        let found = found.unwrap_or_else(|| panic!("{} is not found", entry.code));
        assert_eq!(found.words(), entry.words(), "{}", entry.code);
    }
}

#[test]
fn every_local_cause_has_an_entry() {
    for cause in LocalCause::ALL {
        let entry = cause.diagnosis().unwrap_or_else(|| panic!("{cause:?}"));
        assert_eq!(entry.area, Area::Here, "{cause:?}");
    }
    let here = catalogue().filter(|entry| entry.area == Area::Here);
    assert_eq!(here.count(), LocalCause::ALL.len());
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
        (
            "invalid_request",
            "this app requires a refresh_token scope, it has none",
            Some("ACC-1054"),
        ),
        ("OAUTH_EC_APP_NOT_FOUND", "", Some("ACC-1021")),
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

/// Words, facts, the code that they choose.
#[test]
fn facts_choose_among_entries_with_the_same_words() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let none = Facts::default();
    let host = |class| Facts {
        host: Some(class),
        ..none
    };
    let certificate = |certificate| Facts {
        certificate,
        app: Some(AppKind::External),
        ..none
    };
    let clock = |offset| Facts {
        clock_offset: Some(offset),
        ..none
    };
    let assertion = ("invalid_grant", "invalid assertion");
    let expired = ("invalid_grant", "expired authorization code");
    let unapproved = ("invalid_grant", "user hasn't approved this consumer");
    let missing = (
        "app_not_found",
        "External client app is not installed in this org",
    );
    let elsewhere = Facts {
        audience: AudienceFact::Elsewhere,
        ..none
    };
    for (words, facts, code) in [
        (assertion, none, "ACC-1003"),
        (
            assertion,
            certificate(CertificateFact::OfAnotherKey),
            "ACC-1017",
        ),
        (assertion, certificate(CertificateFact::Expired), "ACC-1018"),
        (
            assertion,
            certificate(CertificateFact::NotYetValid),
            "ACC-1019",
        ),
        (assertion, certificate(CertificateFact::Fits), "ACC-1014"),
        (expired, none, "ACC-1011"),
        (expired, clock(ClockOffset::Behind(minutes(10))), "ACC-1015"),
        (expired, clock(ClockOffset::Ahead(minutes(10))), "ACC-1016"),
        (expired, clock(ClockOffset::Behind(minutes(0))), "ACC-1011"),
        (unapproved, host(HostClass::MyDomain), "ACC-1030"),
        (unapproved, host(HostClass::Login), "ACC-1032"),
        (unapproved, host(HostClass::Scratch), "ACC-1033"),
        (missing, host(HostClass::Test), "ACC-1025"),
        (missing, host(HostClass::Sandbox), "ACC-1026"),
        (missing, host(HostClass::Loopback), "ACC-1021"),
        (
            ("invalid_grant", "audience is invalid"),
            elsewhere,
            "ACC-1013",
        ),
    ] {
        let found = Diagnosis::choose(&refusal(words.0, words.1), &facts).unwrap();
        assert_eq!(found.code, code, "{words:?} {facts:?}");
    }
}

#[test]
fn a_certificate_of_another_key_counts_before_its_dates() {
    use crate::clock::UnixTime;
    let at = UnixTime::from_secs;
    let of = |pairing, now| CertificateFact::of(pairing, at(10), at(20), at(now));
    assert_eq!(of(Pairing::AnotherKey, 30), CertificateFact::OfAnotherKey);
    assert_eq!(of(Pairing::SameKey, 30), CertificateFact::Expired);
    assert_eq!(of(Pairing::SameKey, 5), CertificateFact::NotYetValid);
    assert_eq!(of(Pairing::SameKey, 20), CertificateFact::Fits);
}

#[test]
fn the_two_401_messages_that_are_no_expiry_are_told_apart() {
    for (message, code) in [
        ("Session expired or invalid", Some("ACC-2001")),
        (
            "This session is not valid for use with the REST API",
            Some("ACC-2002"),
        ),
        (
            "Error: Connected app is not attached to Agent 0Xx",
            Some("ACC-2003"),
        ),
        ("something new", None),
    ] {
        let found = Diagnosis::of_rest("INVALID_SESSION_ID", message).map(|entry| entry.code);
        assert_eq!(found, code, "{message}");
    }
}

#[test]
fn errors_of_rest_are_found_by_code_and_by_message() {
    for (code, message, expected) in [
        (
            "REQUEST_LIMIT_EXCEEDED",
            "TotalRequests Limit exceeded.",
            "ACC-2007",
        ),
        (
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentPerOrgLongTxn Limit exceeded.",
            "ACC-2008",
        ),
        ("API_DISABLED_FOR_ORG", "anything", "ACC-2005"),
        (
            "RESTAPINOTENABLED",
            "The REST API is not enabled",
            "ACC-2005",
        ),
        ("", "Bad_OAuth_Token", "ACC-2030"),
        ("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", "ACC-2004"),
        (
            "NOT_FOUND",
            "Provided external ID field does not exist or is not accessible: X",
            "ACC-2010",
        ),
        (
            "NOT_FOUND",
            "The requested resource does not exist",
            "ACC-2009",
        ),
    ] {
        let found = Diagnosis::of_rest(code, message).unwrap();
        assert_eq!(found.code, expected, "{code}: {message}");
    }
}

/// What a person pastes, and the code of the first entry.
#[test]
fn whatever_is_pasted_leads_to_its_entry() {
    for (text, code) in [
        ("ACC-1010", "ACC-1010"),
        ("acc-1010", "ACC-1010"),
        ("hint: ACC-2001: the session has ended", "ACC-2001"),
        (
            "Accredit-Diagnosis: ACC-1020; iss is no consumer key",
            "ACC-1020",
        ),
        (
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
            "ACC-1030",
        ),
        (
            r#"HTTP/1.1 400 Bad Request {"error":"invalid_grant","error_description":"inactive user"}"#,
            "ACC-1040",
        ),
        (
            r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#,
            "ACC-2001",
        ),
        (
            r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#,
            "ACC-2009",
        ),
        (
            "Error (JwtAuthError): We encountered a JSON web token error. Here\u{2019}s the error: audience is invalid  [audience=x login=y]",
            "ACC-1010",
        ),
        (
            "JwtGrantError: user hasn\u{2019}t approved\n this consumer",
            "ACC-1030",
        ),
        (
            "error=invalid_client_id&error_description=client%20identifier%20invalid",
            "ACC-1020",
        ),
        (
            "error=invalid_grant&error_description=user+is+locked",
            "ACC-1041",
        ),
        (
            "error: the authorization server refused: invalid_grant: ip restricted",
            "ACC-1042",
        ),
        ("LOGIN_RATE_EXCEEDED", "ACC-1043"),
        (
            "FetchError: request to https://x failed, reason: getaddrinfo ENOTFOUND x",
            "ACC-3010",
        ),
        (
            "requests.exceptions.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "ACC-3013",
        ),
        ("INVALID_SESSION_ID", "ACC-2001"),
        ("Bad_OAuth_Token", "ACC-2030"),
        (
            "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>",
            "ACC-2012",
        ),
    ] {
        let found = search(text);
        assert_eq!(found.first().map(|entry| entry.code), Some(code), "{text}");
    }
}

#[test]
fn what_nobody_knows_finds_nothing_and_any_text_is_survived() {
    for text in [
        "",
        " ",
        "hello world",
        "{",
        "[[[[",
        "%",
        "%zz+%2",
        "\u{0}é{\"error\":7}",
    ] {
        assert!(search(text).is_empty(), "{text:?}");
    }
    assert!(search(&"é".repeat(100_000)).is_empty());
    assert!(search("invalid_grant").len() > 10);
}
