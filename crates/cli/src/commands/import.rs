//! `accredit import`: a table becomes records, by jobs of Bulk API 2.0.
//!
//! Owns the order of it: the table is looked through and its columns are held against the object
//! before anything is sent; then part after part is uploaded, waited for, and its results fetched.
//! A job is either whole or aborted: an interruption in mid-upload imports nothing of it. Jobs go
//! on without us, so whoever is interrupted is told the command that goes on with them.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use accredit::http::UreqClient;
use serde_json::json;

use crate::args::import::ImportArgs;
use crate::bulk::{AFTER_FAILURE, Job, Jobs, Side, State, job_id, may_pass};
use crate::commands::query::{describe, many};
use crate::error::{CliError, Kind};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Progress;
use crate::reach::Reach;
use crate::rest::Failure;
use crate::settings::network::{Traffic, client};
use crate::world::World;

mod check;
mod hints;
mod results;
mod table;

use hints::Hints;
use results::{Counts, Results};
use table::{PART_LENGTH_MAX, Part, Table};

/// How often an upload is tried that breaks off.
const TRIES: usize = 3;

/// Imports a table and gives the exit code.
pub(crate) fn run(
    args: &ImportArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<u8, CliError> {
    for id in &args.resume {
        job_id(id)?;
    }
    let results = Results::of(args)?;
    let table = Table::open(&args.file, args.delimiter, PART_LENGTH_MAX)?;
    if args.resume.len() > table.parts.len() {
        let (jobs, parts) = (args.resume.len(), table.parts.len());
        return Err(CliError::usage(format!(
            "{jobs} jobs were given to go on with, and the table makes {parts}"
        )));
    }
    results.try_folder()?;
    let reach = Reach::open(&args.org, timeout, world, out)?;
    let jobs = Jobs::open(reach, (timeout, args.api_version.as_deref()), world)?;
    let environment = world.environment.as_ref();
    let url = jobs.reach.org.instance_url.as_str();
    let quick = client(environment, timeout, Traffic::Tokens, url)?;
    let mut import = Import {
        args,
        table,
        jobs,
        quick,
        results,
        hints: Hints::of(world, args),
        counts: Counts::default(),
        sent: 0,
        stopped: None,
    };
    import.check(out)?;
    let done = import.all_parts(out);
    interrupt::forget_farewell();
    if let Err(error) = done {
        // What was asked for cannot be gone on with: its own hint says what to do.
        if error.kind() == Kind::Usage {
            return Err(error);
        }
        return Err(import.hints.lines().into_iter().fold(error, CliError::hint));
    }
    import.report(out)
}

/// An import on its way.
struct Import<'a> {
    args: &'a ImportArgs,
    table: Table,
    jobs: Jobs,
    /// For the last request of a program that is interrupted.
    quick: UreqClient,
    results: Results,
    hints: Hints,
    counts: Counts,
    /// Records that a job had.
    sent: u64,
    /// Why the parts that are left were not sent.
    stopped: Option<Kind>,
}

