//! Reading records with everything below them.
//!
//! One statement reads a page; one more for each sub-query reads the children of all its records.
//! Records are written with holes where their children belong, which are filled from the inside
//! out.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::children::Children;
use super::compile::Records;
use super::cursor::Cursor;
use super::layout::Layout;
use super::selection::{Hole, for_each_row};
use super::{Asker, BATCH_MAX, BATCH_MIN, BATCH_OF_LONG_TEXTS_MAX, OpenCursors};
use crate::ids::RecordId;
use crate::org::value::Value;

/// Reads for one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'r> {
    pub(super) connection: &'r Connection,
    pub(super) cursors: &'r OpenCursors,
    pub(super) asker: &'r Asker<'r>,
}

/// Records of one answer, or the children of one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// All rows that were found.
    pub(super) rows: Vec<i64>,
    /// How many rows were found and left out because of `OFFSET`.
    skipped: usize,
    /// Those of the first batch, written.
    pub(super) body: Vec<u8>,
    holes: Vec<Hole>,
}

impl Page {
    /// Takes in a row, which is written while there is room in the batch.
    fn add(
        &mut self,
        (layout, place): (&Layout, usize),
        row: &Row<'_>,
        batch: usize,
    ) -> Result<(), rusqlite::Error> {
        if self.rows.len() < batch {
            if !self.body.is_empty() {
                self.body.push(b',');
            }
            layout.write(&mut self.body, &mut self.holes, row)?;
        }
        self.rows.push(row.get(place)?);
        Ok(())
    }

    /// Fills the holes with the children of each record, which are found by its id.
    fn fill(&mut self, found: &[BTreeMap<String, Vec<u8>>]) {
        let mut body = Vec::with_capacity(self.body.len());
        let mut from = 0;
        for hole in self.holes.drain(..) {
            body.extend_from_slice(self.body.get(from..hole.at).unwrap_or_default());
            from = hole.at;
            let children = found.get(hole.number).and_then(|of| of.get(&hole.parent));
            match children {
                Some(children) => body.extend_from_slice(children),
                None => body.extend_from_slice(b"null"),
            }
        }
        body.extend_from_slice(self.body.get(from..).unwrap_or_default());
        self.body = body;
    }
}

impl Reader<'_> {
    /// Runs a query and returns its answer.
    pub(super) fn first(
        self,
        records: &Arc<Records>,
        (sql, parameters): (&str, &[Value]),
    ) -> Result<Vec<u8>, rusqlite::Error> {
        let layout = records.layout(self.asker.version);
        let batch = batch(self.asker.batch, BATCH_MAX, records);
        let mut page = Page::default();
        let mut statement = self.connection.prepare_cached(sql)?;
        let parameters = rusqlite::params_from_iter(parameters.iter());
        for_each_row(&mut statement, parameters, |row| {
            page.add((&layout, records.row), row, batch)
        })?;
        self.complete(&mut [&mut page], records)?;
        Ok(self.answer(page, records))
    }

    /// Reads these rows in this order.
    pub(super) fn rows(self, records: &Records, rows: &[i64]) -> Result<Vec<u8>, rusqlite::Error> {
        let layout = records.layout(self.asker.version);
        let array = serde_json::json!(rows).to_string();
        let mut page = Page::default();
        let mut statement = self.connection.prepare_cached(&records.sql_by_row)?;
        for_each_row(&mut statement, [array], |row| {
            page.add((&layout, records.row), row, rows.len())
        })?;
        self.complete(&mut [&mut page], records)?;
        Ok(page.body)
    }

    /// Reads what is below the records of `pages` and puts it into them.
    fn complete(self, pages: &mut [&mut Page], records: &Records) -> Result<(), rusqlite::Error> {
        if records.children.is_empty() {
            return Ok(());
        }
        let holes = pages.iter().flat_map(|page| &page.holes);
        let first = holes.filter(|hole| hole.number == 0);
        let ids: Vec<&str> = first.map(|hole| hole.parent.as_str()).collect();
        let ids = serde_json::json!(ids).to_string();
        let mut found = Vec::new();
        for children in &records.children {
            found.push(self.children(children, &ids)?);
        }
        for page in pages {
            page.fill(&found);
        }
        Ok(())
    }

    /// The answers of a sub-query by the ids of the parents, without those that have no children.
    fn children(
        self,
        children: &Children,
        ids: &str,
    ) -> Result<BTreeMap<String, Vec<u8>>, rusqlite::Error> {
        let records = &children.records;
        let layout = records.layout(self.asker.version);
        let batch = batch(self.asker.batch, BATCH_MAX, records);
        let mut pages: BTreeMap<String, Page> = BTreeMap::new();
        let mut parameters = children.parameters.clone();
        if let Some(place) = parameters.first_mut() {
            *place = Value::Text(ids.to_owned());
        }
        self.connection.execute_batch(&children.index)?;
        let mut statement = self.connection.prepare_cached(&children.sql)?;
        let parameters = rusqlite::params_from_iter(parameters.iter());
        for_each_row(&mut statement, parameters, |row| {
            let page = pages.entry(row.get(children.parent)?).or_default();
            if page.skipped < children.offset {
                page.skipped += 1;
                return Ok(());
            }
            if children.limit.is_some_and(|limit| page.rows.len() >= limit) {
                return Ok(());
            }
            page.add((&layout, records.row), row, batch)
        })?;
        pages.retain(|_, page| !page.rows.is_empty());
        let mut all: Vec<&mut Page> = pages.values_mut().collect();
        self.complete(&mut all, records)?;
        let answer = |(id, page)| (id, self.answer(page, records));
        Ok(pages.into_iter().map(answer).collect())
    }

    /// The answer with the first batch; a cursor keeps the rest.
    fn answer(self, page: Page, records: &Arc<Records>) -> Vec<u8> {
        let total = page.rows.len();
        let batch = batch(self.asker.batch, BATCH_MAX, records);
        let next = (total > batch).then(|| {
            let cursor = Cursor {
                session: self.asker.session.to_owned(),
                created_at: self.asker.now,
                records: Arc::clone(records),
                rows: page.rows,
                batch,
            };
            let locator = self.cursors.with(|cursors| cursors.keep(cursor));
            next_url(self.asker.version, &locator, batch)
        });
        envelope(total, next, &page.body)
    }
}

/// How many records a page has.
pub(super) fn batch(asked: Option<usize>, default: usize, records: &Records) -> usize {
    let batch = asked.map_or(default, |asked| asked.clamp(BATCH_MIN, BATCH_MAX));
    if records.long_texts > 1 {
        return batch.min(BATCH_OF_LONG_TEXTS_MAX);
    }
    batch
}

pub(super) fn next_url(version: u16, locator: &RecordId, offset: usize) -> String {
    format!("/services/data/v{version}.0/query/{locator}-{offset}")
}

/// The answer around the records.
pub(super) fn envelope(total: usize, next: Option<String>, records: &[u8]) -> Vec<u8> {
    let head = match next {
        None => format!("{{\"totalSize\":{total},\"done\":true,\"records\":["),
        Some(url) => format!(
            "{{\"totalSize\":{total},\"done\":false,\"nextRecordsUrl\":\"{url}\",\"records\":["
        ),
    };
    let mut body = Vec::with_capacity(head.len() + records.len() + 2);
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(records);
    body.extend_from_slice(b"]}");
    body
}
