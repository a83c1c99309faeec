//! Links to the pages of a long list.

use crate::form;

/// Which page of a list is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pager {
    /// The number of the first entry shown, from 1; 0 if there is none.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) total: usize,
    /// The address of the page before; empty if there is none.
    pub(super) before: String,
    /// The address of the page after.
    pub(super) after: String,
}

impl Pager {
    /// The page that begins after `offset` entries of `total`, with `size` to a page. `address`
    /// writes the link to the page after so many entries.
    pub(super) fn new(
        (offset, size): (usize, usize),
        total: usize,
        address: impl Fn(usize) -> String,
    ) -> Self {
        let last = offset.saturating_add(size).min(total);
        Self {
            first: if last > offset { offset + 1 } else { 0 },
            last,
            total,
            before: if offset > 0 {
                address(offset.saturating_sub(size))
            } else {
                String::new()
            },
            after: if last < total {
                address(last)
            } else {
                String::new()
            },
        }
    }
}

/// Reads an offset; what is none, or beyond the end, is the last page that there is.
pub(super) fn offset(asked: &str, size: usize, total: usize) -> usize {
    let offset: usize = asked.parse().unwrap_or(0);
    if offset < total {
        return offset;
    }
    total.saturating_sub(1) / size.max(1) * size
}

/// `path?a=b`, without the parameters that are empty.
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let said: Vec<_> = pairs
        .iter()
        .copied()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if said.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", form::encode(&said))
}
