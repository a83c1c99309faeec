//! `accredit query --bulk`: a query as a job of Bulk API 2.0.
//!
//! Owns the order of it: the job is made, waited for, and its result fetched page by page. Whoever
//! is interrupted is told how to go on: the org keeps the result, so it is fetched whole again, and
//! nothing half-written is kept. A job of this run whose reader went away is ended.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::NamedTempFile;

use super::describe;
use super::layout;
use super::sink::{Layout, Target};
use crate::args::{QueryArgs, QueryFormat};
use crate::bulk::pages::Pages;
use crate::bulk::{Job, Jobs, Side, State, job_id};
use crate::describe::{self, Kinds};
use crate::error::{CliError, Kind};
use crate::files::{self, Access, Place};
use crate::interrupt;
use crate::output::{Form, Output};
use crate::progress::Progress;
use crate::reach::Reach;
use crate::world::World;

mod again;
mod delivery;
mod record;

use again::Again;
pub(crate) use again::command;
use delivery::Delivery;

/// Runs the query as a job, or fetches the result of one.
pub(super) fn run(
    args: &QueryArgs,
    (timeout, format): (Option<&str>, QueryFormat),
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let resumed = args.resume.as_deref().map(job_id).transpose()?;
    let mut jobs = open(args, timeout, world, out)?;
    let destination = Destination::open(args.output.as_deref(), out)?;
    let job = match resumed {
        Some(id) => jobs.look(Side::Query, id, out)?,
        None => create(args, &mut jobs, out)?,
    };
    let again = Again::of(world, args.soql.as_deref(), &job.id);
    let hints = again.hints(jobs.reach.org.host());
    let farewell = out.last_words(hints.clone());
    interrupt::on_signal(farewell)
        .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))?;
    let layout = layout(args, format, out);
    let done = fetch(&job, (destination, layout), &mut jobs, out);
    interrupt::forget_farewell();
    let nobody_listens = done.as_ref().is_err_and(CliError::is_unheard);
    // A job of before may be needed again: its result was promised for seven days.
    if nobody_listens && resumed.is_none() {
        discard(&job, &mut jobs, out);
    }
    let job = done.map_err(|error| {
        // A job that was refused or failed has no result to fetch.
        if error.kind() == Kind::Refused || error.is_quiet() {
            return error;
        }
        hints.into_iter().fold(error, CliError::hint)
    })?;
    told(&job, args.output.as_deref(), out)
}

fn open(
    args: &QueryArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<Jobs, CliError> {
    let reach = Reach::open(&args.org, timeout, world, out)?;
    Jobs::open(reach, (timeout, args.api_version.as_deref()), world)
}

fn create(args: &QueryArgs, jobs: &mut Jobs, out: &mut Output) -> Result<Job, CliError> {
    let operation = if args.all_rows { "queryAll" } else { "query" };
    let what = json!({
        "operation": operation,
        "query": args.soql,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    });
    let job = jobs.create(Side::Query, &what, out)?;
    out.step(&format!(
        "The job {} is on its way at {}...",
        job.id,
        jobs.reach.org.host()
    ));
    Ok(job)
}

/// Where the result goes. It is opened before the job is made: a folder that cannot be written to
/// is told at once.
enum Destination {
    /// What is written cannot be taken back.
    Stream(Target),
    File(PathBuf, NamedTempFile),
}

impl Destination {
    fn open(path: Option<&Path>, out: &Output) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self::Stream(Target {
                path: None,
                writer: Box::new(out.document()),
            }));
        };
        match Place::of(path)? {
            Place::File(path) => {
                let file = files::temporary(&path, Access::Owner)?;
                Ok(Self::File(path, file))
            }
            Place::Stream | Place::Pipe => Ok(Self::Stream(Target {
                path: Some(path.to_owned()),
                writer: Box::new(BufWriter::new(files::stream(path)?)),
            })),
        }
    }
}

/// Waits for a job and writes its result.
fn fetch(
    job: &Job,
    (destination, layout): (Destination, Layout),
    jobs: &mut Jobs,
    out: &mut Output,
) -> Result<Job, CliError> {
    let job = wait(job, jobs, out)?;
    if let Some(version) = job.version() {
        jobs.version = version;
    }
    match destination {
        Destination::Stream(target) => stream(&job, (layout, target), jobs, out)?,
        Destination::File(path, file) => write_file(&job, (layout, &path, file), jobs, out)?,
    }
    Ok(job)
}

