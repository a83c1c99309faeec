//! `POST /composite/tree/T`: records with the records below them, all or none.

use std::collections::HashSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, ApiError, Call, bad_request, failed, in_one, read, refusal};
use crate::ids::RecordId;
use crate::org::Org;
use crate::org::schema::{Object, Schema};
use crate::org::write::{Given, Refusal, WriteError};

/// The most records in all levels.
const RECORDS_MAX: usize = 200;

/// The most objects, and the most levels.
const DEPTH_MAX: usize = 5;

#[derive(Deserialize)]
struct Tree {
    records: Vec<Map<String, Value>>,
}

/// A record and where it hangs.
struct Node {
    object: String,
    reference: String,
    fields: Map<String, Value>,
    /// The node above it, and the field that refers to that.
    parent: Option<(usize, String)>,
}

/// Makes all records of a body.
pub(super) fn answer(org: &Org, call: &Call<'_>, name: &str) -> Result<Answer, ApiError> {
    call.allow(&["POST"])?;
    let schema = org.schema();
    let root = schema.object(name).ok_or_else(ApiError::not_found)?;
    let Tree { records } = read(call)?;
    let mut nodes = Vec::new();
    for record in records {
        flatten(&schema, (root, record), (None, 1), &mut nodes)?;
    }
    check(&nodes)?;
    let made = in_one(org, || make(org, call, &nodes), Result::is_ok)?;
    match made {
        Ok(results) => {
            let body = json!({"hasErrors": false, "results": results});
            Ok(Answer::json(&body).with_status(StatusCode::CREATED))
        }
        Err(Failure::Records(results)) => {
            let body = json!({"hasErrors": true, "results": results});
            Ok(Answer::json(&body).with_status(StatusCode::BAD_REQUEST))
        }
        Err(Failure::Database(error)) => Err(failed(&error)),
    }
}

/// Takes a record and what is below it apart, parents first.
fn flatten(
    schema: &Schema,
    (object, record): (&Object, Map<String, Value>),
    (parent, level): (Option<(usize, String)>, usize),
    nodes: &mut Vec<Node>,
) -> Result<(), ApiError> {
    if level > DEPTH_MAX || nodes.len() >= RECORDS_MAX {
        let message = format!(
            "A tree may have {RECORDS_MAX} records in {DEPTH_MAX} levels of {DEPTH_MAX} objects."
        );
        return Err(bad_request("INVALID_INPUT", message));
    }
    let attributes = record.get("attributes").unwrap_or(&Value::Null);
    let text = |key: &str| {
        attributes
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let kind = text("type");
    if !kind.is_empty() && !kind.eq_ignore_ascii_case(&object.name) {
        let message = format!("The type {kind} does not match {}.", object.name);
        return Err(bad_request("INVALID_INPUT", message));
    }
    let at = nodes.len();
    nodes.push(Node {
        object: object.name.clone(),
        reference: text("referenceId").to_owned(),
        fields: Map::new(),
        parent,
    });
    for (name, value) in record {
        let below = schema.children_of(object).find(|child| {
            let relationship = child.field.children.as_deref();
            relationship.is_some_and(|known| known.eq_ignore_ascii_case(&name))
        });
        let (Some(child), Some(records)) = (below, value.get("records")) else {
            if let Some(node) = nodes.get_mut(at).filter(|_| name != "attributes") {
                node.fields.insert(name, value);
            }
            continue;
        };
        for record in records.as_array().cloned().unwrap_or_default() {
            let Value::Object(record) = record else {
                let message = format!("{name} must hold records");
                return Err(bad_request("INVALID_INPUT", message));
            };
            let parent = Some((at, child.field.name.clone()));
            flatten(schema, (child.object, record), (parent, level + 1), nodes)?;
        }
    }
    Ok(())
}

fn check(nodes: &[Node]) -> Result<(), ApiError> {
    let objects: HashSet<&str> = nodes.iter().map(|node| node.object.as_str()).collect();
    if objects.len() > DEPTH_MAX {
        let message = format!("A tree may have at most {DEPTH_MAX} different objects.");
        return Err(bad_request("INVALID_INPUT", message));
    }
    let mut seen = HashSet::new();
    for node in nodes {
        if node.reference.is_empty() {
            let message = "Include a reference ID for each record in the request.";
            return Err(bad_request("INVALID_INPUT", message));
        }
        if !seen.insert(&node.reference) {
            let message = format!(
                "Duplicate ReferenceId provided in the request: {}",
                node.reference
            );
            return Err(bad_request("INVALID_INPUT", message));
        }
    }
    Ok(())
}

/// Why nothing was made.
enum Failure {
    /// What is wrong with each record that is.
    Records(Vec<Value>),
    Database(rusqlite::Error),
}

/// Makes every record whose parent could be made.
fn make(org: &Org, call: &Call<'_>, nodes: &[Node]) -> Result<Vec<Value>, Failure> {
    let schema = org.schema();
    let mut ids: Vec<Option<RecordId>> = Vec::with_capacity(nodes.len());
    let mut errors = Vec::new();
    for node in nodes {
        let made = match parent_id(node, &ids) {
            Some(parent) => one(org, call, (&schema, node, parent)),
            None => {
                ids.push(None);
                continue;
            }
        };
        match made {
            Ok(id) => ids.push(Some(id)),
            Err(WriteError::Database(error)) => return Err(Failure::Database(error)),
            Err(WriteError::Refused(refusal)) => {
                ids.push(None);
                let errors_of = [refusal::element(&refusal)];
                errors.push(json!({"referenceId": node.reference, "errors": errors_of}));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Failure::Records(errors));
    }
    let pairs = nodes.iter().zip(ids.iter().flatten());
    Ok(pairs
        .map(|(node, id)| json!({"referenceId": node.reference, "id": id.as_str()}))
        .collect())
}

/// The field that names the parent and the parent's id; nothing if the parent was not made.
fn parent_id<'n>(node: &'n Node, ids: &[Option<RecordId>]) -> Option<Option<(&'n str, RecordId)>> {
    let Some((at, field)) = &node.parent else {
        return Some(None);
    };
    let id = ids.get(*at)?.clone()?;
    Some(Some((field, id)))
}

fn one(
    org: &Org,
    call: &Call<'_>,
    (schema, node, parent): (&Schema, &Node, Option<(&str, RecordId)>),
) -> Result<RecordId, WriteError> {
    let object = schema.object(&node.object).ok_or_else(Refusal::missing)?;
    let text = Value::Object(node.fields.clone()).to_string();
    let mut given = Given::from_json(text.as_bytes())?;
    if let Some((field, id)) = parent {
        given.push(Given::text(field, id.as_str()));
    }
    org.create(object, &given, &call.author())
}
