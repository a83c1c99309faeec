//! Records on their way into batches and results on their way out.

use std::collections::HashMap;
use std::fmt;

use axum::response::Response;
use http::HeaderValue;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::words::{self, Refusal};
use crate::org::Org;
use crate::org::bulk::{
    Content, Delimiter, Job, LineEnding, Outcome, Slice, UPLOAD_MAX, column_name, write_line,
};

const CSV: HeaderValue = HeaderValue::from_static("text/csv");

/// How tables are laid out in this API.
const FORM: (Delimiter, LineEnding) = (Delimiter::Comma, LineEnding::Lf);

/// What says in a table that a field is to be emptied.
const NONE: &str = "#N/A";

/// The most records of a batch.
const RECORDS_MAX: usize = 10_000;

/// The most that comes in one request, in bytes.
const BATCH_MAX: usize = 10_000_000;

/// The largest table that an array of records may become, in bytes.
const TABLE_MAX: usize = UPLOAD_MAX as usize;

/// The table that an array of records of this job is. A parent is told by a field of its own, as in
/// `{"Account": {"Number__c": "7"}}`.
pub(super) fn table(org: &Org, job: &Job, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let Records(records) = serde_json::from_slice(body)
        .map_err(|error| wrong(format!("Unable to parse the array of records: {error}")))?;
    let schema = org.schema();
    let object = schema
        .object(&job.task.object)
        .ok_or_else(|| wrong(format!("Object {} is not there", job.task.object)))?;
    let mut columns = Vec::new();
    let mut places = HashMap::new();
    let mut rows: Vec<Vec<(usize, String)>> = Vec::with_capacity(records.len());
    for record in records {
        let mut cells = Vec::with_capacity(record.len());
        for (name, text) in row(record) {
            let key = column_name(&schema, object, &name)
                .ok_or_else(|| wrong(format!("Field name not found : {name}")))?;
            let place = *places.entry(key).or_insert(columns.len());
            if place == columns.len() {
                columns.push(name);
            }
            cells.push((place, text));
        }
        rows.push(cells);
    }
    let mut table = Vec::new();
    write_line(&mut table, columns.iter().map(String::as_str), FORM);
    for row in &rows {
        let mut cells = vec![""; columns.len()];
        for (place, text) in row {
            if let Some(cell) = cells.get_mut(*place) {
                *cell = text;
            }
        }
        write_line(&mut table, cells.into_iter(), FORM);
        if table.len() > TABLE_MAX {
            let text = format!("As a table, the records have more than {TABLE_MAX} bytes");
            return Err(wrong(text));
        }
    }
    Ok(table)
}

fn wrong(problem: impl Into<String>) -> Refusal {
    Refusal::new("InvalidBatch", problem)
}

/// An array of at most [`RECORDS_MAX`] records.
struct Records(Vec<Map<String, Value>>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ReadRecords)
    }
}

/// Reads [`Records`].
struct ReadRecords;

impl<'de> Visitor<'de> for ReadRecords {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Records, A::Error> {
        let mut records = Vec::new();
        while let Some(record) = array.next_element()? {
            if records.len() == RECORDS_MAX {
                return Err(A::Error::custom(too_many()));
            }
            records.push(record);
        }
        Ok(Records(records))
    }
}

fn too_many() -> String {
    format!("A batch has at most {RECORDS_MAX} records")
}

/// Refuses a body that is too much for a batch.
pub(super) fn check_size(job: &Job, body: &[u8]) -> Result<(), Refusal> {
    if body.len() > BATCH_MAX {
        let size = body.len();
        let text = format!("A batch has at most {BATCH_MAX} bytes, and this one has {size}");
        return Err(wrong(text));
    }
    if job.task.operation.is_query() || words::content_of(job) == Content::Json {
        return Ok(());
    }
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let mut line = csv::ByteRecord::new();
    let mut count = 0;
    // What is no table is refused by name when the batch runs.
    while count <= RECORDS_MAX && table.read_byte_record(&mut line).unwrap_or_default() {
        count += 1;
    }
    match count > RECORDS_MAX {
        true => Err(wrong(too_many())),
        false => Ok(()),
    }
}

