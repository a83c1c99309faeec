//! Jobs, batches and errors as XML or JSON.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use roxmltree::{Document, ParsingOptions};
use serde_json::{Map, Value, json};

use super::super::bulk::info::moment;
use super::super::call::Call;
use super::super::wire::escaped;
use crate::org::bulk::{Content, Job, Operation, State};

/// The namespace of everything that is XML here.
const NAMESPACE: &str = "http://www.force.com/2009/06/asyncapi/dataload";

/// The most elements and texts of what is asked.
const NODES_MAX: u32 = 1_000;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// In which of the two forms things are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Xml,
    Json,
}

impl Speech {
    /// The form of what the client sent, or accepts.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let names = [header::CONTENT_TYPE, header::ACCEPT];
        let is_json = names.iter().any(|name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.starts_with("application/json"))
        });
        if is_json { Self::Json } else { Self::Xml }
    }

    /// Of jobs whose records are JSON, everything is.
    pub(super) fn about(call: &Call<'_>, job: &Job) -> Self {
        match content_of(job) {
            Content::Json => Self::Json,
            Content::Csv => Self::of(call.headers),
        }
    }
}

pub(super) fn content_of(job: &Job) -> Content {
    let classic = job.classic.as_ref();
    classic.map_or(Content::Csv, |classic| classic.content)
}

/// Why a call is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
        }
    }

    pub(super) fn no_such_path(call: &Call<'_>) -> Self {
        let text = format!("There is no {} of /{}", call.method, call.path.join("/"));
        Self::new("InvalidUrl", text)
    }

    pub(super) fn into_response(self, speech: Speech) -> Response {
        let mut members = Map::new();
        members.insert("exceptionCode".to_owned(), json!(self.code));
        members.insert("exceptionMessage".to_owned(), json!(self.message));
        say("error", &Value::Object(members), (speech, self.status))
    }
}

/// What a client asks of a job: the members of `jobInfo`.
#[derive(Debug)]
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    pub(super) fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        let wrong = |problem: String| Refusal::new("InvalidJob", problem);
        if Speech::of(call.headers) == Speech::Json {
            let members: Map<String, Value> = serde_json::from_slice(call.body)
                .map_err(|error| wrong(format!("Unable to parse Job: {error}")))?;
            let text = |value: Value| match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let members = members.into_iter();
            return Ok(Self(
                members.map(|(name, value)| (name, text(value))).collect(),
            ));
        }
        let text = std::str::from_utf8(call.body).unwrap_or_default();
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: NODES_MAX,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(text.trim(), options)
            .map_err(|error| wrong(format!("Unable to parse Job: {error}")))?;
        let elements = document.root_element().children();
        let members = elements.filter(|node| node.is_element()).map(|node| {
            let text = node.text().unwrap_or_default().trim();
            (node.tag_name().name().to_owned(), text.to_owned())
        });
        Ok(Self(members.collect()))
    }

    /// A member, or the empty text.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        Some(self.get("externalIdFieldName")).filter(|name| !name.is_empty())
    }

    pub(super) fn content(&self) -> Result<Content, Refusal> {
        match self.get("contentType") {
            "CSV" => Ok(Content::Csv),
            "JSON" => Ok(Content::Json),
            other => Err(Refusal {
                status: StatusCode::NOT_IMPLEMENTED,
                ..Refusal::new(
                    "FeatureNotEnabled",
                    format!("This emulator takes the contentType CSV or JSON, not {other:?}"),
                )
            }),
        }
    }

    pub(super) fn operation(&self) -> Result<Operation, Refusal> {
        let name = Value::from(self.get("operation"));
        serde_json::from_value(name).map_err(|_| {
            let text = format!("{:?} is no operation", self.get("operation"));
            Refusal::new("InvalidJob", text)
        })
    }
}

/// What the state of a job is called.
pub(super) fn state_name(state: State) -> &'static str {
    match state {
        State::UploadComplete => "Closed",
        State::Aborted => "Aborted",
        _ => "Open",
    }
}

