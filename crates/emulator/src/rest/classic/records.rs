//! Records on their way into batches and results on their way out.

use axum::response::Response;
use http::HeaderValue;
use serde_json::{Map, Value, json};

use super::words::{self, Refusal};
use crate::org::Org;
use crate::org::bulk::{Content, Delimiter, Job, LineEnding, Outcome, Slice, write_line};

const CSV: HeaderValue = HeaderValue::from_static("text/csv");

/// How tables are laid out in this API.
const FORM: (Delimiter, LineEnding) = (Delimiter::Comma, LineEnding::Lf);

/// What says in a table that a field is to be emptied.
const NONE: &str = "#N/A";

/// The table that an array of records is. A parent is told by a field of its own, as in
/// `{"Account": {"Number__c": "7"}}`.
pub(super) fn table(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let wrong = |problem: String| Refusal::new("InvalidBatch", problem);
    let records: Vec<Map<String, Value>> = serde_json::from_slice(body)
        .map_err(|error| wrong(format!("Unable to parse the array of records: {error}")))?;
    let rows: Vec<Vec<(String, String)>> = records.into_iter().map(row).collect();
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut table = Vec::new();
    write_line(&mut table, columns.iter().copied(), FORM);
    for row in &rows {
        let cells = columns.iter().map(|column| {
            let cell = row.iter().find(|(name, _)| name == column);
            cell.map_or("", |(_, text)| text)
        });
        write_line(&mut table, cells, FORM);
    }
    Ok(table)
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
    if batch.operation.is_query() {
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
    if !batch.operation.is_query() || !result_id(batch).starts_with(id) || id.len() < 15 {
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
