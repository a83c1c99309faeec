//! `accredit query`: a SOQL query over REST, page by page, with the memory of one page.
//!
//! Owns the paging, the one new sign-in that an ended session allows, and the promise that a result
//! is whole or the command fails with exit code 7.

use std::fs::File;
use std::io::{BufWriter, Seek as _};
use std::path::Path;

use accredit::http::UreqClient;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::api_version as version;
use crate::args::{QueryArgs, QueryFormat};
use crate::error::{CliError, Kind};
use crate::files::{self, Access, Place};
use crate::output::{Form, Output};
use crate::reach::Reach;
use crate::rest::{Failure, escape};
use crate::settings::network::{Traffic, client};
use crate::world::World;

mod bulk;
mod check;
mod columns;
mod kinds;
mod page;
mod row;
mod screenful;
mod sink;
mod table;

use crate::progress::Progress;
use page::PageEnd;
use sink::{Layout, Sink, Target};

pub(crate) use bulk::command;
pub(crate) use kinds::describe;
pub(crate) use screenful::screenful;

/// Runs the query and writes the result.
pub(crate) fn run(
    args: &QueryArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    // Without a query there is a job to resume, which clap sees to.
    let soql = args.soql.as_deref().unwrap_or_default();
    if args.check {
        return check::run(soql, out);
    }
    let format = format(args, out)?;
    if args.bulk {
        return bulk::run(args, (timeout, format), world, out);
    }
    let reach = Reach::open(&args.org, timeout, world, out)?;
    let client = client(
        world.environment.as_ref(),
        timeout,
        Traffic::Records,
        reach.org.instance_url.as_str(),
    )?;
    let root = root(args, world, &client, &reach)?;
    let resource = if args.all_rows { "queryAll" } else { "query" };
    let mut query = Query {
        client,
        reach,
        first: format!("{root}/{resource}?q={}", escape(soql)),
        columns: columns::of_query(soql),
    };
    let layout = layout(args, format, out);
    if layout == Layout::Parquet {
        let (reach, client) = (&mut query.reach, &query.client);
        let names = query.columns.names();
        query.columns.kinds = kinds::of_query(soql, &names, |object| {
            describe(reach, client, &format!("{root}/sobjects/{object}"), out)
        })?;
    }
    match &args.output {
        Some(path) => query.write_output(path, layout, out),
        None => query.write_stdout(layout, out),
    }
}

/// The form that is asked for, or the usual one.
fn format(args: &QueryArgs, out: &Output) -> Result<QueryFormat, CliError> {
    let format = match (args.format, args.bulk) {
        (Some(QueryFormat::Table), true) => {
            return Err(CliError::usage(
                "a result of --bulk is not shown as a table: it may have millions of records",
            )
            .hint("--format csv, json, ndjson or parquet"));
        }
        (Some(format), _) => format,
        (None, true) => QueryFormat::Csv,
        (None, false) => QueryFormat::Table,
    };
    if format == QueryFormat::Parquet && args.output.is_none() {
        out.refuse_binary()?;
    }
    Ok(format)
}

/// How the result is laid out: `--json` wraps what goes to stdout.
fn layout(args: &QueryArgs, format: QueryFormat, out: &Output) -> Layout {
    match (&args.output, out.form()) {
        (None, Form::Json) => Layout::Envelope,
        _ => Layout::of(format),
    }
}

/// The root of the API: of the version that is asked for, or the newest.
fn root(
    args: &QueryArgs,
    world: &World,
    client: &UreqClient,
    reach: &Reach,
) -> Result<String, CliError> {
    let flag = args.api_version.as_deref();
    let version = match version::given(flag, world.environment.as_ref())? {
        Some(version) => version,
        None => version::newest(&reach.org, client)?,
    };
    let tooling = if args.tooling { "/tooling" } else { "" };
    Ok(format!("/services/data/v{version}{tooling}"))
}

/// A query on its way.
struct Query {
    client: UreqClient,
    reach: Reach,
    first: String,
    columns: columns::Columns,
}

/// What a whole result came to.
struct Summary {
    total_size: u64,
    /// `COUNT()`: no records came, only their number.
    is_count: bool,
}

impl Query {
    fn write_stdout(&mut self, layout: Layout, out: &mut Output) -> Result<(), CliError> {
        let target = |out: &Output| {
            Ok(Target {
                path: None,
                writer: Box::new(out.document()),
            })
        };
        let summary = self.write_stream(layout, target, out)?;
        out.step(&counted(&summary));
        Ok(())
    }

    /// Writes to where nothing can be taken back: a session that ends is renewed before the first
    /// record only.
    fn write_stream(
        &mut self,
        layout: Layout,
        target: impl Fn(&Output) -> Result<Target, CliError>,
        out: &mut Output,
    ) -> Result<Summary, CliError> {
        loop {
            let mut sink = Sink::new(layout, self.columns.clone(), target(out)?);
            match self.fetch(&mut sink, out) {
                Ok(summary) => {
                    sink.finish(summary.total_size, out.warnings())?;
                    return Ok(summary);
                }
                Err(Failure::SessionEnded(_)) if sink.rows() == 0 && self.reach.can_renew() => {
                    self.reach.renew(out)?;
                }
                Err(failure) => return Err(self.broken_off(failure, sink, out)),
            }
        }
    }

