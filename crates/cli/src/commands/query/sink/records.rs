//! The records of a page on their way into the sink.

use serde::de::{DeserializeSeed as _, Deserializer, Error as _};

use super::clean::Clean;
use super::{Body, Sink};
use crate::commands::query::columns::{Columns, Node};
use crate::commands::query::page::Visit;
use crate::commands::query::row::{Row, RowSeed};

/// How many columns there are.
pub(super) fn count(columns: &Columns) -> usize {
    fn leaves(nodes: &[Node]) -> usize {
        nodes.iter().map(|node| leaves(&node.children).max(1)).sum()
    }
    leaves(&columns.nodes)
}

/// One page on its way into the sink.
pub(super) struct Page<'s, 'de> {
    pub(super) sink: &'s mut Sink,
    pub(super) columns: &'s Columns,
    pub(super) row: Row<'de>,
}

impl<'de> Visit<'de> for Page<'_, 'de> {
    fn record<D: Deserializer<'de>>(&mut self, record: D) -> Result<(), D::Error> {
        let written = if matches!(self.sink.body, Body::Json(_)) {
            let mut clean = Clean::default();
            clean.read(record)?;
            self.sink.has_open_children |= clean.is_open;
            self.sink.write_json(&clean.text)
        } else {
            self.row.fill(None);
            RowSeed {
                nodes: &self.columns.nodes,
                row: &mut self.row,
            }
            .deserialize(record)?;
            self.sink.write_row(&self.row)
        };
        self.sink.rows += 1;
        written.map_err(|error| {
            self.sink.failed = Some(error);
            D::Error::custom("the record could not be written")
        })
    }
}
