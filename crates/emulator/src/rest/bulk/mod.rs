//! `/jobs/query` and `/jobs/ingest`: Bulk API 2.0 (fact sheet §6).
//!
//! Owns how jobs look on the wire. What they do is done by the org. Their files go in and out as
//! streams, by `transfer`.

pub(super) mod info;
mod transfer;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

pub(super) use self::transfer::{download, is_transfer, upload};
use super::call::{Answer, Call, failed, not_implemented};
use super::{query, refusal};
use crate::error::ApiError;
use crate::org::Org;
use crate::org::bulk::{Delimiter, Job, LineEnding, NoTable, Operation, State, Task};
use crate::org::schema::Flag;

/// How many jobs a page of the list has.
const PAGE: usize = 1_000;

/// Which of the two kinds of jobs a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Query,
    Ingest,
}

impl Kind {
    fn of(job: &Job) -> Self {
        if job.task.operation.is_query() {
            return Self::Query;
        }
        Self::Ingest
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "ingest" => Some(Self::Ingest),
            _ => None,
        }
    }
}

/// What a call of `/jobs/…` is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let kind = path.first().and_then(|name| Kind::named(name));
    let kind = kind.ok_or_else(|| not_implemented(&format!("/jobs/{}", path.join("/"))))?;
    match path.get(1..).unwrap_or_default() {
        [] if call.is_read() => list(org, call, kind),
        [] => {
            call.allow(&["GET", "POST"])?;
            match kind {
                Kind::Query => create_query(org, call),
                Kind::Ingest => create_ingest(org, call),
            }
        }
        [id] => one(org, call, (kind, id)),
        [id, pages] if kind == Kind::Query && pages.eq_ignore_ascii_case("resultPages") => {
            call.allow(&["GET"])?;
            transfer::pages(org, call, &finished(org, call, (kind, id))?)
        }
        _ => Err(ApiError::not_found()),
    }
}

/// `/jobs/query/ID`, `/jobs/ingest/ID`
fn one(org: &Org, call: &Call<'_>, (kind, id): (Kind, &str)) -> Result<Answer, ApiError> {
    call.allow(&["GET", "PATCH", "DELETE"])?;
    if !call.is_read() && !call.parameters.is_empty() {
        let message = "Cannot specify query parameters on this resource";
        return Err(refused("INVALIDPARAMETER", message));
    }
    let job = find(org, (kind, id))?;
    match call.method {
        Method::PATCH => change(org, call, job),
        Method::DELETE => {
            let may_go = match kind {
                Kind::Query => job.state.is_end(),
                Kind::Ingest => {
                    job.state != State::InProgress && job.state != State::UploadComplete
                }
            };
            if !may_go {
                let message = format!(
                    "Job {} cannot be deleted while it is {:?}",
                    job.id, job.state
                );
                return Err(refused("INVALIDJOBSTATE", message));
            }
            org.forget_job(&job.id).map_err(|error| failed(&error))?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Ok(Answer::json(&info::full(&advance(org, call, job)?))),
    }
}

/// A job of this kind.
fn find(org: &Org, (kind, id): (Kind, &str)) -> Result<Job, ApiError> {
    org.job(id)
        .map_err(|error| failed(&error))?
        .filter(|job| job.classic.is_none() && Kind::of(job) == kind)
        .ok_or_else(|| no_such_job(id))
}

/// The job after a look at it.
fn advance(org: &Org, call: &Call<'_>, job: Job) -> Result<Job, ApiError> {
    let id = job.id;
    org.advance_job(&id, (call.bulk_pace, &call.author()))
        .map_err(|error| failed(&error))?
        .ok_or_else(|| no_such_job(&id))
}

fn no_such_job(id: &str) -> ApiError {
    let message = format!("Unable to find object for job id: {id}");
    ApiError::framework(StatusCode::NOT_FOUND, "INVALIDJOB", message)
}

/// A job whose results can be read.
fn finished(org: &Org, call: &Call<'_>, path: (Kind, &str)) -> Result<Job, ApiError> {
    let job = find(org, path)?;
    let job = advance(org, call, job)?;
    if job.state == State::JobComplete || path.0 == Kind::Ingest && job.state.is_end() {
        return Ok(job);
    }
    let state = match job.state {
        State::Open => "OPEN",
        State::UploadComplete => "UPLOAD_COMPLETE",
        State::InProgress => "IN_PROGRESS",
        State::JobComplete => "JOB_COMPLETE",
        State::Failed => "FAILED",
        State::Aborted => "ABORTED",
    };
    Err(ApiError::framework(
        StatusCode::PRECONDITION_FAILED,
        "JOB_NOT_COMPLETE",
        format!(
            "can only download query results of successfully completed bulk job with status: \
             JOB_COMPLETE. Current status: {state}"
        ),
    ))
}

fn refused(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::framework(StatusCode::BAD_REQUEST, code, message)
}

/// `PATCH {"state": "UploadComplete"}` or `"Aborted"`
fn change(org: &Org, call: &Call<'_>, mut job: Job) -> Result<Answer, ApiError> {
    #[derive(Deserialize)]
    struct Change {
        state: State,
    }
    let Change { state } = read(call)?;
    let is_allowed = match state {
        State::Aborted => !job.state.is_end(),
        State::UploadComplete => job.state == State::Open,
        _ => false,
    };
    if !is_allowed {
        let message = format!(
            "Cannot change the state of a job from {:?} to {state:?}",
            job.state
        );
        return Err(refused("INVALIDJOBSTATE", message));
    }
    job.state = state;
    job.modified_at = i64::try_from(call.now.as_millis()).unwrap_or(i64::MAX);
    org.keep_job(&job).map_err(|error| failed(&error))?;
    Ok(Answer::json(&info::brief(&job)))
}

/// What both kinds of jobs are made from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    operation: Operation,
    query: Option<String>,
    object: Option<String>,
    external_id_field_name: Option<String>,
    #[serde(default)]
    column_delimiter: Delimiter,
    #[serde(default)]
    line_ending: LineEnding,
    content_type: Option<String>,
    #[serde(rename = "concurrencyMode")]
    _concurrency_mode: Option<String>,
    #[serde(rename = "assignmentRuleId")]
    assignment_rule_id: Option<String>,
}

