//! `accredit query --format parquet`: columns with the types of the org, whole or not at all.

use crate::program::{BINARY, Program};
use crate::server::{Server, TOKEN, json};

const DESCRIBE: &str = r#"{"fields":[{"name":"Id","type":"id"},{"name":"Amount","type":"currency"},
    {"name":"CloseDate","type":"date"},{"name":"IsWon","type":"boolean"}]}"#;

const SOQL: &str = "SELECT Id, Amount, CloseDate, IsWon FROM Opportunity";

fn page(records: &str) -> String {
    format!(r#"{{"totalSize":1,"done":true,"records":[{records}]}}"#)
}

fn program(server: &Server) -> Program {
    Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", &server.url)
        .with("ACCREDIT_API_VERSION", "65.0")
}

#[test]
fn the_columns_have_the_types_of_the_org() {
    let record = r#"{"attributes":{},"Id":"1","Amount":1.5,"CloseDate":null,"IsWon":true}"#;
    let server = Server::giving([json(200, DESCRIBE), json(200, &page(record))]);
    let program = program(&server);
    let run = program.run(["query", SOQL, "--format", "parquet", "--output", "out"]);
    assert_eq!(run.succeeds().stderr, "1 record written to out\n");
    let asked = server.request();
    let describe = "GET /services/data/v65.0/sobjects/Opportunity/describe ";
    assert!(asked.starts_with(describe), "{asked}");
    let file = std::fs::read(program.folder().join("out")).unwrap();
    let expected: Vec<u8> = [
        &b"PAR1"[..],
        // Each page: what it holds, which values are there, the values.
        &[
            0x15, 0, 0x15, 22, 0x15, 22, 0x2C, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ],
        &[2, 0, 0, 0, 2, 1, 1, 0, 0, 0, b'1'],
        &[
            0x15, 0, 0x15, 28, 0x15, 28, 0x2C, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ],
        &[2, 0, 0, 0, 2, 1],
        &1.5_f64.to_le_bytes(),
        &[
            0x15, 0, 0x15, 12, 0x15, 12, 0x2C, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ],
        &[2, 0, 0, 0, 2, 0],
        &[
            0x15, 0, 0x15, 14, 0x15, 14, 0x2C, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ],
        &[2, 0, 0, 0, 2, 1, 1],
    ]
    .concat();
    assert_eq!(&file[..expected.len()], expected);
    assert!(file.ends_with(b"PAR1"));
}

#[test]
fn a_value_of_another_type_than_described_is_named_and_nothing_is_written() {
    let record = r#"{"attributes":{},"Id":"1","Amount":"lots","CloseDate":null,"IsWon":true}"#;
    let server = Server::giving([json(200, DESCRIBE), json(200, &page(record))]);
    let program = program(&server);
    let run = program.run(["query", SOQL, "--format", "parquet", "--output", "out"]);
    run.fails(1, "\"lots\" in column Amount is not a number")
        .hints("--format csv");
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn both_ways_of_asking_write_the_same_file() {
    let program = Program::new();
    let soql = "SELECT Id, Name, AnnualRevenue, NumberOfEmployees, CreatedDate, Owner.Name \
                FROM Account ORDER BY Id";
    let script = "\"$0\" query -q --format parquet --output rest \"$1\" &&
                  \"$0\" query -q --format parquet --output bulk --bulk \"$1\"";
    let words = [
        "emulator", "run", "-q", "--", "sh", "-c", script, BINARY, soql,
    ];
    program.run(words).succeeds();
    let read = |name: &str| std::fs::read(program.folder().join(name)).unwrap();
    assert!(read("rest").len() > 1000);
    assert_eq!(read("rest"), read("bulk"));
}
