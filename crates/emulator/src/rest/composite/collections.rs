//! `/composite/sobjects`: many records of one or more objects in one call.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, ApiError, Call, bad_request, in_one, not_implemented, read, refusal};
use crate::ids::RecordId;
use crate::org::Org;
use crate::org::schema::{Object, Schema};
use crate::org::write::{Given, Key, Presence, Refusal, Removal, Upserted, WriteError};
use crate::rest::call::failed;
use crate::rest::records;

/// The most records that are written.
const RECORDS_MAX: usize = 200;

/// The most records that are read.
const READ_MAX: usize = 2_000;

/// The most runs of records of one object.
const CHUNKS_MAX: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    #[serde(default)]
    all_or_none: bool,
    records: Vec<Map<String, Value>>,
}

/// Which records to read, and what of them.
#[derive(Deserialize)]
struct Wanted {
    ids: Vec<String>,
    fields: Vec<String>,
}

/// What became of one record.
enum Written {
    Done(RecordId),
    Upserted(Upserted),
    Refused(Refusal),
    Failed(rusqlite::Error),
}

impl From<Result<RecordId, WriteError>> for Written {
    fn from(outcome: Result<RecordId, WriteError>) -> Self {
        match outcome {
            Ok(id) => Self::Done(id),
            Err(WriteError::Refused(refusal)) => Self::Refused(refusal),
            Err(WriteError::Database(error)) => Self::Failed(error),
        }
    }
}

/// What a call of `/composite/sobjects…` is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let schema = org.schema();
    match path {
        [] => {
            call.allow(&["POST", "PATCH", "DELETE"])?;
            match call.method.as_str() {
                "DELETE" => delete(org, call, &schema),
                _ => write(org, call, &schema),
            }
        }
        [name] => {
            call.allow(&["GET", "POST"])?;
            let object = schema.object(name).ok_or_else(ApiError::not_found)?;
            retrieve(org, call, object)
        }
        [name, field] => {
            call.allow(&["PATCH"])?;
            let object = schema.object(name).ok_or_else(ApiError::not_found)?;
            upsert(org, call, (&schema, object, field))
        }
        _ => Err(not_implemented("this collection")),
    }
}

/// `POST` makes, `PATCH` changes.
fn write(org: &Org, call: &Call<'_>, schema: &Schema) -> Result<Answer, ApiError> {
    let Collection {
        all_or_none,
        records,
    } = collection(call)?;
    let is_create = call.method == "POST";
    each(org, (&records, all_or_none), |record| {
        let object = object_of(schema, record)?;
        let mut given = given(record)?;
        if is_create {
            return org.create(object, &given, &call.author());
        }
        let id = take_id(&mut given).unwrap_or_default();
        let id = existing(org, (object, &id))?;
        org.update((object, &id), &given, &call.author())?;
        Ok(id)
    })
}

/// `PATCH /composite/sobjects/T/FIELD`
fn upsert(
    org: &Org,
    call: &Call<'_>,
    (schema, object, name): (&Schema, &Object, &str),
) -> Result<Answer, ApiError> {
    let field = records::key(object, (name, ""))?.field;
    let Collection {
        all_or_none,
        records,
    } = collection(call)?;
    finish(
        org,
        (records.as_slice(), all_or_none),
        |record: &Map<String, Value>| {
            let done = object_of(schema, record).and_then(|kind| {
                if kind.name != object.name {
                    let message = format!("{} records are expected here", object.name);
                    return Err(Refusal::new("INVALID_TYPE", message).into());
                }
                let mut given = given(record)?;
                let text = take(&mut given, &field.name).unwrap_or_default();
                if text.is_empty() && field.name == "Id" {
                    let made = org.create(object, &given, &call.author())?;
                    return Ok(Upserted::Created(made));
                }
                if text.is_empty() {
                    let message = format!("{} not specified", field.name);
                    return Err(Refusal::new("MISSING_ARGUMENT", message).into());
                }
                let key = Key { field, text: &text };
                org.upsert((object, key), &given, &call.author())
            });
            match done {
                Ok(done) => Written::Upserted(done),
                Err(WriteError::Refused(refusal)) => Written::Refused(refusal),
                Err(WriteError::Database(error)) => Written::Failed(error),
            }
        },
    )
}

/// `DELETE /composite/sobjects?ids=A,B`
fn delete(org: &Org, call: &Call<'_>, schema: &Schema) -> Result<Answer, ApiError> {
    let ids: Vec<&str> = call
        .parameter("ids")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    check_count(ids.len(), RECORDS_MAX)?;
    let all_or_none = call
        .parameter("allOrNone")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    each(org, (&ids, all_or_none), |id| {
        let prefix = id.get(..3).unwrap_or_default();
        let mut objects = schema.objects().iter();
        let object = objects
            .find(|object| object.key_prefix.as_deref() == Some(prefix))
            .ok_or_else(|| malformed(id))?;
        let id = existing(org, (object, id))?;
        org.delete((object, &id), Removal::Bin, &call.author())?;
        Ok(id)
    })
}

