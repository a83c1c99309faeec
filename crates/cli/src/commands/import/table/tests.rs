use std::io::Write as _;

use super::dialect::LineEnding;
use super::*;

fn table(bytes: &[u8], part_length_max: u64) -> Result<Table, CliError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Table::of(file, ("x.csv", None), part_length_max)
}

fn text(table: &Table, part: Part) -> String {
    let (mut read, length) = table.read(part).unwrap();
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    assert_eq!(text.len() as u64, length);
    text
}

#[test]
fn delimiter_and_line_ends_are_found_out_from_the_header() {
    for (bytes, delimiter, ending, columns) in [
        ("A,B\n1,2\n", Delimiter::Comma, LineEnding::Lf, 2),
        (
            "A;B;C\r\n1;2,5;3\r\n",
            Delimiter::Semicolon,
            LineEnding::Crlf,
            3,
        ),
        ("A\tB\n1\t2", Delimiter::Tab, LineEnding::Lf, 2),
        ("\"A|x\",B,C|\n1,2,3\n", Delimiter::Comma, LineEnding::Lf, 3),
        ("\u{feff}Id\n1\n", Delimiter::Comma, LineEnding::Lf, 1),
    ] {
        let table = table(bytes.as_bytes(), 1000).unwrap();
        let Dialect {
            delimiter: found,
            line_ending,
        } = table.dialect;
        assert_eq!((found, line_ending), (delimiter, ending), "{bytes:?}");
        assert_eq!(table.columns().len(), columns, "{bytes:?}");
        assert_eq!(table.records(), 1, "{bytes:?}");
    }
}

#[test]
fn a_table_is_cut_between_records_and_each_part_has_the_header() {
    let bytes = "\u{feff}Id,Name\n1,a\n2,\"b\nc\"\n3,é\n\n4,d";
    let table = table(bytes.as_bytes(), 18).unwrap();
    let parts: Vec<String> = table.parts.iter().map(|part| text(&table, *part)).collect();
    let expected = [
        "Id,Name\n1,a\n",
        "Id,Name\n2,\"b\nc\"\n",
        "Id,Name\n3,é\n\n4,d",
    ];
    assert_eq!(parts, expected);
    let records: Vec<u64> = table.parts.iter().map(|part| part.records).collect();
    assert_eq!(records, [1, 1, 2]);
}

#[test]
fn a_table_that_salesforce_would_not_read_is_refused_by_name() {
    for (bytes, part) in [
        (&b""[..], "it has no header"),
        (b"Id\n", "a header and no records"),
        (b"Id,,Name\n1,2,3\n", "column 2 has no name"),
        (b"Id,id\n1,2\n", "column id is there twice"),
        (b"\xFF\xFEI\0d\0", "it is UTF-16"),
        (b"PK\x03\x04...", "it is a workbook"),
        (b"Id\rName\r1\r2", "end in CR alone"),
        (b"Id\n1\r\n", "line 2 ends in CRLF and the header in LF"),
        (
            b"Id\n\"1\n2\n",
            "the quotes that are opened in line 2 do not end",
        ),
        (b"Id\nMi\xFCller\n", "not UTF-8"),
        (b"Id\nM\xC3", "cut off in the middle of a letter"),
        (
            b"Id\n1\n123456789012345678\n",
            "the record that ends in line 3 is longer than 20",
        ),
    ] {
        let error = table(bytes, 20).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn letters_may_be_cut_anywhere() {
    let mut bytes = b"Id\n".to_vec();
    while bytes.len() < 200_000 {
        bytes.extend_from_slice("aé€😀\n".as_bytes());
        bytes.push(b'x');
    }
    let table = table(&bytes, PART_LENGTH_MAX).unwrap();
    assert_eq!(table.parts.len(), 1);
}