fn read<T: serde::de::DeserializeOwned>(call: &Call<'_>) -> Result<T, ApiError> {
    serde_json::from_slice(call.body).map_err(|error| {
        let refusal = crate::org::write::parser_error(&error);
        refused("INVALIDJOB", refusal.message)
    })
}

impl Asked {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let content_type = call.header("content-type").unwrap_or_default();
        if content_type.starts_with("multipart/") {
            return Err(not_implemented(
                "jobs that come with their data in one request",
            ));
        }
        if !call.parameters.is_empty() {
            let message = "Cannot specify query parameters on this resource";
            return Err(refused("INVALIDPARAMETER", message));
        }
        let asked: Self = read(call)?;
        if asked
            .content_type
            .as_deref()
            .is_some_and(|kind| kind != "CSV")
        {
            return Err(refused("INVALIDJOB", "The contentType of a job is CSV"));
        }
        if asked.assignment_rule_id.is_some() {
            return Err(not_implemented("assignment rules"));
        }
        Ok(asked)
    }

    fn into_task(self, call: &Call<'_>, object: String) -> Task {
        Task {
            operation: self.operation,
            object,
            query: self.query,
            external_id: self.external_id_field_name,
            delimiter: self.column_delimiter,
            line_ending: self.line_ending,
            version: call.version,
        }
    }
}

fn create_query(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    let asked = Asked::read(call)?;
    let Some(text) = asked
        .query
        .as_deref()
        .filter(|_| asked.operation.is_query())
    else {
        let message = "A query job needs the operation query or queryAll, and a query";
        return Err(refused("INVALIDJOB", message));
    };
    let (_, object) =
        org.export_columns(text, &query::asker(call))
            .map_err(|error| match error {
                NoTable::Query(error) => query::refusal(error),
                NoTable::Refused(error) => refusal::of_refusal(error),
            })?;
    begin(org, call, asked.into_task(call, object))
}

fn create_ingest(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    let asked = Asked::read(call)?;
    if asked.operation.is_query() || asked.query.is_some() {
        let message =
            "An ingest job needs the operation insert, update, upsert, delete or hardDelete";
        return Err(refused("INVALIDJOB", message));
    }
    let name = asked.object.as_deref().unwrap_or_default();
    let external_id = asked.external_id_field_name.as_deref();
    let object = check_target(org, (asked.operation, name, external_id))?;
    begin(org, call, asked.into_task(call, object))
}

/// The name of the object that a job is for, if the job can be.
pub(super) fn check_target(
    org: &Org,
    (operation, name, external_id): (Operation, &str, Option<&str>),
) -> Result<String, ApiError> {
    let schema = org.schema();
    let object = schema.object(name).ok_or_else(|| {
        let message = format!("The entity '{name}' is not supported by the Bulk API.");
        refused("INVALIDENTITY", message)
    })?;
    let is_key = external_id
        .and_then(|name| object.field(name))
        .is_some_and(|field| {
            field.name == "Id" || field.is(Flag::ExternalId) || field.is(Flag::IdLookup)
        });
    if operation == Operation::Upsert && !is_key {
        let message = format!(
            "Field name provided, {} does not match an External ID, Salesforce Id, or indexed \
             field for {}",
            external_id.unwrap_or("none"),
            object.name
        );
        return Err(refused("INVALIDJOB", message));
    }
    Ok(object.name.clone())
}

fn begin(org: &Org, call: &Call<'_>, task: Task) -> Result<Answer, ApiError> {
    let job = org.begin_job(task, &call.author());
    let job = job.map_err(|error| failed(&error))?;
    Ok(Answer::json(&info::brief(&job)))
}

/// `GET /jobs/query`, `GET /jobs/ingest`
fn list(org: &Org, call: &Call<'_>, kind: Kind) -> Result<Answer, ApiError> {
    let after = call.parameter("queryLocator").unwrap_or_default();
    let jobs = org.jobs(after, PAGE).map_err(|error| failed(&error))?;
    let next = jobs.get(PAGE - 1).map(|last| {
        let name = match kind {
            Kind::Query => "query",
            Kind::Ingest => "ingest",
        };
        let (version, last) = (call.version, &last.id);
        format!("/services/data/v{version}.0/jobs/{name}?queryLocator={last}")
    });
    let records: Vec<_> = jobs
        .iter()
        .filter(|job| job.classic.is_none() && Kind::of(job) == kind)
        .map(info::brief)
        .collect();
    Ok(Answer::json(
        &json!({"done": next.is_none(), "records": records, "nextRecordsUrl": next}),
    ))
}
