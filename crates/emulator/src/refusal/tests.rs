//! Every refusal has words and an entry in the catalogue.

use accredit::clock::UnixTime;
use accredit::diagnosis::catalogue;
use accredit::oauth::ErrorCode;

use super::Refusal;
use crate::jws::Flaw;

/// One of each. The match has no wildcard: a new variant does not compile until it is here.
fn all() -> Vec<Refusal> {
    let found = String::new;
    let now = UnixTime::from_secs(1);
    let one_of_each = vec![
        Refusal::GrantType { found: found() },
        Refusal::Parameter {
            expected: "",
            found: found(),
        },
        Refusal::Form(Flaw::Signature),
        Refusal::Header(Flaw::Signature),
        Refusal::Claim {
            claim: "",
            expected: "",
            found: found(),
        },
        Refusal::UnknownClient { found: found() },
        Refusal::AppNotFound { found: found() },
        Refusal::SharedLoginHost {
            expected: found(),
            found: found(),
        },
        Refusal::BlockedClient,
        Refusal::NotInstalled,
        Refusal::Credentials { found: "" },
        Refusal::Audience {
            expected: found(),
            found: found(),
        },
        Refusal::NoCertificate { found: found() },
        Refusal::Signature {
            expected: found(),
            found: Flaw::Signature,
        },
        Refusal::Expired { at: now, now },
        Refusal::LivesTooLong {
            latest: now,
            at: now,
        },
        Refusal::Untimely {
            claim: "",
            at: now,
            now,
        },
        Refusal::UnknownUser { found: found() },
        Refusal::InactiveUser { found: "" },
        Refusal::LockedUser,
        Refusal::Address,
        Refusal::NotApproved,
        Refusal::NotPreAuthorized {
            expected: found(),
            found: found(),
        },
        Refusal::HighAssurance,
        Refusal::Scope {
            expected: found(),
            found: found(),
        },
        Refusal::LoginRate { limit: 1 },
        Refusal::Replayed,
        Refusal::Changed,
        Refusal::Unavailable,
    ];
    let mut places: Vec<_> = one_of_each.iter().map(place).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 29, "a variant is missing above");
    one_of_each
}

fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::GrantType { .. } => 0,
        Refusal::Parameter { .. } => 1,
        Refusal::Form(_) => 2,
        Refusal::Header(_) => 3,
        Refusal::Claim { .. } => 4,
        Refusal::UnknownClient { .. } => 5,
        Refusal::AppNotFound { .. } => 6,
        Refusal::SharedLoginHost { .. } => 7,
        Refusal::BlockedClient => 8,
        Refusal::NotInstalled => 9,
        Refusal::Credentials { .. } => 10,
        Refusal::Audience { .. } => 11,
        Refusal::NoCertificate { .. } => 12,
        Refusal::Signature { .. } => 13,
        Refusal::Expired { .. } => 14,
        Refusal::LivesTooLong { .. } => 15,
        Refusal::Untimely { .. } => 16,
        Refusal::UnknownUser { .. } => 17,
        Refusal::InactiveUser { .. } => 18,
        Refusal::LockedUser => 19,
        Refusal::Address => 20,
        Refusal::NotApproved => 21,
        Refusal::NotPreAuthorized { .. } => 22,
        Refusal::HighAssurance => 23,
        Refusal::Scope { .. } => 24,
        Refusal::LoginRate { .. } => 25,
        Refusal::Replayed => 26,
        Refusal::Changed => 27,
        Refusal::Unavailable => 28,
    }
}

#[test]
fn every_refusal_has_a_diagnosis_that_says_the_same_words() {
    for refusal in all() {
        let entry = refusal.diagnosis().unwrap_or_else(|| panic!("{refusal:?}"));
        assert_eq!(entry.error, refusal.error(), "{refusal:?}");
        let is_same = entry.description == refusal.description() || entry.description.is_empty();
        assert!(is_same, "{refusal:?}");
        assert!(!matches!(
            ErrorCode::parse(refusal.error()),
            ErrorCode::Other(_)
        ));
    }
}

#[test]
fn words_fit_the_wire() {
    // RFC 6749 §5.2: printable ASCII without quote and backslash.
    let is_allowed = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    for refusal in all() {
        assert!(refusal.error().chars().all(is_allowed), "{refusal:?}");
        assert!(refusal.description().chars().all(is_allowed), "{refusal:?}");
    }
    assert!(catalogue().all(|entry| entry.cause.is_ascii()));
}
