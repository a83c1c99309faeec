//! The answer of a query as a table.

use serde_json::{Map, Value};

use super::records::link;
use crate::org::schema::Schema;

/// How much of a text is shown in a cell, in characters.
const TEXT_MAX: usize = 200;

/// The most records of a sub-query that are shown.
const CHILDREN_MAX: usize = 20;

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The page of the record that an id names; empty if it is none.
    pub(super) link: String,
    pub(super) is_number: bool,
    /// One line for each record of a sub-query.
    pub(super) children: Vec<String>,
}

/// Columns and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Lays out records: a column for each path that one of them has.
    pub(super) fn of(schema: &Schema, records: &[Value]) -> Self {
        let flat: Vec<_> = records.iter().map(|record| flatten(record)).collect();
        let mut columns: Vec<String> = Vec::new();
        for (path, _) in flat.iter().flatten() {
            if !columns.contains(path) {
                columns.push(path.clone());
            }
        }
        // A parent that is missing in one record stands as columns of its own in another.
        let is_parent = |path: &String| {
            let start = format!("{path}.");
            columns.iter().any(|other| other.starts_with(&start))
        };
        let columns: Vec<_> = columns
            .iter()
            .filter(|path| !is_parent(path))
            .cloned()
            .collect();
        let rows = flat.iter().map(|record| {
            let cell = |path: &String| {
                let found = record.iter().find(|(known, _)| known == path);
                found.map_or_else(Cell::default, |(_, value)| cell(schema, value))
            };
            columns.iter().map(cell).collect()
        });
        Self {
            rows: rows.collect(),
            columns,
        }
    }
}

/// The records of an answer.
pub(super) fn records(answer: &Value) -> &[Value] {
    let records = answer.get("records").and_then(Value::as_array);
    records.map_or(&[], Vec::as_slice)
}

/// The fields of a record and of its parents, by their paths.
fn flatten(record: &Value) -> Vec<(String, &Value)> {
    let mut out = Vec::new();
    let mut open: Vec<(String, &Map<String, Value>)> = Vec::new();
    if let Some(members) = record.as_object() {
        open.push((String::new(), members));
    }
    // Parents nest five levels deep at most; a stack keeps the order of the fields.
    while let Some((prefix, members)) = open.pop() {
        let mut parents = Vec::new();
        for (name, value) in members.iter().filter(|(name, _)| *name != "attributes") {
            let path = format!("{prefix}{name}");
            match value.as_object() {
                Some(parent) if parent.contains_key("attributes") => {
                    parents.push((format!("{path}."), parent));
                }
                _ => out.push((path, value)),
            }
        }
        open.extend(parents.into_iter().rev());
    }
    out
}

/// One value.
pub(super) fn cell(schema: &Schema, value: &Value) -> Cell {
    match value {
        Value::String(text) => Cell {
            link: link(schema, text),
            text: shorten(text),
            ..Cell::default()
        },
        Value::Number(number) => Cell {
            text: number.to_string(),
            is_number: true,
            ..Cell::default()
        },
        Value::Object(members) => match members.get("records").and_then(Value::as_array) {
            Some(records) => children(members, records),
            None => Cell {
                text: line(value),
                ..Cell::default()
            },
        },
        other => Cell {
            text: line(other),
            ..Cell::default()
        },
    }
}

fn children(members: &Map<String, Value>, records: &[Value]) -> Cell {
    let total = members.get("totalSize").and_then(Value::as_u64);
    let total = total.unwrap_or_default();
    Cell {
        text: match total {
            1 => "1 record".to_owned(),
            other => format!("{other} records"),
        },
        children: records.iter().take(CHILDREN_MAX).map(line).collect(),
        ..Cell::default()
    }
}

/// A value in one line.
fn line(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shorten(text),
        Value::Object(_) => {
            let flat = flatten(value);
            let said = flat.iter().filter(|(_, value)| !value.is_null());
            let said: Vec<_> = said
                .map(|(_, value)| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                })
                .collect();
            shorten(&said.join(", "))
        }
        other => shorten(&other.to_string()),
    }
}

/// The start of a long text.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parents_become_columns_and_children_a_list() {
        let attributes = json!({"type": "Contact"});
        let children = json!({"totalSize": 2, "records": [
            {"attributes": attributes, "Subject": "a", "Done": true},
            {"attributes": attributes, "Subject": "b", "Done": null},
        ]});
        let records = [
            json!({"attributes": attributes, "Name": "x", "Account": null, "Tasks": children}),
            json!({"attributes": attributes, "Name": "y", "Tasks": null,
                "Account": {"attributes": attributes, "Name": "A", "Size": 3.5}}),
        ];
        let grid = Grid::of(&Schema::default(), &records);
        assert_eq!(
            grid.columns,
            ["Name", "Tasks", "Account.Name", "Account.Size"]
        );
        let texts: Vec<Vec<_>> = grid
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.text.as_str()).collect())
            .collect();
        assert_eq!(
            texts,
            [vec!["x", "2 records", "", ""], vec!["y", "", "A", "3.5"]]
        );
        assert_eq!(grid.rows[0][1].children, ["a, true", "b"]);
        assert!(grid.rows[1][3].is_number);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten(&"é".repeat(300)).chars().count(), 201);
        assert_eq!(shorten("short"), "short");
    }
}
