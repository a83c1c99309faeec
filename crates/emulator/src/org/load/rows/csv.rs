//! CSV as `sf data import bulk` and Data Loader take it: the header names the fields.
//!
//! Owns `Parent.ExternalId__c` columns and what an empty value means: nothing was said. `#N/A` says
//! that there is no value.

use super::super::error::Trouble;
use super::super::kind;
use super::{Given, Row, id_key};
use crate::org::schema::{FieldType, Object, Schema};

/// What a column holds.
enum Column {
    Id,
    Field { name: String, is_reference: bool },
    Parent { name: String, field: String },
}

/// Reads a file with records of `object`.
pub(in super::super) fn read(
    text: &str,
    file: usize,
    object: &Object,
) -> Result<Vec<Row>, Trouble> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| trouble(&error))?.clone();
    let columns: Vec<Column> = header
        .iter()
        .map(|name| column(object, name.trim()))
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| trouble(&error))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let mut row = Row {
            file,
            line: usize::try_from(line).unwrap_or_default(),
            object: object.name.clone(),
            called: None,
            keys: Vec::new(),
            values: Vec::new(),
        };
        for (column, text) in columns.iter().zip(record.iter()) {
            take(&mut row, column, text);
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The object that a file has records of, by its name: `Account.csv`, `Accounts-2.csv`.
pub(in super::super) fn object_of<'s>(path: &str, schema: &'s Schema) -> Option<&'s Object> {
    let stem = kind::stem(path);
    let bare =
        stem.trim_end_matches(|letter: char| letter.is_ascii_digit() || "-_ ".contains(letter));
    [stem, bare].into_iter().find_map(|name| {
        schema
            .object(name)
            .or_else(|| schema.object(&format!("{name}__c")))
            .or_else(|| schema.object(name.strip_suffix('s')?))
            .or_else(|| {
                let is_plural = |object: &&Object| object.plural.eq_ignore_ascii_case(name);
                schema.objects().iter().find(is_plural)
            })
    })
}

fn take(row: &mut Row, column: &Column, text: &str) {
    if text.is_empty() {
        return;
    }
    let is_null = text == "#N/A";
    match column {
        Column::Id if !is_null => {
            row.called = Some(text.to_owned());
            row.keys.push(id_key(text));
        }
        Column::Id => {}
        Column::Field { name, is_reference } => {
            let given = match (is_null, is_reference) {
                (true, _) => Given::Null,
                (false, true) => Given::Key(vec![id_key(text)]),
                (false, false) => Given::Text(text.to_owned()),
            };
            row.values.push((name.clone(), given));
        }
        Column::Parent { name, field } => {
            let given = match is_null {
                true => Given::Null,
                false => Given::Match {
                    field: field.clone(),
                    value: text.to_owned(),
                },
            };
            row.values.push((name.clone(), given));
        }
    }
}

fn column(object: &Object, name: &str) -> Column {
    if name.eq_ignore_ascii_case("Id") {
        return Column::Id;
    }
    match name.split_once(['.', ':']) {
        Some((parent, field)) => Column::Parent {
            name: parent.to_owned(),
            field: field.to_owned(),
        },
        None => Column::Field {
            name: name.to_owned(),
            is_reference: object
                .field(name)
                .is_some_and(|field| field.kind == FieldType::Reference),
        },
    }
}

/// What the header separates names with.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let candidates = [b',', b';', b'\t', b'|'];
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    candidates
        .into_iter()
        .find(|delimiter| count(*delimiter) > 0)
        .unwrap_or(b',')
}

fn trouble(error: &::csv::Error) -> Trouble {
    let line = error.position().map_or(1, ::csv::Position::line);
    let problem = match error.kind() {
        ::csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("expected {expected_len} values as in the header, found {len}"),
        _ => format!("expected CSV: {error}"),
    };
    Trouble::new(usize::try_from(line).unwrap_or_default(), problem)
}
