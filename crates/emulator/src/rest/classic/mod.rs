//! `/services/async`: Bulk API 1.0 (fact sheet §6.3).
//!
//! Owns its paths and what is allowed when. Jobs and batches are the org's; how they are written
//! down is in `words`, and what goes in and out in `records`.

mod records;
mod words;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State as Shared};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use self::words::{Asked, Refusal, Speech};
use super::bulk::check_target;
use super::call::{Call, unexpected};
use super::{request_limit_exceeded, wire};
use crate::app::App;
use crate::error::ApiError;
use crate::org::Org;
use crate::org::bulk::{
    BATCHES_MAX, ClassicError, Content, Delimiter, Job, LineEnding, Load, State, Task, UPLOAD_MAX,
};
use crate::origin::Origin;
use crate::session::{Presented, Session, presented};

/// Answers a call.
pub(super) async fn answer(Shared(app): Shared<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers.clone();
    let speech = Speech::of(&headers);
    let response = respond(&app, parts, body)
        .await
        .unwrap_or_else(|refusal| refusal.into_response(speech));
    if response.headers().get(header::CONTENT_TYPE) != Some(&words::JSON) {
        headers.remove("x-prettyprint");
    }
    wire::dress(response, &headers).await
}

async fn respond(app: &App, mut parts: Parts, body: Body) -> Result<Response, Refusal> {
    adopt_session(&mut parts.headers);
    parts.uri = as_data(&parts.uri)?;
    let origin = Origin::from_request_parts(&mut parts, app).await;
    let origin = origin.map_err(|_| Refusal::new("InvalidUrl", "The Host header is no host"))?;
    let session = Session::from_request_parts(&mut parts, app).await?;
    if app.org().usage().count(app.now()).is_exceeded() {
        return Err(request_limit_exceeded().into());
    }
    let body = wire::body(&parts.headers, body).await?;
    let moment = (app.now(), app.settings().bulk_pace);
    let app = app.clone();
    let work = tokio::task::spawn_blocking(move || {
        let call = Call::new((&parts, &body), (&session, &origin), moment)?;
        let answer = route(app.org(), &call);
        super::follow_users(&app);
        answer
    });
    work.await.unwrap_or_else(|_| Err(unexpected().into()))
}

/// Takes the session from the header that this API has for it.
fn adopt_session(headers: &mut HeaderMap) {
    let token = headers.get("x-sfdc-session").cloned();
    let token = token.as_ref().and_then(|token| token.to_str().ok());
    if let (Some(token), Presented::Nothing) = (token, presented(headers))
        && let Ok(value) = HeaderValue::try_from(format!("Bearer {token}"))
    {
        headers.insert(header::AUTHORIZATION, value);
    }
}

/// `/services/async/60.0/…` as a path of the REST API, which says `v60.0`.
fn as_data(uri: &Uri) -> Result<Uri, Refusal> {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let rest = path.strip_prefix("/services/async/").unwrap_or_default();
    let uri = Uri::try_from(format!("/services/data/v{rest}"));
    uri.map_err(|_| Refusal::new("InvalidUrl", "The path is none"))
}

fn route(org: &Org, call: &Call<'_>) -> Result<Response, Refusal> {
    call.allow(&["GET", "HEAD", "POST"])?;
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let is_post = call.method == "POST";
    match (path.as_slice(), is_post) {
        (["job"], true) => begin(org, call),
        (["job", job], true) => change(org, call, &find(org, job)?),
        (["job", job], false) => show(org, call, &find(org, job)?, StatusCode::OK),
        (["job", job, "batch"], true) => add(org, call, &find(org, job)?),
        (["job", job, "batch"], false) => {
            let job = find(org, job)?;
            let batches = org.look_at_batches(&job.id, (call.bulk_pace, &call.author()))?;
            Ok(words::batches(&batches, Speech::about(call, &job)))
        }
        (["job", job, "batch", batch, rest @ ..], false) => {
            let job = find(org, job)?;
            let batch = find_batch(org, call, (&job, batch))?;
            match rest {
                [] => Ok(words::batch(
                    &batch,
                    (Speech::about(call, &job), StatusCode::OK),
                )),
                ["result"] => records::results(org, &ended(batch)?),
                ["result", id] => records::found(org, &ended(batch)?, id),
                _ => Err(Refusal::no_such_path(call)),
            }
        }
        _ => Err(Refusal::no_such_path(call)),
    }
}

