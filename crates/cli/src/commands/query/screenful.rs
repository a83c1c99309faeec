//! A result that fits on a screen, as a table and as JSON: for commands that show one.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use accredit::http::UreqClient;
use serde_json::Value;

use super::sink::{Layout, Sink, Target};
use super::{columns, escape, next_page, version};
use crate::error::{CliError, Kind};
use crate::rest::{Failure, Org};

/// A result that fits on a screen.
pub(crate) struct Screenful {
    pub(crate) table: String,
    pub(crate) records: Value,
    pub(crate) total_size: u64,
}

/// Fetches a whole result of one page.
pub(crate) fn screenful(org: &Org, client: &UreqClient, soql: &str) -> Result<Screenful, CliError> {
    let version = version::newest(org, client)?;
    let path = format!("/services/data/v{version}/query?q={}", escape(soql));
    let body = org.get(client, &path).map_err(Failure::into_error)?;
    let (table, total_size) = laid_out(Layout::Table, soql, &body, org)?;
    let (records, _) = laid_out(Layout::Array, soql, &body, org)?;
    Ok(Screenful {
        table,
        records: serde_json::from_str(&records).unwrap_or_default(),
        total_size,
    })
}

fn laid_out(layout: Layout, soql: &str, body: &[u8], org: &Org) -> Result<(String, u64), CliError> {
    let text = Shared::default();
    let target = Target {
        path: None,
        writer: Box::new(text.clone()),
    };
    let mut sink = Sink::new(layout, columns::of_query(soql), target);
    let end = sink.page(body, org.host())?;
    if next_page(&end, &sink)?.is_some() {
        return Err(CliError::new(
            Kind::Partial,
            "the result has more than one page",
        ));
    }
    sink.finish(end.total_size, &[])?;
    let text = String::from_utf8_lossy(&text.0.borrow()).into_owned();
    Ok((text, end.total_size))
}

/// A text that is read after its writer is gone.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