    /// What was printed cannot be taken back: the failure says how much there is of how much.
    fn broken_off(&self, failure: Failure, mut sink: Sink, out: &Output) -> CliError {
        let has_ended = matches!(failure, Failure::SessionEnded(_));
        let error = failure.into_error();
        if sink.rows() == 0 || error.is_quiet() {
            return error;
        }
        let were = match sink.rows() {
            1 => "1 record was".to_owned(),
            rows => format!("{rows} records were"),
        };
        let mut partial = CliError::new(
            Kind::Partial,
            format!("the result is not complete: {were} written before it broke off"),
        )
        .with_source(error);
        if has_ended {
            partial = partial.hint(
                "the session ended between two pages, and a query cannot go on in another one: use \
                 --output FILE, which can start again, or raise the session time-out",
            );
        }
        match sink.abandon(&partial, out.warnings()) {
            Ok(sink::Told::Yes) => partial.told(),
            _ => partial,
        }
    }

    fn write_output(
        &mut self,
        path: &Path,
        layout: Layout,
        out: &mut Output,
    ) -> Result<(), CliError> {
        let summary = match Place::of(path)? {
            Place::File(file) => self.write_file(&file, layout, out)?,
            Place::Stream | Place::Pipe => {
                let stream = files::stream(path)?;
                let target = |_: &Output| {
                    let writer = stream
                        .try_clone()
                        .map_err(|error| files::unwritable(path, error))?;
                    Ok(Target {
                        path: Some(path.to_owned()),
                        writer: Box::new(BufWriter::new(writer)),
                    })
                };
                self.write_stream(layout, target, out)?
            }
        };
        let total_size = summary.total_size;
        if out.form() == Form::Json {
            let told = json!({"output": path, "totalSize": total_size, "done": true});
            return out.result("", &told);
        }
        out.step(&format!(
            "{} written to {}",
            counted(&summary),
            path.display()
        ));
        Ok(())
    }

    fn write_file(
        &mut self,
        path: &Path,
        layout: Layout,
        out: &mut Output,
    ) -> Result<Summary, CliError> {
        let mut file = files::temporary(path, Access::Owner)?;
        let summary = loop {
            let writer = BufWriter::new(reopened(&mut file, path)?);
            let target = Target {
                path: Some(path.to_owned()),
                writer: Box::new(writer),
            };
            let mut sink = Sink::new(layout, self.columns.clone(), target);
            match self.fetch(&mut sink, out) {
                Ok(summary) => {
                    sink.finish(summary.total_size, &[])?;
                    break summary;
                }
                Err(Failure::SessionEnded(_)) if self.reach.can_renew() => self.reach.renew(out)?,
                Err(failure) => {
                    let error = failure.into_error();
                    return Err(error.hint(format!("{} was not written", path.display())));
                }
            }
        };
        files::replace(path, file)?;
        Ok(summary)
    }

    /// Fetches every page into `sink`.
    fn fetch(&self, sink: &mut Sink, out: &Output) -> Result<Summary, Failure> {
        let progress = Progress::new(out);
        let mut next = self.first.clone();
        let mut pages_left = PAGES_MAX;
        loop {
            let body = self.reach.org.get(&self.client, &next)?;
            let end = sink.page(&body, self.reach.org.host())?;
            progress.advance(sink.rows(), end.total_size);
            match next_page(&end, sink)? {
                Some(path) => next = path,
                None => {
                    return Ok(Summary {
                        total_size: end.total_size,
                        is_count: sink.is_count(),
                    });
                }
            }
            pages_left -= 1;
            if pages_left == 0 {
                return Err(CliError::new(Kind::Partial, "the result has too many pages").into());
            }
        }
    }
}

/// Ten million pages of at least 200 records: more than an org holds.
const PAGES_MAX: u32 = 10_000_000;

/// The path of the next page, or nothing if the result is whole.
fn next_page(end: &PageEnd, sink: &Sink) -> Result<Option<String>, CliError> {
    if sink.has_open_children() {
        return Err(CliError::new(
            Kind::Partial,
            "a record has more children than the reply holds, and their next page is not fetched",
        )
        .hint("query the child object by itself, or LIMIT the sub-query"));
    }
    match (end.done, &end.next) {
        (false, Some(path)) => Ok(Some(path.clone())),
        (true, _) if sink.rows() == end.total_size || sink.is_count() => Ok(None),
        _ => Err(CliError::new(
            Kind::Partial,
            format!(
                "the result is not complete: {} records came, {} were announced",
                sink.rows(),
                end.total_size
            ),
        )),
    }
}

fn counted(summary: &Summary) -> String {
    match summary.total_size {
        total if summary.is_count => format!("a count of {total}"),
        total => many(total),
    }
}

/// A number of records in words.
pub(crate) fn many(records: u64) -> String {
    match records {
        1 => "1 record".to_owned(),
        records => format!("{records} records"),
    }
}

fn reopened(file: &mut NamedTempFile, path: &Path) -> Result<File, CliError> {
    let cleared = file.as_file().set_len(0).and_then(|()| file.rewind());
    cleared
        .and_then(|()| file.as_file().try_clone())
        .map_err(|error| files::unwritable(path, error))
}
