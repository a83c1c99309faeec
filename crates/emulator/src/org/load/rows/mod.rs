//! Records out of files of data.
//!
//! Owns the one form that records of all kinds of files come to, [`Row`], and the files that hold
//! them. Nothing here writes: [`insert`](super::insert) does, once all rows are there.

pub(super) mod csv;
pub(super) mod custom_metadata;
pub(super) mod mapped;
pub(super) mod mapping;
pub(super) mod plan;
pub(super) mod sql;
mod sql_values;
pub(super) mod tree;
pub(super) mod yaml;

/// A value as a file gives it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Null,
    Text(String),
    Number(f64),
    Boolean(bool),
    /// The record that has one of these keys.
    Key(Vec<String>),
    /// The record whose field has this value.
    Match {
        field: String,
        value: String,
    },
}

/// A record that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Where it stands: the number of the file, and the line.
    pub(super) file: usize,
    pub(super) line: usize,
    /// The object, as the file calls it.
    pub(super) object: String,
    /// What the file calls it, if it does.
    pub(super) called: Option<String>,
    /// What other rows may call it by.
    pub(super) keys: Vec<String>,
    pub(super) values: Vec<(String, Given)>,
}

/// The key of a record that is called by its id.
pub(super) fn id_key(id: &str) -> String {
    let full = crate::ids::RecordId::parse(id);
    format!("id/{}", full.as_ref().map_or(id, |id| id.as_str()))
}
