//! How a row becomes JSON.
//!
//! The tree of the answer is laid out once as a list of steps; each row runs through it. What is
//! the same for every row is one literal between two values.

use std::borrow::Cow;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::json;
use super::selection::{Hole, Member, Selection};
use crate::org::schema::Storage;

/// One thing to write for each row.
#[derive(Clone, Debug)]
enum Step {
    Literal(Vec<u8>),
    Value(usize, Storage),
    /// A value of a group, which may be nothing even if it is a boolean.
    OfGroup(usize, Storage),
    /// An id, inside quotes that are written already.
    Id(usize),
    /// The same for the name of an object.
    Kind(usize),
    /// If the id in the column is missing: writes `null` and skips so many steps.
    Parent {
        id: usize,
        skip: usize,
    },
    /// If the id in the column is missing: skips so many steps.
    Case {
        id: usize,
        skip: usize,
    },
    /// Skips so many steps.
    Skip(usize),
    Address(Vec<(&'static str, usize, Storage)>),
    /// Leaves a hole for the children of the record with this id.
    Children {
        number: usize,
        id: usize,
    },
}

/// The steps that turn a row into JSON.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    steps: Vec<Step>,
    literal: Vec<u8>,
    version: u16,
}

impl Layout {
    /// Lays a tree out for writing many rows.
    pub(super) fn new(selection: &Selection, version: u16) -> Self {
        let mut layout = Self {
            steps: Vec::new(),
            literal: Vec::new(),
            version,
        };
        layout.record(selection);
        layout.flush();
        layout
    }

    /// The same for calls of another version of the API.
    pub(super) fn of_version(&self, version: u16, selection: &Selection) -> Cow<'_, Self> {
        if self.version == version {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self::new(selection, version))
    }

    fn text(&mut self, text: &str) {
        self.literal.extend_from_slice(text.as_bytes());
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.steps
                .push(Step::Literal(std::mem::take(&mut self.literal)));
        }
    }

    fn step(&mut self, step: Step) {
        self.flush();
        self.steps.push(step);
    }

    fn record(&mut self, record: &Selection) {
        let object = record.object();
        self.text(&format!("{{\"attributes\":{{\"type\":\"{object}\""));
        if let Some(id) = record.id() {
            let version = self.version;
            self.text(&format!(",\"url\":\"/services/data/v{version}.0/sobjects/"));
            match record.kind() {
                Some(kind) => self.step(Step::Kind(kind)),
                None => self.text(object),
            }
            self.text("/");
            self.step(Step::Id(id));
            self.text("\"");
        }
        self.text("}");
        for member in record.members() {
            self.member(record, member);
        }
        self.text("}");
    }

    fn member(&mut self, record: &Selection, member: &Member) {
        self.text(&format!(",\"{}\":", member.name()));
        match member {
            Member::Field {
                column, storage, ..
            } => self.step(Step::Value(*column, *storage)),
            Member::Value { column, kind, .. } => {
                self.step(Step::OfGroup(*column, kind.storage()));
            }
            Member::Compound { parts, .. } => self.step(Step::Address(parts.clone())),
            Member::Parent { record, .. } => self.parent(record),
            Member::Children { number, .. } => {
                let id = record.id().unwrap_or_default();
                self.step(Step::Children {
                    number: *number,
                    id,
                });
            }
            Member::TypeOf {
                cases, otherwise, ..
            } => self.type_of(cases, otherwise.as_ref()),
        }
    }

    fn parent(&mut self, record: &Selection) {
        let id = record.id().unwrap_or_default();
        self.step(Step::Parent { id, skip: 0 });
        let at = self.steps.len();
        self.record(record);
        self.flush();
        let length = self.steps.len() - at;
        if let Some(Step::Parent { skip, .. }) = self.steps.get_mut(at - 1) {
            *skip = length;
        }
    }

    /// Case after case, each of which skips the rest if it was written.
    fn type_of(&mut self, cases: &[Selection], otherwise: Option<&Selection>) {
        let mut skips = Vec::new();
        for case in cases {
            let id = case.id().unwrap_or_default();
            self.step(Step::Case { id, skip: 0 });
            let at = self.steps.len();
            self.record(case);
            self.step(Step::Skip(0));
            skips.push(self.steps.len());
            let length = self.steps.len() - at;
            if let Some(Step::Case { skip, .. }) = self.steps.get_mut(at - 1) {
                *skip = length;
            }
        }
        match otherwise {
            Some(record) => self.parent(record),
            None => self.step(Step::Literal(b"null".to_vec())),
        }
        let end = self.steps.len();
        for after in skips {
            if let Some(Step::Skip(length)) = self.steps.get_mut(after - 1) {
                *length = end - after;
            }
        }
    }

    /// Writes one row. The children of its records leave holes.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        holes: &mut Vec<Hole>,
        row: &Row<'_>,
    ) -> Result<(), rusqlite::Error> {
        let mut steps = self.steps.iter();
        while let Some(step) = steps.next() {
            let skip = match step {
                Step::Literal(text) => {
                    out.extend_from_slice(text);
                    continue;
                }
                Step::Value(column, storage) => {
                    write_value(out, row.get_ref(*column)?, *storage);
                    continue;
                }
                Step::Parent { id, skip } if row.get_ref(*id)? == ValueRef::Null => {
                    out.extend_from_slice(b"null");
                    *skip
                }
                Step::Case { id, skip } if row.get_ref(*id)? == ValueRef::Null => *skip,
                Step::Skip(skip) => *skip,
                Step::Parent { .. } | Step::Case { .. } => 0,
                other => {
                    write_step(other, (&mut *out, &mut *holes), row)?;
                    0
                }
            };
            if skip > 0 {
                steps = steps.as_slice().get(skip..).unwrap_or_default().iter();
            }
        }
        Ok(())
    }
}

