//! What a query answers with: fields and parents, in the order of `SELECT`.
//!
//! Owns the tree of the answer, the columns that it reads, and how a row becomes JSON.

use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};

use super::joins::{Column, Joins, Node, ROOT};
use super::json;
use crate::org::schema::{Field, Object, Storage};

/// The keys of an address in the answer, with the ends of the names of its parts.
const ADDRESS: [(&str, &str); 8] = [
    ("city", "City"),
    ("country", "Country"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("postalCode", "PostalCode"),
    ("state", "State"),
    ("street", "Street"),
];

/// A member of a record in the answer.
#[derive(Clone, Debug)]
pub(super) enum Member {
    Field {
        name: String,
        column: usize,
        storage: Storage,
    },
    /// An address: a column for each key that the object has a field for.
    Compound {
        name: String,
        parts: Vec<(&'static str, usize, Storage)>,
    },
    Parent {
        name: String,
        record: Selection,
    },
}

/// The record of one table in the answer.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    node: Node,
    /// The object as `attributes` names it.
    object: String,
    /// The column of the id.
    id: usize,
    /// The column of the object's name, where rows are of several objects.
    kind: Option<usize>,
    members: Vec<Member>,
}

/// The columns that the statement reads, as SQL.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns(Vec<String>);

impl Columns {
    /// The place of a column, which is added if it is new.
    pub(super) fn place(&mut self, sql: String) -> usize {
        match self.0.iter().position(|known| *known == sql) {
            Some(place) => place,
            None => {
                self.0.push(sql);
                self.0.len() - 1
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The list after `SELECT`.
    pub(super) fn sql(&self) -> String {
        self.0.join(", ")
    }
}

impl Selection {
    /// A record of `node` without members.
    pub(super) fn new(joins: &Joins<'_>, columns: &mut Columns, node: Node) -> Self {
        let object = joins.object(node);
        let mut place = |name: &str| {
            let field = object.field(name)?;
            Some(columns.place(joins.sql(Column { node, field })))
        };
        let id = place("Id").unwrap_or_default();
        let kind = joins.is_polymorphic(node).then(|| place("Type")).flatten();
        Self {
            node,
            object: object.name.clone(),
            id,
            kind,
            members: Vec::new(),
        }
    }

    /// Adds a field that is reached over `path`, the names and tables of the parents; whether it
    /// was not there before.
    pub(super) fn add(
        &mut self,
        joins: &Joins<'_>,
        columns: &mut Columns,
        (path, field): (&[(String, Node)], &Field),
    ) -> bool {
        let Some(((name, node), rest)) = path.split_first() else {
            return self.add_field(joins, columns, field);
        };
        let known = self.members.iter_mut().find_map(|member| match member {
            Member::Parent { record, .. } if record.node == *node => Some(record),
            _ => None,
        });
        if let Some(parent) = known {
            return parent.add(joins, columns, (rest, field));
        }
        let mut record = Self::new(joins, columns, *node);
        let is_new = record.add(joins, columns, (rest, field));
        self.members.push(Member::Parent {
            name: name.clone(),
            record,
        });
        is_new
    }

    fn add_field(&mut self, joins: &Joins<'_>, columns: &mut Columns, field: &Field) -> bool {
        let is_known = self.members.iter().any(|member| match member {
            Member::Field { name, .. } | Member::Compound { name, .. } => *name == field.name,
            Member::Parent { .. } => false,
        });
        if is_known {
            return false;
        }
        let node = self.node;
        let name = field.name.clone();
        let member = if field.is_stored() {
            Member::Field {
                name,
                column: columns.place(joins.sql(Column { node, field })),
                storage: field.kind.storage(),
            }
        } else {
            let parts = address_parts(joins.object(node), field).into_iter();
            let parts = parts.map(|(key, field)| {
                let column = columns.place(joins.sql(Column { node, field }));
                (key, column, field.kind.storage())
            });
            Member::Compound {
                name,
                parts: parts.collect(),
            }
        };
        self.members.push(member);
        true
    }

    /// The members, for what the answer's columns are described by.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The table that its rows come from.
    pub(super) fn node(&self) -> Node {
        self.node
    }

    /// Lays the tree out for writing many rows.
    pub(super) fn layout(&self, version: u16) -> Layout {
        let mut layout = Layout {
            steps: Vec::new(),
            literal: Vec::new(),
            version,
        };
        layout.record(self);
        layout.flush();
        layout
    }
}

fn address_parts<'s>(object: &'s Object, address: &Field) -> Vec<(&'static str, &'s Field)> {
    let part = |end: &str| {
        object.fields.iter().find(|field| {
            field.compound.as_ref() == Some(&address.name) && field.name.ends_with(end)
        })
    };
    ADDRESS
        .into_iter()
        .filter_map(|(key, end)| Some((key, part(end)?)))
        .collect()
}

/// One thing to write for each row.
#[derive(Clone, Debug)]
enum Step {
    Literal(Vec<u8>),
    Value(usize, Storage),
    /// An id, inside quotes that are written already.
    Id(usize),
    /// The same for the name of an object.
    Kind(usize),
    /// If the id in the column is missing: writes `null` and skips so many steps.
    Parent {
        id: usize,
        skip: usize,
    },
    Address(Vec<(&'static str, usize, Storage)>),
}

/// The steps that turn a row into JSON.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    steps: Vec<Step>,
    literal: Vec<u8>,
    version: u16,
}

impl Layout {
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
        let version = self.version;
        let object = &record.object;
        self.text(&format!(
            "{{\"attributes\":{{\"type\":\"{object}\",\
             \"url\":\"/services/data/v{version}.0/sobjects/"
        ));
        match record.kind {
            Some(kind) => self.step(Step::Kind(kind)),
            None => self.text(object),
        }
        self.text("/");
        self.step(Step::Id(record.id));
        self.text("\"}");
        for member in &record.members {
            self.member(member);
        }
        self.text("}");
    }

    fn member(&mut self, member: &Member) {
        let (Member::Field { name, .. }
        | Member::Compound { name, .. }
        | Member::Parent { name, .. }) = member;
        self.text(&format!(",\"{name}\":"));
        match member {
            Member::Field {
                column, storage, ..
            } => self.step(Step::Value(*column, *storage)),
            Member::Compound { parts, .. } => self.step(Step::Address(parts.clone())),
            Member::Parent { record, .. } => {
                self.step(Step::Parent {
                    id: record.id,
                    skip: 0,
                });
                let at = self.steps.len();
                self.record(record);
                self.flush();
                let length = self.steps.len() - at;
                if let Some(Step::Parent { skip, .. }) = self.steps.get_mut(at - 1) {
                    *skip = length;
                }
            }
        }
    }

    /// Writes one row.
    pub(super) fn write(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), rusqlite::Error> {
        let mut steps = self.steps.iter();
        while let Some(step) = steps.next() {
            match step {
                Step::Literal(text) => out.extend_from_slice(text),
                Step::Value(column, storage) => write_value(out, row.get_ref(*column)?, *storage),
                Step::Id(column) | Step::Kind(column) => {
                    if let ValueRef::Text(id) = row.get_ref(*column)? {
                        out.extend_from_slice(id);
                    }
                }
                Step::Parent { id, skip } => {
                    if row.get_ref(*id)? == ValueRef::Null {
                        out.extend_from_slice(b"null");
                        steps = steps.as_slice().get(*skip..).unwrap_or_default().iter();
                    }
                }
                Step::Address(parts) => write_address(out, row, parts)?,
            }
        }
        Ok(())
    }
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

/// The record of the object that is asked for, empty.
pub(super) fn root(joins: &Joins<'_>, columns: &mut Columns) -> Selection {
    Selection::new(joins, columns, ROOT)
}

/// Runs `statement` and hands over row after row.
pub(super) fn for_each_row(
    statement: &mut Statement<'_>,
    parameters: impl rusqlite::Params,
    mut row: impl FnMut(&Row<'_>) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let mut rows = statement.query(parameters)?;
    while let Some(next) = rows.next()? {
        row(next)?;
    }
    Ok(())
}