fn row(record: Map<String, Value>) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for (name, value) in record {
        match value {
            _ if name == "attributes" => {}
            Value::Object(parent) => {
                let known = parent.into_iter().filter(|(key, _)| key != "attributes");
                cells.extend(known.map(|(key, value)| (format!("{name}.{key}"), text(value))));
            }
            value => cells.push((name, text(value))),
        }
    }
    cells
}

fn text(value: Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::String(text) if text.is_empty() => NONE.to_owned(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// `…/result`: what became of the records, or where those that were found are.
pub(super) fn results(org: &Org, batch: &Job) -> Result<Response, Refusal> {
    let content = words::content_of(batch);
    if batch.task.operation.is_query() {
        return Ok(words::result_list(&[result_id(batch)], content));
    }
    if content == Content::Json {
        let mut results = Vec::new();
        org.read_outcomes(batch, &mut |outcome| results.push(result(outcome)))?;
        return Ok(words::send(words::JSON, Value::Array(results).to_string()));
    }
    let mut table = Vec::new();
    write_line(
        &mut table,
        ["Id", "Success", "Created", "Error"].into_iter(),
        FORM,
    );
    org.read_outcomes(batch, &mut |outcome| {
        let (success, error) = match &outcome.error {
            None => ("true", ""),
            Some(error) => ("false", error.as_str()),
        };
        let created = if outcome.is_new { "true" } else { "false" };
        let cells = [outcome.id.as_str(), success, created, error];
        write_line(&mut table, cells.into_iter(), FORM);
    })?;
    Ok(words::send(CSV, table))
}

/// The id of the only result of a query: that of its batch, with the prefix of results.
fn result_id(batch: &Job) -> String {
    format!("752{}", batch.id.get(3..).unwrap_or_default())
}

/// What became of a record, as JSON.
fn result(outcome: &Outcome) -> Value {
    let errors: Vec<Value> = outcome.error.iter().map(|text| error(text)).collect();
    let id = Some(&outcome.id).filter(|id| !id.is_empty());
    json!({
        "success": errors.is_empty(),
        "created": outcome.is_new,
        "id": id,
        "errors": errors,
    })
}

/// `CODE:message:fields --` in its parts.
fn error(text: &str) -> Value {
    let (code, rest) = text.split_once(':').unwrap_or(("UNKNOWN_EXCEPTION", text));
    let rest = rest.strip_suffix(" --").unwrap_or(rest);
    let (message, fields) = rest.rsplit_once(':').unwrap_or((rest, ""));
    let fields: Vec<&str> = fields.split(", ").filter(|name| !name.is_empty()).collect();
    json!({
        "message": message,
        "fields": fields,
        "statusCode": code,
        "extendedErrorDetails": null,
    })
}

/// `…/result/ID`: the records that a query found.
pub(super) fn found(org: &Org, batch: &Job, id: &str) -> Result<Response, Refusal> {
    if !batch.task.operation.is_query() || !result_id(batch).starts_with(id) || id.len() < 15 {
        let text = format!("Unable to find result {id} in batch {}", batch.id);
        return Err(Refusal::new("InvalidBatch", text));
    }
    let all = Slice {
        start: 0,
        end: batch.processed,
    };
    let mut body = Vec::new();
    let mut take = |data: Vec<u8>| {
        body.extend_from_slice(&data);
        true
    };
    match words::content_of(batch) {
        Content::Json => {
            take(b"[".to_vec());
            org.read_result(batch, all, &mut take)?;
            take(b"]".to_vec());
            Ok(words::send(words::JSON, body))
        }
        Content::Csv if batch.processed == 0 => {
            Ok(words::send(CSV, "Records not found for this query"))
        }
        Content::Csv => {
            take(org.result_header(batch)?);
            org.read_result(batch, all, &mut take)?;
            Ok(words::send(CSV, body))
        }
    }
}