impl Import<'_> {
    /// Holds the columns against the object.
    fn check(&mut self, out: &mut Output) -> Result<(), CliError> {
        let path = format!("sobjects/{}", crate::rest::escape(&self.args.object));
        let path = self.jobs.path(&path);
        let client = self.jobs.client.clone();
        let object = describe(&mut self.jobs.reach, &client, &path, out)?;
        for warning in check::columns(self.table.columns(), &object, self.args)? {
            out.warn(warning);
        }
        Ok(())
    }

    fn all_parts(&mut self, out: &mut Output) -> Result<(), CliError> {
        let parts = self.table.parts.clone();
        let count = parts.len();
        for (at, part) in parts.into_iter().enumerate() {
            let resumed = self.args.resume.get(at).cloned();
            let id = match resumed {
                Some(id) => self.resumed(id, out)?,
                None => self.send(part, out)?,
            };
            out.step(&format!("The job {id} has part {} of {count}...", at + 1));
            let job = self.wait(&id, part, out)?;
            let taken = self.take(&job, part, out)?;
            self.counts.succeeded += taken.succeeded;
            self.counts.failed += taken.failed;
            self.counts.unprocessed += taken.unprocessed;
            self.sent += part.records;
            if job.state != State::JobComplete {
                self.stop(&job, out);
            }
            if self.stopped.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// A job that was sent before.
    fn resumed(&mut self, id: String, out: &mut Output) -> Result<String, CliError> {
        let job = self.jobs.look(Side::Ingest, &id, out)?;
        check::job(&job, self.args, self.table.dialect.delimiter)?;
        if job.state != State::Open {
            self.leave(&id, out)?;
            return Ok(id);
        }
        let what = format!("the job {id} never had all of its data, and cannot be gone on with");
        Err(CliError::usage(what).hint(format!("leave out --resume {id}: its part is sent anew")))
    }

    /// From now on the job may have all of its data: nobody aborts it, and whoever is interrupted
    /// hears of it.
    fn leave(&mut self, id: &str, out: &Output) -> Result<(), CliError> {
        self.hints.go_on_with(id);
        self.say_at_the_end(None, out)
    }

    /// What to do and say when the program is interrupted from now on.
    fn say_at_the_end(&self, open: Option<&Job>, out: &Output) -> Result<(), CliError> {
        let lines = match open {
            Some(_) => self.hints.lines_of_an_upload(),
            None => self.hints.lines(),
        };
        let say = out.last_words(lines);
        let abort = open.map(|job| {
            let (client, org) = (self.quick.clone(), Arc::clone(&self.jobs.reach.org));
            let path = self.jobs.path_of((Side::Ingest, &job.id));
            // There is nobody left who could ask again.
            move || drop(Jobs::abort(&client, &org, &path))
        });
        let farewell = move || {
            if let Some(abort) = abort {
                abort();
            }
            say();
        };
        interrupt::on_signal(farewell)
            .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))
    }

    /// Makes a job and gives it a part of the table. An upload that breaks off is aborted, and
    /// tried again with another job: how much of it arrived is not known.
    fn send(&mut self, part: Part, out: &mut Output) -> Result<String, CliError> {
        let (mut tries, mut pauses) = (0, AFTER_FAILURE);
        loop {
            tries += 1;
            let job = self.jobs.create(Side::Ingest, &self.what(), out)?;
            self.say_at_the_end(Some(&job), out)?;
            let failure = match self.upload(&job, part, out) {
                Ok(()) => {
                    self.complete(&job, out)?;
                    return Ok(job.id);
                }
                Err(failure) => failure,
            };
            let again = self.prepare_another(failure, tries, out);
            self.abort(&job, out);
            again?;
            pauses
                .next()
                .into_iter()
                .for_each(|span| self.jobs.pause.pause(span));
        }
    }

    /// Says whether an upload that failed is tried again, in a new session if that one has ended.
    fn prepare_another(
        &mut self,
        failure: Failure,
        tries: usize,
        out: &mut Output,
    ) -> Result<(), CliError> {
        match failure {
            Failure::SessionEnded(_) if tries < TRIES && self.jobs.reach.can_renew() => {
                self.jobs.reach.renew(out)
            }
            Failure::Final(error) if tries < TRIES && may_pass(&error) => Ok(()),
            failure => Err(failure.into_error()),
        }
    }

    /// Ends a job that will never have all of its data.
    fn abort(&self, job: &Job, out: &mut Output) {
        let (id, org) = (&job.id, &self.jobs.reach.org);
        let path = self.jobs.path_of((Side::Ingest, id));
        if Jobs::abort(&self.quick, org, &path).is_err() {
            out.warn(format!(
                "the job {id} could not be aborted: it imports nothing, and stays open until \
                 `accredit api -X PATCH jobs/ingest/{id} -f state=Aborted` ends it"
            ));
        }
    }

    fn what(&self) -> serde_json::Value {
        let mut what = json!({
            "object": self.args.object,
            "operation": self.args.operation.as_str(),
            "contentType": "CSV",
            "columnDelimiter": self.table.dialect.delimiter.as_str(),
            "lineEnding": self.table.dialect.line_ending.as_str(),
        });
        if let (Some(field), Some(members)) = (&self.args.external_id, what.as_object_mut()) {
            members.insert("externalIdFieldName".to_owned(), json!(field));
        }
        what
    }

    fn upload(&self, job: &Job, part: Part, out: &Output) -> Result<(), Failure> {
        let unreadable = |error| {
            CliError::other(format!("{} cannot be read any more", self.args.file))
                .with_source(error)
        };
        let (data, length) = self.table.read(part).map_err(unreadable)?;
        let progress = Progress::bytes(out);
        let data = progress.reading(length, data);
        self.jobs.upload(&job.id, (data, length))
    }

    /// Says that the data are whole.
    fn complete(&mut self, job: &Job, out: &mut Output) -> Result<(), CliError> {
        // Before anything is said: an answer may be lost, and an interruption may come.
        self.leave(&job.id, out)?;
        self.say_it_is_whole(job, out).map_err(|error| {
            let id = &job.id;
            error.hint(format!(
                "the job {id} may have its data: look at it (`accredit api jobs/ingest/{id}`) \
                 before you import them again"
            ))
        })
    }

    /// If there is no answer, the job knows whether it heard.
    fn say_it_is_whole(&mut self, job: &Job, out: &mut Output) -> Result<(), CliError> {
        let place = (Side::Ingest, job.id.as_str());
        let Err(error) = self.jobs.change(place, "UploadComplete", out) else {
            return Ok(());
        };
        if !may_pass(&error) || self.jobs.look(Side::Ingest, &job.id, out)?.state != State::Open {
            return if may_pass(&error) { Ok(()) } else { Err(error) };
        }
        self.jobs.change(place, "UploadComplete", out).map(drop)
    }

    fn wait(&mut self, id: &str, part: Part, out: &mut Output) -> Result<Job, CliError> {
        let progress = Progress::new(out);
        self.jobs.wait((Side::Ingest, id), out, |job| {
            progress.advance(job.number_records_processed, part.records);
        })
    }

    fn take(&mut self, job: &Job, part: Part, out: &mut Output) -> Result<Counts, CliError> {
        let delimiter = self.table.dialect.delimiter;
        // Results are given to the version that made the job.
        let version = job.version();
        let before = version.map(|version| mem::replace(&mut self.jobs.version, version));
        let taken = self.results.take(&job.id, delimiter, &mut self.jobs, out);
        if let Some(before) = before {
            self.jobs.version = before;
        }
        let counts = taken?;
        if counts.sum() == part.records || job.state != State::JobComplete {
            return Ok(counts);
        }
        let (id, told, sent) = (&job.id, many(counts.sum()), part.records);
        out.warn(format!(
            "the job {id} tells of {told}, and the table has {sent} for it; if the table was \
             changed since the job was made, import the rest of it by itself"
        ));
        self.stopped = Some(Kind::Partial);
        Ok(counts)
    }

    /// Tells of a job that came to nothing; the next one would too.
    fn stop(&mut self, job: &Job, out: &mut Output) {
        let why = job
            .error_message
            .as_deref()
            .unwrap_or("no reason was given");
        let what = match job.state {
            State::Aborted => "was aborted".to_owned(),
            _ => format!("failed: {why}"),
        };
        let is_column = why.contains("Field name not found");
        let entry = is_column.then(|| accredit::diagnosis::Diagnosis::of_rest("INVALID_FIELD", ""));
        let entry = entry.flatten().map(|entry| {
            let (code, cause, fix) = (entry.code, entry.cause, entry.fix);
            format!("; {code}: {cause}; {fix}")
        });
        let entry = entry.unwrap_or_default();
        out.warn(format!("the job {} {what}{entry}", job.id));
        self.stopped = Some(Kind::Refused);
    }

    /// Writes the files and says what became of the table.
    fn report(self, out: &mut Output) -> Result<u8, CliError> {
        self.results.warn(out);
        let Counts {
            succeeded,
            failed,
            unprocessed,
        } = self.counts;
        let all = self.table.records();
        let status = match (self.stopped, succeeded) {
            (Some(kind), 0) => kind.code(),
            (None, _) if succeeded == all => 0,
            _ => Kind::Partial.code(),
        };
        let unsent = all.saturating_sub(self.sent);
        let hints = self.hints.lines().into_iter();
        let paths = self.results.publish().map_err(|error| {
            let error = error.hint("the records are imported, and their results are not written");
            hints.fold(error, CliError::hint)
        })?;
        let done = self.args.operation.done();
        let mut text = format!(
            "{} for {}: {succeeded} {done}, {failed} failed, {unprocessed} not processed",
            many(all),
            self.args.object
        );
        if unsent > 0 {
            text.push_str(&format!(", {unsent} not sent"));
        }
        text.push('\n');
        for path in paths.iter().flatten() {
            text.push_str(&format!("{}\n", path.display()));
        }
        let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let [success, failure, rest] = &paths;
        let value = json!({
            "object": self.args.object,
            "operation": self.args.operation.as_str(),
            "jobs": self.hints.jobs(),
            "records": all,
            "succeeded": succeeded,
            "failed": failed,
            "unprocessed": unprocessed,
            "unsent": unsent,
            "files": {
                "succeeded": shown(success),
                "failed": shown(failure),
                "unprocessed": shown(rest),
            },
        });
        out.result_with_status(status, &text, &value)
    }
}