/// Writes the less frequent steps.
fn write_step(
    step: &Step,
    (out, holes): (&mut Vec<u8>, &mut Vec<Hole>),
    row: &Row<'_>,
) -> Result<(), rusqlite::Error> {
    match step {
        Step::Id(column) | Step::Kind(column) => {
            if let ValueRef::Text(id) = row.get_ref(*column)? {
                out.extend_from_slice(id);
            }
        }
        Step::OfGroup(column, storage) => match row.get_ref(*column)? {
            ValueRef::Null => out.extend_from_slice(b"null"),
            value => write_value(out, value, *storage),
        },
        Step::Address(parts) => write_address(out, row, parts)?,
        Step::Children { number, id } => holes.push(Hole {
            at: out.len(),
            number: *number,
            parent: row.get(*id)?,
        }),
        _ => {}
    }
    Ok(())
}

/// Writes one value.
fn write_value(out: &mut Vec<u8>, value: ValueRef<'_>, storage: Storage) {
    match value {
        ValueRef::Text(text) if storage == Storage::Text => json::write_text(out, text),
        // Ids and moments have no characters that need care.
        ValueRef::Text(text) => {
            out.push(b'"');
            out.extend_from_slice(text);
            out.push(b'"');
        }
        ValueRef::Integer(number) if storage == Storage::Boolean => {
            let text: &[u8] = if number == 0 { b"false" } else { b"true" };
            out.extend_from_slice(text);
        }
        ValueRef::Integer(number) => json::write_integer(out, number),
        ValueRef::Real(number) => json::write_real(out, number),
        ValueRef::Null if storage == Storage::Boolean => out.extend_from_slice(b"false"),
        ValueRef::Null | ValueRef::Blob(_) => out.extend_from_slice(b"null"),
    }
}

/// Writes an address, or `null` if it has no part.
fn write_address(
    out: &mut Vec<u8>,
    row: &Row<'_>,
    parts: &[(&'static str, usize, Storage)],
) -> Result<(), rusqlite::Error> {
    let start = out.len();
    let mut is_empty = true;
    for (at, (key, column, storage)) in parts.iter().enumerate() {
        let value = row.get_ref(*column)?;
        is_empty &= value == ValueRef::Null;
        out.push(if at == 0 { b'{' } else { b',' });
        json::write_text(out, key.as_bytes());
        out.push(b':');
        write_value(out, value, *storage);
    }
    if is_empty {
        out.truncate(start);
        out.extend_from_slice(b"null");
    } else {
        out.push(b'}');
    }
    Ok(())
}
