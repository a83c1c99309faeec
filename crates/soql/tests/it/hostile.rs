//! Nonsense: no input panics, overflows the stack or takes more than linear work.

use accredit_soql::{Error, ErrorCode, parse};

use crate::corpus;

/// Queries of our own that touch every clause, for where the corpus is absent.
const OWN: [&str; 4] = [
    "SELECT Id, COUNT(x) c, (SELECT Id FROM Bs), TYPEOF w WHEN A THEN b ELSE c END FROM A a, a.B b",
    "SELECT FIELDS(ALL) FROM A USING SCOPE team WHERE not(a LIKE '\\_%' OR b IN(SELECT c FROM D))",
    "SELECT x FROM A WHERE d = LAST_N_DAYS:3 AND e > 2020-01-01T00:00:00.5+01:00 AND f = USD5.5",
    "SELECT Id FROM A WITH DATA CATEGORY g AT (x, y) ORDER BY DISTANCE(l, GEOLOCATION(1,-2), 'km') \
     DESC NULLS LAST LIMIT 1 OFFSET 2 FOR VIEW UPDATE TRACKING FOR UPDATE",
];

fn queries() -> Vec<String> {
    corpus::queries()
        .into_iter()
        .chain(OWN.map(str::to_owned))
        .collect()
}

/// Parses, and holds what comes out to its promises.
fn check(text: &str) {
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            assert!(parse(&printed).as_ref() == Ok(&query), "{text}\n{printed}");
            assert_eq!(
                text.get(query.span.start..query.span.end).map(str::trim),
                Some(text.trim())
            );
        }
        Err(error) => check_error(text, &error),
    }
}

fn check_error(text: &str, error: &Error) {
    let Some(place) = error.position() else {
        assert_eq!(error.message(), error.detail());
        return;
    };
    let row = text
        .split('\n')
        .nth(place.row - 1)
        .expect("the row is in the text");
    assert!(place.column <= row.encode_utf16().count() + 1, "{text}");
    let tail = format!("^\nERROR at Row:{}:Column:{}\n", place.row, place.column);
    assert!(
        error.message().starts_with('\n') && error.message().contains(&tail),
        "{text}"
    );
}

#[test]
fn every_prefix_of_every_query() {
    for query in queries() {
        let ends = query.char_indices().map(|(at, _)| at);
        ends.for_each(|end| check(&query[..end]));
    }
}

#[test]
fn random_changes_of_every_query() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    };
    let bytes = b"()',.:=<>!\\%_-+0129TZaNe \n\t\"\xc3\xa9\xf0";
    for query in queries() {
        for _ in 0..60 {
            let mut changed = query.clone().into_bytes();
            for _ in 0..=random(4) {
                let at = random(changed.len());
                match random(4) {
                    0 => drop(changed.splice(at..at, [bytes[random(bytes.len())]])),
                    1 => changed[at] = bytes[random(bytes.len())],
                    2 => drop(changed.splice(at..changed.len().min(at + 1 + random(8)), [])),
                    _ => changed.extend_from_within(at..),
                }
                if changed.is_empty() {
                    changed.push(b' ');
                }
            }
            check(&String::from_utf8_lossy(&changed));
        }
    }
}

#[test]
fn a_hundred_thousand_parentheses() {
    let deep = "(".repeat(99_000);
    let table = [
        format!("SELECT {deep}"),
        format!("SELECT Id FROM A WHERE {deep}"),
        format!("SELECT Id FROM A WHERE a IN {deep}"),
        format!("SELECT Id FROM A WHERE {}", "NOT(".repeat(24_000)),
        "SELECT (".repeat(12_000),
        format!("SELECT {}", "FORMAT(".repeat(14_000)),
        format!(
            "SELECT Id FROM A WHERE Id IN ({}",
            "SELECT Id FROM A WHERE Id IN (".repeat(3_000)
        ),
        format!(
            "SELECT Id FROM A WHERE {}",
            "a = 1 AND (b = 1 OR (".repeat(4_000)
        ),
    ];
    for text in table {
        assert!(parse(&text).is_err());
    }
}

#[test]
fn the_deepest_condition_is_printed_parsed_and_dropped() {
    for open in ["a = 1 AND NOT (", "NOT (", "a = 1 OR (b = 1 AND ("] {
        let parens = open.matches('(').count();
        let levels = accredit_soql::DEPTH_MAX / parens;
        let (left, right) = (open.repeat(levels), ")".repeat(levels * parens));
        let text = format!("SELECT Id FROM A WHERE {left}c = 1{right}");
        check(&text);
        assert!(parse(&text).is_ok(), "{text}");
    }
}

#[test]
fn depth_is_counted_across_sub_queries() {
    let half = accredit_soql::DEPTH_MAX / 2;
    let nested = |inner: usize| {
        let level = |count: usize, text: &str| {
            format!(
                "{}{text}{}",
                "a = 1 AND NOT (".repeat(count),
                ")".repeat(count)
            )
        };
        let query = format!("SELECT Id FROM B WHERE {}", level(inner, "c = 1"));
        format!(
            "SELECT Id FROM A WHERE {}",
            level(half, &format!("Id IN ({query})"))
        )
    };
    check(&nested(half));
    assert!(parse(&nested(half)).is_ok());
    let error = parse(&nested(half + 1)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::QueryTooComplicated);
}

#[test]
fn the_longest_statements() {
    let condition = format!("SELECT Id FROM A WHERE {}b = 2", "a = 1 AND ".repeat(9_990));
    let values = format!("SELECT Id FROM A WHERE a IN ({}1)", "'x', ".repeat(19_000));
    let path = format!("SELECT {}x FROM A", "a.".repeat(49_000));
    let word = format!("SELECT {} FROM A", "a".repeat(99_000));
    for text in [condition, values, path, word] {
        check(&text);
        assert!(parse(&text).is_ok());
    }
    let error = parse(&"SELECT Id FROM A ".repeat(10_000)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MalformedQuery);
}
