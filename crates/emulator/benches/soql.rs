//! A query of 2,000 records through the engine, beside the same SQL with the same JSON by hand.
//!
//! `cargo bench -p accredit-emulator --bench soql`: the ratio of the two medians is what the engine
//! costs. The hand-written side knows query and types beforehand.

#![expect(clippy::expect_used, reason = "a benchmark without its data stops")]

use std::io::Write as _;

use accredit::clock::UnixTime;
use accredit_emulator::org::{Org, Seed};
use accredit_emulator::store::Place;
use divan::Bencher;
use rusqlite::{Connection, Row};

const NOW: UnixTime = UnixTime::from_secs(1_795_283_220);

const SOQL: &str = "SELECT Id, FirstName, LastName, Email, Phone, Title, Birthdate, CreatedDate, \
                    DoNotCall, Account.Name, Account.AnnualRevenue, Account.NumberOfEmployees \
                    FROM Contact WHERE LastName != 'Nobody' ORDER BY Id";

const SQL: &str = "SELECT c.Id, c.FirstName, c.LastName, c.Email, c.Phone, c.Title, c.Birthdate, \
                   c.CreatedDate, c.DoNotCall, a.Id, a.Name, a.AnnualRevenue, a.NumberOfEmployees \
                   FROM sobject_Contact c LEFT JOIN sobject_Account a ON a.Id = c.AccountId \
                   WHERE c.LastName IS NOT ?1 AND c.IsDeleted = 0 ORDER BY c.Id, c._row";

fn main() {
    divan::main();
}

/// An org with 2,000 contacts, and a connection of our own to the same database.
struct Bench {
    org: Org,
    connection: Connection,
    _folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("org.db");
    drop(Org::open(&Place::File(path.clone()), Seed::Sample, NOW).expect("an org"));
    let connection = Connection::open(&path).expect("the same database");
    connection
        .create_collation("SOQL", |left: &str, right: &str| {
            let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
            left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
        })
        .expect("a collation");
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1850)
             INSERT INTO sobject_Contact (Id, FirstName, LastName, Email, Phone, AccountId, CreatedDate)
             SELECT printf('003Zz%010dAAA', i), 'First' || i, 'Last' || i, 'c' || i || '@example.com',
                    '+1 555 0100', CASE WHEN i % 10 THEN (SELECT Id FROM sobject_Account
                    WHERE _row = i % 50 + 1) END, '2026-11-21T17:47:00.000+0000' FROM n",
        )
        .expect("more contacts");
    // An org has its file to itself: the other side reads a copy.
    let copy = folder.path().join("copy.db");
    connection
        .backup("main", &copy, None::<fn(rusqlite::backup::Progress)>)
        .expect("a copy of the database");
    let org = Org::open(&Place::File(copy), Seed::Sample, NOW).expect("an org");
    Bench {
        org,
        connection,
        _folder: folder,
    }
}

#[divan::bench]
fn engine(bencher: Bencher<'_, '_>) {
    let bench = bench();
    assert_eq!(
        String::from_utf8(bench.org.soql(SOQL, NOW).expect("an answer")),
        String::from_utf8(by_hand(&bench.connection).expect("an answer")),
    );
    bencher.bench_local(|| bench.org.soql(SOQL, NOW).map(|body| body.len()).ok());
}

#[divan::bench]
fn raw_sql_by_hand(bencher: Bencher<'_, '_>) {
    let bench = bench();
    bencher.bench_local(|| by_hand(&bench.connection).map(|body| body.len()).ok());
}

#[divan::bench]
fn open_sample_org() -> Option<Org> {
    Org::open(&Place::Memory, Seed::Sample, NOW).ok()
}

/// The answer without an engine.
fn by_hand(connection: &Connection) -> Result<Vec<u8>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(SQL)?;
    let mut rows = statement.query(["Nobody"])?;
    let mut records = Vec::new();
    let mut total = 0;
    while let Some(row) = rows.next()? {
        if total > 0 {
            records.push(b',');
        }
        total += 1;
        record(&mut records, row)?;
    }
    let mut body = format!("{{\"totalSize\":{total},\"done\":true,\"records\":[").into_bytes();
    body.extend_from_slice(&records);
    body.extend_from_slice(b"]}");
    Ok(body)
}

fn record(out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), rusqlite::Error> {
    attributes(out, "Contact", row.get_ref(0)?.as_str()?);
    let names = [
        "Id",
        "FirstName",
        "LastName",
        "Email",
        "Phone",
        "Title",
        "Birthdate",
    ];
    for (at, name) in names.into_iter().chain(["CreatedDate"]).enumerate() {
        for part in [",\"", name, "\":"] {
            out.extend_from_slice(part.as_bytes());
        }
        text(out, row.get_ref(at)?.as_str_or_null()?);
    }
    write!(out, ",\"DoNotCall\":{}", row.get::<_, bool>(8)?).unwrap_or_default();
    out.extend_from_slice(b",\"Account\":");
    let Some(id) = row.get_ref(9)?.as_str_or_null()? else {
        out.extend_from_slice(b"null}");
        return Ok(());
    };
    attributes(out, "Account", id);
    out.extend_from_slice(b",\"Name\":");
    text(out, row.get_ref(10)?.as_str_or_null()?);
    match row.get::<_, Option<f64>>(11)? {
        Some(number) if number >= 1e7 => {
            let number = format!("{number:E}");
            let (digits, exponent) = number.split_once('E').unwrap_or((&number, "0"));
            let point = if digits.contains('.') { "" } else { ".0" };
            write!(out, ",\"AnnualRevenue\":{digits}{point}E{exponent}").unwrap_or_default();
        }
        Some(number) => {
            write!(out, ",\"AnnualRevenue\":{number:.1}").unwrap_or_default();
        }
        None => out.extend_from_slice(b",\"AnnualRevenue\":null"),
    }
    match row.get::<_, Option<i64>>(12)? {
        Some(number) => write!(out, ",\"NumberOfEmployees\":{number}}}}}").unwrap_or_default(),
        None => out.extend_from_slice(b",\"NumberOfEmployees\":null}}"),
    }
    Ok(())
}

fn attributes(out: &mut Vec<u8>, object: &str, id: &str) {
    for part in [
        "{\"attributes\":{\"type\":\"",
        object,
        "\",\"url\":\"/services/data/v68.0/sobjects/",
        object,
        "/",
        id,
        "\"}",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
}

fn text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => {
            serde_json::to_writer(out, text).expect("memory");
        }
        None => out.extend_from_slice(b"null"),
    }
}