/// Says what became of it.
fn told(job: &Job, path: Option<&Path>, out: &Output) -> Result<(), CliError> {
    let total = job.number_records_processed;
    let Some(path) = path else {
        out.step(&super::many(total));
        return Ok(());
    };
    if out.form() == Form::Json {
        let id = &job.id;
        let told = json!({"output": path, "totalSize": total, "done": true, "job": id});
        return out.result("", &told);
    }
    out.step(&format!(
        "{} written to {}",
        super::many(total),
        path.display()
    ));
    Ok(())
}

/// Waits for the end of a job; an end without a result is an error.
fn wait(job: &Job, jobs: &mut Jobs, out: &mut Output) -> Result<Job, CliError> {
    let progress = Progress::waiting(out);
    let job = jobs.wait((Side::Query, &job.id), out, |job| {
        let (state, records) = (job.state, super::many(job.number_records_processed));
        progress.say(format!("The job is {state:?}, {records} so far"));
    })?;
    drop(progress);
    let (id, host) = (&job.id, jobs.reach.org.host());
    let why = job
        .error_message
        .as_deref()
        .unwrap_or("no reason was given");
    match job.state {
        State::JobComplete => Ok(job),
        State::Aborted => {
            let what = format!("the job {id} at {host} was aborted");
            Err(CliError::new(Kind::Refused, what))
        }
        _ => Err(CliError::new(
            Kind::Refused,
            format!("the job {id} at {host} failed: {why}"),
        )),
    }
}

/// Writes to where nothing can be taken back.
fn stream(
    job: &Job,
    (layout, target): (Layout, Target),
    jobs: &mut Jobs,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut delivery = Delivery::new(layout, target);
    let done = deliver(job, (&mut delivery, &scratch(None)), jobs, out);
    let done = done.and_then(|()| delivery.finish(job.number_records_processed, out.warnings()));
    let Err(error) = done else {
        return Ok(());
    };
    if error.is_quiet() {
        return Err(error);
    }
    Err(delivery.broken_off(error, out))
}

/// Nobody wants the result any more.
fn discard(job: &Job, jobs: &mut Jobs, out: &mut Output) {
    // It goes by itself in seven days.
    let _kept = jobs.delete((Side::Query, &job.id), out);
}

fn write_file(
    job: &Job,
    (layout, path, file): (Layout, &Path, NamedTempFile),
    jobs: &mut Jobs,
    out: &mut Output,
) -> Result<(), CliError> {
    let writer = file.as_file().try_clone();
    let writer: File = writer.map_err(|error| files::unwritable(path, error))?;
    let target = Target {
        path: Some(path.to_owned()),
        writer: Box::new(BufWriter::with_capacity(64 * 1024, writer)),
    };
    let mut delivery = Delivery::new(layout, target);
    deliver(job, (&mut delivery, &scratch(Some(path))), jobs, out)
        .and_then(|()| delivery.finish(job.number_records_processed, &[]))
        .map_err(|error| error.hint(format!("{} was not written", path.display())))?;
    files::replace(path, file)
}

/// Where pages lie until they are written: beside the file that they go to, which has room.
fn scratch(path: Option<&Path>) -> PathBuf {
    match path {
        Some(path) => files::folder_of(path).to_owned(),
        None => files::scratch_folder(),
    }
}

/// Fetches every page, and checks that the result is whole.
fn deliver(
    job: &Job,
    (delivery, folder): (&mut Delivery, &Path),
    jobs: &mut Jobs,
    out: &mut Output,
) -> Result<(), CliError> {
    let total = job.number_records_processed;
    let mut pages = Pages::of(job, folder, jobs, out)?;
    let progress = Progress::new(out);
    while let Some(mut page) = pages.next(jobs, out)? {
        if delivery.needs_types() {
            let kinds = kinds(job, &delivery.columns(&mut page)?, jobs, out)?;
            delivery.know(kinds);
        }
        delivery.page(&mut page, |done| progress.advance(done, total))?;
    }
    if delivery.rows() == total {
        return Ok(());
    }
    Err(CliError::new(
        Kind::Partial,
        format!(
            "the result is not complete: {} records came, {total} were announced",
            delivery.rows()
        ),
    ))
}

fn kinds(
    job: &Job,
    columns: &[String],
    jobs: &mut Jobs,
    out: &mut Output,
) -> Result<Kinds, CliError> {
    let client = jobs.client.clone();
    describe::kinds(&job.object, columns, |object| {
        let path = jobs.path(&format!("sobjects/{object}"));
        describe(&mut jobs.reach, &client, &path, out)
    })
}
