//! A job as JSON.

use accredit::clock::UnixTime;
use serde_json::{Map, Value, json};

use crate::org::bulk::Job;
use crate::org::value::{datetime_text, timestamp};

/// What is said when a job is made or changed, and in lists.
pub(super) fn brief(job: &Job) -> Value {
    let mut keys = start(job);
    if !job.task.operation.is_query() {
        let (version, id) = (job.task.version, &job.id);
        let url = format!("services/data/v{version}.0/jobs/ingest/{id}/batches");
        keys.insert("contentUrl".to_owned(), json!(url));
    }
    keys.insert("lineEnding".to_owned(), json!(job.task.line_ending));
    keys.insert("columnDelimiter".to_owned(), json!(job.task.delimiter));
    Value::Object(keys)
}

/// What is said when a job is asked for.
pub(super) fn full(job: &Job) -> Value {
    let mut keys = start(job);
    let mut put = |name: &str, value: Value| keys.insert(name.to_owned(), value);
    let is_query = job.task.operation.is_query();
    put(
        "jobType",
        json!(if is_query { "V2Query" } else { "V2Ingest" }),
    );
    if !is_query {
        let (version, id) = (job.task.version, &job.id);
        let url = format!("services/data/v{version}.0/jobs/ingest/{id}/batches");
        put("contentUrl", json!(url));
    }
    put("lineEnding", json!(job.task.line_ending));
    put("columnDelimiter", json!(job.task.delimiter));
    put("numberRecordsProcessed", json!(job.processed));
    if !is_query {
        put("numberRecordsFailed", json!(job.failed));
    }
    put("retries", json!(0));
    put("totalProcessingTime", json!(0));
    if is_query {
        put("isPkChunkingSupported", json!(false));
    } else {
        put("apiActiveProcessingTime", json!(0));
        put("apexProcessingTime", json!(0));
    }
    if let Some(error) = &job.error {
        put("errorMessage", json!(error));
    }
    Value::Object(keys)
}

fn start(job: &Job) -> Map<String, Value> {
    let mut keys = Map::new();
    let mut put = |name: &str, value: Value| keys.insert(name.to_owned(), value);
    put("id", json!(job.id));
    put("operation", json!(job.task.operation));
    put("object", json!(job.task.object));
    put("createdById", json!(job.created_by));
    put("createdDate", json!(moment(job.created_at)));
    put("systemModstamp", json!(moment(job.modified_at)));
    put("state", json!(job.state));
    if let Some(field) = &job.task.external_id {
        put("externalIdFieldName", json!(field));
    }
    put("concurrencyMode", json!("Parallel"));
    put("contentType", json!("CSV"));
    put("apiVersion", json!(f64::from(job.task.version)));
    keys
}

pub(in crate::rest) fn moment(millis: i64) -> String {
    let at = UnixTime::from_millis(u64::try_from(millis).unwrap_or_default());
    datetime_text(timestamp(at))
}