/// `POST /job`
fn begin(org: &Org, call: &Call<'_>) -> Result<Response, Refusal> {
    let asked = Asked::read(call)?;
    let content = asked.content()?;
    let operation = asked.operation()?;
    let object = check_target(org, (operation, asked.get("object"), asked.external_id()))
        .map_err(|error| Refusal::new("InvalidJob", error.message))?;
    let task = Task {
        operation,
        object,
        query: None,
        external_id: asked.external_id().map(str::to_owned),
        delimiter: Delimiter::default(),
        line_ending: LineEnding::default(),
        version: call.version,
    };
    let job = org.begin_classic(task, content, &call.author())?;
    show(org, call, &job, StatusCode::CREATED)
}

/// `POST /job/ID` closes or aborts.
fn change(org: &Org, call: &Call<'_>, job: &Job) -> Result<Response, Refusal> {
    let asked = Asked::read(call)?;
    let job = match asked.get("state") {
        "Closed" => org.close_classic(&job.id, &call.author())?,
        "Aborted" => org.abort_classic(&job.id, &call.author())?,
        other => {
            let text = format!("A job becomes Closed or Aborted, not {other:?}");
            return Err(Refusal::new("InvalidJobState", text));
        }
    };
    show(org, call, &job, StatusCode::OK)
}

fn show(org: &Org, call: &Call<'_>, job: &Job, status: StatusCode) -> Result<Response, Refusal> {
    let batches = org.look_at_batches(&job.id, (call.bulk_pace, &call.author()))?;
    Ok(words::job(
        job,
        &batches,
        (Speech::about(call, job), status),
    ))
}

/// `POST /job/ID/batch`
fn add(org: &Org, call: &Call<'_>, job: &Job) -> Result<Response, Refusal> {
    if job.state != State::Open {
        return Err(ClassicError::State(Some(job.state)).into());
    }
    records::check_size(job, call.body)?;
    let is_json = words::content_of(job) == Content::Json;
    let converted;
    let load = if job.task.operation.is_query() {
        let text = std::str::from_utf8(call.body);
        Load::Query(text.map_err(|_| Refusal::new("InvalidBatch", "The statement is no UTF-8"))?)
    } else if is_json {
        converted = records::table(org, job, call.body)?;
        Load::Table(&converted)
    } else {
        Load::Table(call.body)
    };
    let batch = org.add_batch(&job.id, load, &call.author())?;
    let speech = Speech::about(call, job);
    Ok(words::batch(&batch, (speech, StatusCode::CREATED)))
}

fn find(org: &Org, id: &str) -> Result<Job, Refusal> {
    let is_job = |job: &Job| matches!(&job.classic, Some(classic) if classic.batch_of.is_none());
    let text = || format!("Unable to find job {id}");
    let found = org.job(id)?.filter(is_job);
    found.ok_or_else(|| Refusal::new("InvalidJob", text()))
}

/// A batch of a job after a look at it.
fn find_batch(org: &Org, call: &Call<'_>, (job, id): (&Job, &str)) -> Result<Job, Refusal> {
    let is_batch = |batch: &Job| {
        let classic = batch.classic.as_ref();
        classic.and_then(|classic| classic.batch_of.as_deref()) == Some(&*job.id)
    };
    let text = format!("Unable to find batch {id} in job {}", job.id);
    let known = org.job(id)?.filter(is_batch);
    let known = known.ok_or_else(|| Refusal::new("InvalidBatch", text.clone()))?;
    let looked = org.advance_job(&known.id, (call.bulk_pace, &call.author()))?;
    looked.ok_or_else(|| Refusal::new("InvalidBatch", text))
}

fn ended(batch: Job) -> Result<Job, Refusal> {
    if batch.state == State::JobComplete {
        return Ok(batch);
    }
    let text = format!("Batch {} is not completed", batch.id);
    Err(Refusal::new("InvalidBatch", text))
}

impl From<ClassicError> for Refusal {
    fn from(error: ClassicError) -> Self {
        match error {
            ClassicError::State(None) => Self::new("InvalidJob", "The job is not there"),
            ClassicError::State(Some(state)) => {
                let state = words::state_name(state);
                let text = format!("The job is {state}, which does not allow this");
                Self::new("InvalidJobState", text)
            }
            ClassicError::Full => {
                let text = format!("A job has at most {BATCHES_MAX} batches");
                Self::new("ExceededQuota", text)
            }
            ClassicError::TooLarge => {
                let text = format!("A batch has at most {UPLOAD_MAX} bytes");
                Self::new("InvalidBatch", text)
            }
            ClassicError::Database(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(super::call::failed(&error))
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error.code {
            "INVALID_SESSION_ID" => Self::new("InvalidSessionId", "Invalid session id"),
            "NOT_FOUND" => Self::new("InvalidUrl", error.message),
            "REQUEST_LIMIT_EXCEEDED" => Self::new("ExceededQuota", error.message),
            _ => Self {
                status: error.status,
                code: "ClientInputError",
                message: error.message,
            },
        }
    }
}
