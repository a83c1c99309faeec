//! What a query answers with: fields and parents, in the order of `SELECT`.
//!
//! Owns the tree of the answer and the columns that it reads; `layout` writes it.

use rusqlite::{Row, Statement};

use super::compound;
use super::joins::{Column, Joins, Node, ROOT};
use crate::org::schema::{Field, FieldType, Storage};

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
    /// What a function gives.
    Value {
        name: String,
        /// As it is written in the query.
        display: String,
        column: usize,
        kind: FieldType,
    },
    /// The children of the record: the sub-query with this number.
    Children {
        name: String,
        number: usize,
    },
    /// The first of the cases that there is, or else the last one.
    TypeOf {
        name: String,
        cases: Vec<Selection>,
        otherwise: Option<Selection>,
    },
}

impl Member {
    /// Its name in the answer.
    pub(super) fn name(&self) -> &str {
        let (Self::Field { name, .. }
        | Self::Compound { name, .. }
        | Self::Parent { name, .. }
        | Self::Value { name, .. }
        | Self::Children { name, .. }
        | Self::TypeOf { name, .. }) = self;
        name
    }
}

/// Where the children of a record are still to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// The place in the text.
    pub(super) at: usize,
    /// The number of the sub-query.
    pub(super) number: usize,
    /// The id of the record.
    pub(super) parent: String,
}

/// The record of one table in the answer.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    node: Node,
    /// The object as `attributes` names it.
    object: String,
    /// The column of the id; groups have none.
    id: Option<usize>,
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

    pub(super) fn list(&self) -> &[String] {
        &self.0
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
        let id = place("Id");
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
        if self.has_parent(name) {
            return false;
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
        if self.has_field(&field.name) {
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
            let parts = compound::parts(joins.object(node), field).into_iter();
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

    /// Whether a value of that name is there, in any case.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.members.iter().any(|member| {
            let is_value = matches!(
                member,
                Member::Field { .. } | Member::Compound { .. } | Member::Value { .. }
            );
            is_value && member.name().eq_ignore_ascii_case(name)
        })
    }

    /// Whether a parent of that name is there.
    pub(super) fn has_parent(&self, name: &str) -> bool {
        self.members.iter().any(|member| {
            let is_parent = matches!(member, Member::Parent { .. } | Member::TypeOf { .. });
            is_parent && member.name() == name
        })
    }

    /// A group, without members.
    pub(super) fn aggregate() -> Self {
        Self {
            node: ROOT,
            object: "AggregateResult".to_owned(),
            id: None,
            kind: None,
            members: Vec::new(),
        }
    }

    /// Adds what a function gives, by its name in the answer and as it is written in the query.
    pub(super) fn add_value(
        &mut self,
        (name, display): (String, String),
        (column, kind): (usize, FieldType),
    ) {
        self.members.push(Member::Value {
            name,
            display,
            column,
            kind,
        });
    }

    /// Adds a sub-query.
    pub(super) fn add_children(&mut self, name: String, number: usize) {
        self.members.push(Member::Children { name, number });
    }

    /// Adds a parent whose fields depend on its object.
    pub(super) fn add_type_of(
        &mut self,
        (name, cases, otherwise): (String, Vec<Self>, Option<Self>),
    ) {
        self.members.push(Member::TypeOf {
            name,
            cases,
            otherwise,
        });
    }

    /// The members, for what the answer's columns are described by.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The object as `attributes` names it.
    pub(super) fn object(&self) -> &str {
        &self.object
    }

    /// The column of the id; groups have none.
    pub(super) fn id(&self) -> Option<usize> {
        self.id
    }

    /// The column of the object's name, where rows are of several objects.
    pub(super) fn kind(&self) -> Option<usize> {
        self.kind
    }

    /// The table that its rows come from.
    pub(super) fn node(&self) -> Node {
        self.node
    }
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