/// `/composite/sobjects/T?ids=A,B&fields=C,D`, or the same in a body.
fn retrieve(org: &Org, call: &Call<'_>, object: &Object) -> Result<Answer, ApiError> {
    let list = |name: &str| -> Vec<String> {
        let names = call.parameter(name).unwrap_or_default().split(',');
        let names = names.map(str::trim).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    let wanted = match call.is_read() {
        true => Wanted {
            ids: list("ids"),
            fields: list("fields"),
        },
        false => read(call)?,
    };
    check_count(wanted.ids.len(), READ_MAX)?;
    let fields = records::chosen(object, wanted.fields.iter().map(String::as_str))?;
    let mut body = vec![b'['];
    for id in &wanted.ids {
        if body.len() > 1 {
            body.push(b',');
        }
        let found = match RecordId::parse(id) {
            Some(id) if is_live(org, (object, &id))? => org
                .record((object, &id), &fields, call.version)
                .map_err(|error| failed(&error))?,
            _ => None,
        };
        body.extend(found.unwrap_or_else(|| b"null".to_vec()));
    }
    body.push(b']');
    Ok(Answer::ok(body))
}

fn is_live(org: &Org, record: (&Object, &RecordId)) -> Result<bool, ApiError> {
    let presence = org.presence(record.0, record.1).map_err(refusal::error)?;
    Ok(presence == Presence::Live)
}

/// Writes each record and answers what became of it.
fn each<T>(
    org: &Org,
    (records, all_or_none): (&[T], bool),
    write: impl Fn(&T) -> Result<RecordId, WriteError>,
) -> Result<Answer, ApiError> {
    finish(org, (records, all_or_none), |record| write(record).into())
}

fn finish<T>(
    org: &Org,
    (records, all_or_none): (&[T], bool),
    write: impl Fn(&T) -> Written,
) -> Result<Answer, ApiError> {
    let work = || records.iter().map(&write).collect::<Vec<Written>>();
    let is_bad = |written: &Written| matches!(written, Written::Refused(_) | Written::Failed(_));
    let is_good = |all: &Vec<Written>| match all_or_none {
        true => !all.iter().any(is_bad),
        false => !all.iter().any(|one| matches!(one, Written::Failed(_))),
    };
    let written = in_one(org, work, is_good)?;
    let is_undone = !is_good(&written);
    let results = written
        .into_iter()
        .map(|one| result(one, is_undone))
        .collect::<Result<Vec<Value>, _>>()?;
    Ok(Answer::json(&Value::Array(results)))
}

fn result(written: Written, is_undone: bool) -> Result<Value, ApiError> {
    Ok(match written {
        Written::Failed(error) => return Err(failed(&error)),
        Written::Refused(refusal) => failure(&refusal),
        _ if is_undone => failure(&Refusal::new(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using \
             AllOrNone header",
        )),
        Written::Done(id) => json!({"id": id.as_str(), "success": true, "errors": []}),
        Written::Upserted(Upserted::Created(id)) => {
            json!({"id": id.as_str(), "success": true, "errors": [], "created": true})
        }
        Written::Upserted(Upserted::Updated(id)) => {
            json!({"id": id.as_str(), "success": true, "errors": [], "created": false})
        }
    })
}

fn failure(refusal: &Refusal) -> Value {
    json!({"success": false, "errors": [refusal::element(refusal)]})
}

fn collection(call: &Call<'_>) -> Result<Collection, ApiError> {
    let collection: Collection = read(call)?;
    check_count(collection.records.len(), RECORDS_MAX)?;
    let types: Vec<&str> = collection.records.iter().map(type_of).collect();
    let changes = types.windows(2).filter(|pair| pair.first() != pair.last());
    if changes.count() >= CHUNKS_MAX {
        let message = format!("Cannot have more than {CHUNKS_MAX} chunks in a single operation");
        return Err(bad_request("INVALID_INPUT", message));
    }
    Ok(collection)
}

fn check_count(count: usize, max: usize) -> Result<(), ApiError> {
    if count <= max {
        return Ok(());
    }
    let message =
        format!("record limit reached. cannot submit more than {max} records into this call");
    Err(bad_request("EXCEEDED_ID_LIMIT", message))
}

fn type_of(record: &Map<String, Value>) -> &str {
    let attributes = record.get("attributes");
    let kind = attributes.and_then(|attributes| attributes.get("type"));
    kind.and_then(Value::as_str).unwrap_or_default()
}

fn object_of<'s>(
    schema: &'s Schema,
    record: &Map<String, Value>,
) -> Result<&'s Object, WriteError> {
    let name = type_of(record);
    let object = schema.object(name).ok_or_else(|| {
        let message = match name {
            "" => "Each record needs a type in its attributes".to_owned(),
            _ => format!("sObject type '{name}' is not supported."),
        };
        Refusal::new("INVALID_TYPE", message)
    })?;
    Ok(object)
}

fn given(record: &Map<String, Value>) -> Result<Vec<Given>, Refusal> {
    Given::from_json(Value::Object(record.clone()).to_string().as_bytes())
}

fn take_id(given: &mut Vec<Given>) -> Option<String> {
    take(given, "Id")
}

/// Takes the text of a field out of a record.
fn take(given: &mut Vec<Given>, name: &str) -> Option<String> {
    let at = given
        .iter()
        .position(|member| member.name.eq_ignore_ascii_case(name))?;
    given.remove(at).into_text()
}

/// The id of a live record of this object.
fn existing(org: &Org, (object, id): (&Object, &str)) -> Result<RecordId, WriteError> {
    if id.is_empty() {
        let message = "Id not specified in an update call";
        return Err(Refusal::new("MISSING_ARGUMENT", message).into());
    }
    let parsed = RecordId::parse(id).ok_or_else(|| malformed(id))?;
    if object.key_prefix.as_deref() != Some(parsed.key_prefix()) {
        return Err(malformed(id).into());
    }
    match org.presence(object, &parsed)? {
        Presence::Live => Ok(parsed),
        Presence::Deleted => Err(Refusal::deleted().into()),
        Presence::Missing => Err(Refusal::missing().into()),
    }
}

fn malformed(id: &str) -> Refusal {
    Refusal::new("MALFORMED_ID", format!("malformed id {id}"))
}
