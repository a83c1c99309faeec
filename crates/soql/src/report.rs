//! Where a mistake is, as Salesforce shows it.
//!
//! Owns the layout: a blank line, an excerpt of the row, a caret below it,
//! `ERROR at Row:r:Column:c`, and the detail. Columns count UTF-16 code units,
//! as the Java code on the other side does.
//!
//! Mistakes of the grammar count columns from 0 and mistakes of meaning from 1, while the caret
//! always stands below column `c - 1` counted from 0: so it is one place to the left of the token
//! that breaks the grammar, and below the first letter of a name that does not exist.

/// How far the excerpt reaches to either side before it is widened to whole words.
const REACH: usize = 30;

/// A place in the text of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub row: usize,
    /// The column in UTF-16 code units: from 0 for mistakes of the grammar, from 1 for others.
    pub column: usize,
}

/// What the first column is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Zero,
    One,
}

/// A position with its row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) position: Position,
    row: &'a str,
}

/// Finds the row and column of byte `offset`.
pub(crate) fn locate(text: &str, offset: usize, base: Base) -> Place<'_> {
    let offset = boundary(text, offset);
    let (before, after) = text.split_at(offset);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after
        .find('\n')
        .map_or(text.len(), |newline| offset + newline);
    let index = before
        .chars()
        .rev()
        .take_while(|c| *c != '\n')
        .map(char::len_utf16)
        .sum::<usize>();
    let first = match base {
        Base::Zero => 0,
        Base::One => 1,
    };
    let row = before.matches('\n').count() + 1;
    Place {
        position: Position {
            row,
            column: index + first,
        },
        row: text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches('\r'),
    }
}

impl Place<'_> {
    /// The whole message.
    pub(crate) fn render(&self, detail: &str) -> String {
        let Position { row, column } = self.position;
        let caret = column.saturating_sub(1);
        let (start, excerpt) = excerpt(self.row, caret);
        let indent = " ".repeat(caret.saturating_sub(start));
        format!("\n{excerpt}\n{indent}^\nERROR at Row:{row}:Column:{column}\n{detail}")
    }
}

/// The words around `index`, and where they start.
fn excerpt(row: &str, index: usize) -> (usize, String) {
    let units: Vec<u16> = row.encode_utf16().collect();
    let blank = |unit: &u16| char::from_u32(u32::from(*unit)).is_some_and(char::is_whitespace);
    let left = index.saturating_sub(REACH).min(units.len());
    let right = index.saturating_add(REACH).min(units.len());
    let start = units
        .iter()
        .take(left)
        .rposition(blank)
        .map_or(0, |blank| blank + 1);
    let end = units
        .iter()
        .enumerate()
        .skip(right + 1)
        .find(|(_, unit)| blank(unit))
        .map_or(units.len(), |(place, _)| place);
    (
        start,
        String::from_utf16_lossy(units.get(start..end).unwrap_or_default()),
    )
}

/// The last boundary between characters at or before `offset`.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests;
