//! Queries of several shapes through the engine, each beside the same SQL with the same JSON by
//! hand.
//!
//! `cargo bench -p accredit-emulator --bench soql` prints the ratio of the medians of rounds that
//! take turns: it is what the engine costs. The hand-written side knows statement, columns and
//! types beforehand, and keeps its statements prepared.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, prints, and stops without its data"
)]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use accredit::clock::UnixTime;
use accredit_emulator::org::{Org, Seed};
use accredit_emulator::store::Place;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row};

const NOW: UnixTime = UnixTime::from_secs(1_795_283_220);

/// Rounds of each side.
const ROUNDS: usize = 31;

/// How long a round takes at least.
const ROUND: Duration = Duration::from_millis(10);

/// A query, and the same by hand.
struct Shape {
    name: &'static str,
    soql: String,
    sql: &'static str,
    parameters: Vec<Value>,
    members: &'static [Member],
}

/// What is written of a row.
enum Member {
    /// The beginning of a record: its object and the column of its id.
    Record(&'static str, usize),
    /// The same of a parent, which is left out with so many members if the id is null.
    Parent(&'static str, (&'static str, usize), usize),
    Text(&'static str, usize),
    Boolean(&'static str, usize),
    Whole(&'static str, usize),
    Number(&'static str, usize),
    /// The children of the record: in this column are their ids and names.
    Contacts(usize),
    Group,
    End,
}

use Member::{Boolean, Contacts, End, Group, Number, Parent, Record, Text, Whole};

const CONTACT: &str = "SELECT Id, FirstName, LastName, Email, Phone, Title, Birthdate, \
                       CreatedDate, DoNotCall FROM Contact";
const CONTACT_MEMBERS: &[Member] = &[
    Record("Contact", 0),
    Text("Id", 0),
    Text("FirstName", 1),
    Text("LastName", 2),
    Text("Email", 3),
    Text("Phone", 4),
    Text("Title", 5),
    Text("Birthdate", 6),
    Text("CreatedDate", 7),
    Boolean("DoNotCall", 8),
    End,
];

const PARENT_MEMBERS: &[Member] = &[
    Record("Contact", 0),
    Text("Id", 0),
    Text("LastName", 1),
    Text("Email", 2),
    Parent("Account", ("Account", 3), 4),
    Text("Name", 4),
    Number("AnnualRevenue", 5),
    Whole("NumberOfEmployees", 6),
    End,
    End,
];

const CHILD_MEMBERS: &[Member] = &[
    Record("Account", 0),
    Text("Id", 0),
    Text("Name", 1),
    Contacts(2),
    End,
];

const GROUP_MEMBERS: &[Member] = &[
    Group,
    Text("AccountId", 0),
    Whole("expr0", 1),
    Text("expr1", 2),
    End,
];

fn shape(
    name: &'static str,
    soql: impl Into<String>,
    (sql, parameters): (&'static str, &[Value]),
    members: &'static [Member],
) -> Shape {
    Shape {
        name,
        soql: soql.into(),
        sql,
        parameters: parameters.to_vec(),
        members,
    }
}

fn shapes() -> [Shape; 7] {
    let text = |text: &str| [Value::Text(text.to_owned())];
    [
        shape(
            "1 row by id",
            format!("{CONTACT} WHERE Id = '003Zz0000000042IAA'"),
            (ONE, &text("003Zz0000000042IAA")),
            CONTACT_MEMBERS,
        ),
        shape(
            "200 rows",
            format!("{CONTACT} LIMIT 200"),
            (SOME, &[Value::Integer(200)]),
            CONTACT_MEMBERS,
        ),
        shape("2,000 rows", CONTACT, (MANY, &[]), CONTACT_MEMBERS),
        shape(
            "2,000 rows, filtered and sorted",
            format!("{CONTACT} WHERE LastName != 'Nobody' ORDER BY Email"),
            (SORTED, &text("Nobody")),
            CONTACT_MEMBERS,
        ),
        shape(
            "2,000 rows with fields of parents",
            "SELECT Id, LastName, Email, Account.Name, Account.AnnualRevenue, \
             Account.NumberOfEmployees FROM Contact",
            (PARENTS, &[]),
            PARENT_MEMBERS,
        ),
        shape(
            "50 rows with 1,800 children",
            "SELECT Id, Name, (SELECT Id, LastName FROM Contacts) FROM Account",
            (ACCOUNTS, &[]),
            CHILD_MEMBERS,
        ),
        shape(
            "51 groups of 2,000 rows",
            "SELECT AccountId, COUNT(Id), MAX(Email) FROM Contact GROUP BY AccountId",
            (GROUPS, &[]),
            GROUP_MEMBERS,
        ),
    ]
}

const ACCOUNTS: &str = "SELECT a.Id, a.Name, a.Id FROM sobject_Account a WHERE a.IsDeleted = 0";
macro_rules! contacts {
    ($rest:literal) => {
        concat!(
            "SELECT c.Id, c.FirstName, c.LastName, c.Email, c.Phone, c.Title, c.Birthdate, ",
            "c.CreatedDate, c.DoNotCall FROM sobject_Contact c WHERE c.IsDeleted = 0",
            $rest
        )
    };
}

const ONE: &str = contacts!(" AND c.Id = ?1");
const SOME: &str = contacts!(" LIMIT ?1");
const MANY: &str = contacts!("");
const SORTED: &str = contacts!(" AND c.LastName IS NOT ?1 ORDER BY c.Email, c._row");
const PARENTS: &str = "SELECT c.Id, c.LastName, c.Email, a.Id, a.Name, a.AnnualRevenue, \
                       a.NumberOfEmployees FROM sobject_Contact c LEFT JOIN sobject_Account a \
                       ON a.Id = c.AccountId WHERE c.IsDeleted = 0";
const CHILDREN: &str = "SELECT c.Id, c.LastName FROM sobject_Contact c WHERE c.AccountId = ?1 \
                        AND c.IsDeleted = 0 ORDER BY c._row";
const GROUPS: &str = "SELECT c.AccountId, COUNT(c.Id), MAX(c.Email COLLATE SOQL) \
                      FROM sobject_Contact c WHERE c.IsDeleted = 0 GROUP BY c.AccountId";

/// An org with 2,000 contacts, and a connection of our own to the same records.
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
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .create_collation("SOQL", |left: &str, right: &str| {
            let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
            left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
        })
        .expect("a collation");
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1850)
             INSERT INTO sobject_Contact
                    (Id, FirstName, LastName, Email, Phone, AccountId, CreatedDate)
             SELECT printf('003Zz%010dIAA', i), 'First' || i, 'Last' || i,
                    'c' || i || '@example.com', '+1 555 0100',
                    CASE WHEN i % 10 THEN
                    (SELECT Id FROM sobject_Account WHERE _row = i % 50 + 1) END,
                    '2026-11-21T17:47:00.000+0000' FROM n;
             CREATE INDEX IF NOT EXISTS sobject_Contact_AccountId ON sobject_Contact (AccountId)",
        )
        .expect("more contacts");
    // An org has its file to itself: the other side reads a copy.
    let copy = folder.path().join("copy.db");
    connection
        .backup("main", &copy, None::<fn(rusqlite::backup::Progress)>)
        .expect("a copy of the database");
    // Neither side asks the other for its turn.
    connection
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .expect("the file for this side alone");
    let org = Org::open(&Place::File(copy), Seed::Sample, NOW).expect("an org");
    Bench {
        org,
        connection,
        _folder: folder,
    }
}

fn main() {
    let bench = bench();
    println!(
        "{:36} {:>11} {:>11}  ratio (goal at most 1.3)",
        "shape", "engine", "by hand"
    );
    for shape in shapes() {
        let engine = || bench.org.soql(&shape.soql, NOW).expect("an answer");
        let hand = || shape.by_hand(&bench.connection).expect("an answer");
        assert_eq!(
            String::from_utf8(engine()),
            String::from_utf8(hand()),
            "{}",
            shape.name
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(round(engine));
            theirs.push(round(hand));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let micros = |time: f64| format!("{:.1} µs", time * 1e6);
        println!(
            "{:36} {:>11} {:>11}  {:.2} x",
            shape.name,
            micros(ours),
            micros(theirs),
            ours / theirs
        );
    }
}

/// Seconds that one call takes, over a round of them.
fn round(work: impl Fn() -> Vec<u8>) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < ROUND {
        black_box(work());
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl Shape {
    /// The answer without an engine.
    fn by_hand(&self, connection: &Connection) -> Result<Vec<u8>, rusqlite::Error> {
        let mut statement = connection.prepare_cached(self.sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(self.parameters.iter()))?;
        let mut records = Vec::new();
        let mut total = 0;
        while let Some(row) = rows.next()? {
            if total > 0 {
                records.push(b',');
            }
            total += 1;
            write_row(&mut records, row, (self.members, connection))?;
        }
        let mut body = format!("{{\"totalSize\":{total},\"done\":true,\"records\":[").into_bytes();
        body.extend_from_slice(&records);
        body.extend_from_slice(b"]}");
        Ok(body)
    }
}

fn write_row(
    out: &mut Vec<u8>,
    row: &Row<'_>,
    (members, connection): (&[Member], &Connection),
) -> Result<(), rusqlite::Error> {
    let mut members = members.iter();
    while let Some(member) = members.next() {
        match member {
            Record(object, id) => attributes(out, object, row.get_ref(*id)?.as_str()?),
            Parent(name, (object, id), skip) => {
                key(out, name);
                match row.get_ref(*id)?.as_str_or_null()? {
                    Some(id) => attributes(out, object, id),
                    None => {
                        out.extend_from_slice(b"null");
                        members = members.as_slice().get(*skip..).unwrap_or_default().iter();
                    }
                }
            }
            Contacts(id) => {
                key(out, "Contacts");
                children(out, row.get_ref(*id)?.as_str()?, connection)?;
            }
            Group => out.extend_from_slice(b"{\"attributes\":{\"type\":\"AggregateResult\"}"),
            End => out.push(b'}'),
            value => write_value(out, row, value)?,
        }
    }
    Ok(())
}

fn write_value(out: &mut Vec<u8>, row: &Row<'_>, member: &Member) -> Result<(), rusqlite::Error> {
    let (Text(name, at) | Boolean(name, at) | Whole(name, at) | Number(name, at)) = member else {
        return Ok(());
    };
    key(out, name);
    match (member, row.get_ref(*at)?) {
        (_, ValueRef::Null) => out.extend_from_slice(b"null"),
        (Boolean(..), value) => write!(out, "{}", value.as_i64()? != 0).expect("memory"),
        (Whole(..), value) => write!(out, "{}", value.as_i64()?).expect("memory"),
        (Number(..), value) => number(out, value.as_f64()?),
        (_, value) => serde_json::to_writer(out, value.as_str()?).expect("memory"),
    }
    Ok(())
}

fn children(out: &mut Vec<u8>, id: &str, connection: &Connection) -> Result<(), rusqlite::Error> {
    let members = [
        Record("Contact", 0),
        Text("Id", 0),
        Text("LastName", 1),
        End,
    ];
    let mut statement = connection.prepare_cached(CHILDREN)?;
    let mut rows = statement.query([id])?;
    let mut records = Vec::new();
    let mut total = 0;
    while let Some(row) = rows.next()? {
        if total > 0 {
            records.push(b',');
        }
        total += 1;
        write_row(&mut records, row, (&members, connection))?;
    }
    if total == 0 {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    write!(out, "{{\"totalSize\":{total},\"done\":true,\"records\":[").expect("memory");
    out.extend_from_slice(&records);
    out.extend_from_slice(b"]}");
    Ok(())
}

/// Writes a number as Java does.
fn number(out: &mut Vec<u8>, number: f64) {
    if number < 1e7 {
        write!(out, "{number:?}").expect("memory");
        return;
    }
    let number = format!("{number:E}");
    let (digits, exponent) = number.split_once('E').unwrap_or((&number, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    write!(out, "{digits}{point}E{exponent}").expect("memory");
}

fn key(out: &mut Vec<u8>, name: &str) {
    for part in [",\"", name, "\":"] {
        out.extend_from_slice(part.as_bytes());
    }
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
