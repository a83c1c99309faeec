//! Every kind of literal, to its value.

use accredit_soql::ast::{
    Condition, Date, DateLiteral, DateTime, DateUnit, Literal, Pattern, PatternPart, Predicate,
    Time,
};
use accredit_soql::{Error, parse};

fn predicate(right: &str) -> Result<Predicate, Error> {
    let query = parse(&format!("SELECT Id FROM A WHERE a {right}"))?;
    match query.filter {
        Some(Condition::Test(test)) => Ok(test.predicate),
        other => panic!("{other:?}"),
    }
}

fn literal(text: &str) -> Result<Literal, Error> {
    match predicate(&format!("= {text}"))? {
        Predicate::Compare(_, value) => Ok(value.literal),
        other => panic!("{other:?}"),
    }
}

fn parts(text: &str) -> Vec<PatternPart> {
    match predicate(&format!("LIKE {text}")) {
        Ok(Predicate::Like(Pattern { parts, .. })) => parts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn constants_and_numbers() {
    assert_eq!(literal("null").unwrap(), Literal::Null);
    assert_eq!(literal("True").unwrap(), Literal::Boolean(true));
    for (text, integer, float) in [
        ("15", Some(15), 15.0),
        ("+15", Some(15), 15.0),
        ("-0.5", None, -0.5),
        (".5", None, 0.5),
        ("1e3", None, 1000.0),
        ("123456789012345678901", None, 123_456_789_012_345_680_000.0),
    ] {
        let Ok(Literal::Number(number)) = literal(text) else {
            panic!("{text}")
        };
        assert_eq!(
            (number.to_i64(), number.to_f64()),
            (integer, float),
            "{text}"
        );
    }
    let Ok(Literal::Currency(price)) = literal("eur5.1000") else {
        panic!()
    };
    assert_eq!(
        (price.code.as_str(), price.amount.as_str()),
        ("EUR", "5.1000")
    );
}

#[test]
fn escapes_of_strings() {
    let table = [
        (r"''", ""),
        (r"'it\'s \\ \Q'", ""),
        (r#"'\n\R\t\b\f\"\''"#, "\n\r\t\u{8}\u{c}\"'"),
        (
            r"'Hello\u2019 from world\U2019'",
            "Hello\u{2019} from world\u{2019}",
        ),
        (r"'\ud83d\ude00 \ud83d!'", "\u{1f600} \u{fffd}!"),
        ("'100% _ é😀\n'", "100% _ é😀\n"),
    ];
    for (text, value) in table {
        if value.is_empty() && text.len() > 2 {
            assert!(
                literal(text)
                    .unwrap_err()
                    .detail()
                    .contains(r"sequence '\Q'"),
                "{text}"
            );
            continue;
        }
        assert_eq!(
            literal(text).unwrap(),
            Literal::String(value.to_owned()),
            "{text}"
        );
    }
    for wrong in [
        r"'\_'",
        r"'\%'",
        r"'\u12'",
        r"'\u12g4'",
        r"'\é'",
        r"'\'",
        "\"x\"",
    ] {
        assert!(literal(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn wildcards_of_like() {
    let text = |text: &str| PatternPart::Text(text.to_owned());
    assert_eq!(parts("''"), []);
    assert_eq!(
        parts("'a_%b'"),
        [
            text("a"),
            PatternPart::AnyOne,
            PatternPart::AnyRun,
            text("b")
        ]
    );
    assert_eq!(
        parts(r"'\_\%\\_\''"),
        [text(r"_%\"), PatternPart::AnyOne, text("'")]
    );
}

#[test]
fn dates_and_times() {
    let date = Date {
        year: 2024,
        month: 2,
        day: 29,
    };
    assert_eq!(literal("2024-02-29").unwrap(), Literal::Date(date));
    let table = [
        ("23:01:02Z", 0, 0),
        ("23:01:02.5z", 500, 0),
        ("23:01:02.123456+01:30", 123, 90),
        ("23:01:02-0800", 0, -480),
    ];
    for (text, millisecond, offset_minutes) in table {
        let time = Time {
            hour: 23,
            minute: 1,
            second: 2,
            millisecond,
            offset_minutes,
        };
        assert_eq!(literal(text).unwrap(), Literal::Time(time));
        let moment = Literal::DateTime(DateTime { date, time });
        assert_eq!(literal(&format!("2024-02-29T{text}")).unwrap(), moment);
    }
    for wrong in [
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "1699-12-31",
        "4001-01-01",
        "2024-1-1",
        "24:00:00Z",
        "23:60:00Z",
        "23:00:00+19:00",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00Z",
    ] {
        assert!(literal(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn date_literals() {
    use DateLiteral::{Ago, Last, LastN, Next, NextN, This};
    let table = [
        ("yesterday", Last(DateUnit::Day), "YESTERDAY"),
        ("TODAY", This(DateUnit::Day), "TODAY"),
        ("TOMORROW", Next(DateUnit::Day), "TOMORROW"),
        ("LAST_90_DAYS", LastN(90, DateUnit::Day), "LAST_N_DAYS:90"),
        ("NEXT_90_DAYS", NextN(90, DateUnit::Day), "NEXT_N_DAYS:90"),
        ("This_Week", This(DateUnit::Week), "THIS_WEEK"),
        (
            "LAST_FISCAL_QUARTER",
            Last(DateUnit::FiscalQuarter),
            "LAST_FISCAL_QUARTER",
        ),
        (
            "last_n_fiscal_years:3",
            LastN(3, DateUnit::FiscalYear),
            "LAST_N_FISCAL_YEARS:3",
        ),
        (
            "NEXT_N_MONTHS: 21",
            NextN(21, DateUnit::Month),
            "NEXT_N_MONTHS:21",
        ),
        (
            "N_QUARTERS_AGO:0",
            Ago(0, DateUnit::Quarter),
            "N_QUARTERS_AGO:0",
        ),
    ];
    for (text, expected, canonical) in table {
        let found = literal(text).unwrap();
        assert_eq!(found, Literal::DateLiteral(expected), "{text}");
        assert_eq!(found.to_string(), canonical);
    }
    for wrong in [
        "THIS_DAY",
        "LAST_N_DAYS",
        "LAST_N_DAYS:-1",
        "N_DAYS:3",
        "LAST_N_DAY:3",
        "TODAY:1",
    ] {
        assert!(literal(wrong).is_err(), "{wrong}");
    }
}
