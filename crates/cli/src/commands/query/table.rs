//! The table for people: as wide as the first page needs, written page by page.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table as Grid, Width, presets};

/// A table on its way to a writer.
pub(crate) struct Table {
    writer: Box<dyn Write>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Known once the first page is written; later rows wrap into it.
    widths: Option<Vec<u16>>,
}

impl Table {
    pub(crate) const fn new(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            head: Vec::new(),
            rows: Vec::new(),
            widths: None,
        }
    }

    pub(crate) fn set_head(&mut self, names: &[String]) {
        self.head = names.to_vec();
    }

    pub(crate) fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Writes the rows of a page, under the head if they are the first.
    pub(crate) fn flush_page(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.flush_rows()
    }

    fn flush_rows(&mut self) -> io::Result<()> {
        if self.head.is_empty() {
            return Ok(());
        }
        let mut grid = Grid::new();
        grid.load_style(presets::ASCII_MARKDOWN)
            .set_content_arrangement(ContentArrangement::Disabled);
        if self.widths.is_none() {
            grid.set_header(&self.head);
        }
        for row in self.rows.drain(..) {
            grid.add_row(row.iter().map(|cell| printable(cell)));
        }
        match &self.widths {
            Some(widths) => {
                for (column, width) in grid.column_iter_mut().zip(widths) {
                    column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + 2)));
                }
            }
            None => self.widths = Some(grid.column_max_content_widths()),
        }
        writeln!(self.writer, "{grid}")
    }

    /// Writes what is left; the head alone if there was no row.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.widths.is_none() || !self.rows.is_empty() {
            self.flush_rows()?;
        }
        self.writer.flush()
    }
}

/// Values of a record cannot steer the terminal, nor break a line of the table.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