/// A job and what its batches come to.
pub(super) fn job(job: &Job, batches: &[Job], (speech, status): (Speech, StatusCode)) -> Response {
    let count = |state: State| batches.iter().filter(|batch| batch.state == state).count();
    let mut info = json!({
        "id": job.id,
        "operation": job.task.operation,
        "object": job.task.object,
        "createdById": job.created_by,
        "createdDate": spoken(job.created_at, speech),
        "systemModstamp": spoken(job.modified_at, speech),
        "state": state_name(job.state),
        "concurrencyMode": "Parallel",
        "contentType": content_of(job),
        "numberBatchesQueued": count(State::UploadComplete),
        "numberBatchesInProgress": count(State::InProgress),
        "numberBatchesCompleted": count(State::JobComplete),
        "numberBatchesFailed": count(State::Failed),
        "numberBatchesTotal": batches.len(),
        "numberRecordsProcessed": batches.iter().map(|batch| batch.processed).sum::<i64>(),
        "numberRetries": 0,
        "apiVersion": f64::from(job.task.version),
        "numberRecordsFailed": batches.iter().map(|batch| batch.failed).sum::<i64>(),
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    });
    if let (Some(field), Some(members)) = (&job.task.external_id, info.as_object_mut()) {
        members.insert("externalIdFieldName".to_owned(), json!(field));
    }
    say("jobInfo", &info, (speech, status))
}

/// A batch.
pub(super) fn batch(batch: &Job, (speech, status): (Speech, StatusCode)) -> Response {
    say("batchInfo", &batch_info(batch, speech), (speech, status))
}

/// The batches of a job.
pub(super) fn batches(batches: &[Job], speech: Speech) -> Response {
    let infos: Vec<Value> = batches
        .iter()
        .map(|batch| batch_info(batch, speech))
        .collect();
    say(
        "batchInfoList",
        &json!({"batchInfo": infos}),
        (speech, StatusCode::OK),
    )
}

fn batch_info(batch: &Job, speech: Speech) -> Value {
    let classic = batch.classic.as_ref();
    let state = match batch.state {
        State::Open | State::UploadComplete => "Queued",
        State::InProgress => "InProgress",
        State::JobComplete => "Completed",
        State::Failed => "Failed",
        State::Aborted => "NotProcessed",
    };
    let mut info = json!({
        "id": batch.id,
        "jobId": classic.and_then(|classic| classic.batch_of.as_deref()),
        "state": state,
        "createdDate": spoken(batch.created_at, speech),
        "systemModstamp": spoken(batch.modified_at, speech),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    });
    if let (Some(error), Some(members)) = (&batch.error, info.as_object_mut()) {
        members.insert("stateMessage".to_owned(), json!(error));
    }
    info
}

/// XML has its moments end in `Z`.
fn spoken(millis: i64, speech: Speech) -> String {
    let text = moment(millis);
    match (speech, text.strip_suffix("+0000")) {
        (Speech::Xml, Some(start)) => format!("{start}Z"),
        _ => text,
    }
}

/// Where the results of a query are.
pub(super) fn result_list(ids: &[String], content: Content) -> Response {
    match content {
        Content::Json => send(JSON, json!(ids).to_string()),
        Content::Csv => {
            let list = json!({"result": ids});
            say("result-list", &list, (Speech::Xml, StatusCode::OK))
        }
    }
}

/// An answer that all went well.
pub(super) fn send(content_type: HeaderValue, body: impl Into<Vec<u8>>) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

fn say(name: &str, value: &Value, (speech, status): (Speech, StatusCode)) -> Response {
    let (content_type, body) = match speech {
        Speech::Json => (JSON, value.to_string()),
        Speech::Xml => {
            let mut body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
            write(&mut body, name, &format!(" xmlns=\"{NAMESPACE}\""), value);
            (XML, body)
        }
    };
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// Writes an element; a list becomes one element for each of its members.
fn write(out: &mut String, name: &str, attributes: &str, value: &Value) {
    if let Value::Array(items) = value {
        items
            .iter()
            .for_each(|item| write(out, name, attributes, item));
        return;
    }
    out.push_str(&format!("<{name}{attributes}>"));
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                write(out, name, "", member);
            }
        }
        Value::String(text) => out.push_str(&escaped(text)),
        other => out.push_str(&other.to_string()),
    }
    out.push_str(&format!("</{name}>"));
}
