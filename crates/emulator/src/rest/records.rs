//! Records one by one (fact sheet §5.5).

use std::collections::HashSet;

use http::{StatusCode, header};
use serde_json::json;

use super::call::{Answer, Call, failed};
use super::refusal;
use crate::error::ApiError;
use crate::ids::RecordId;
use crate::org::Org;
use crate::org::query::no_such_column;
use crate::org::schema::{Field, Flag, Object};
use crate::org::value::timestamp;
use crate::org::write::{Given, Key, Presence, Refusal, Removal, Span, Upserted};

/// The oldest version that says what an upsert did.
const UPSERTS_TELL: u16 = 46;

/// `POST /sobjects/T`
pub(super) fn create(org: &Org, call: &Call<'_>, object: &Object) -> Result<Answer, ApiError> {
    let given = Given::from_json(call.body).map_err(refusal::of_refusal)?;
    let id = org.create(object, &given, &call.author());
    Ok(created(call, object, &id.map_err(refusal::error)?))
}

fn created(call: &Call<'_>, object: &Object, id: &RecordId) -> Answer {
    let body = json!({"id": id.as_str(), "success": true, "errors": []});
    Answer::json(&body)
        .with_status(StatusCode::CREATED)
        .with_header(header::LOCATION, url(call, object, id))
}

fn url(call: &Call<'_>, object: &Object, id: &RecordId) -> String {
    format!(
        "/services/data/v{}.0/sobjects/{}/{id}",
        call.version, object.name
    )
}

/// `/sobjects/T/ID`
pub(super) fn by_id(
    org: &Org,
    call: &Call<'_>,
    (object, id): (&Object, &str),
) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "PATCH", "DELETE", "POST"])?;
    if object.field(id).is_some_and(|field| field.name == "Id") {
        // `POST /sobjects/T/Id` makes a record without looking for one.
        call.allow(&["POST"])?;
        return create(org, call, object);
    }
    call.allow(&["HEAD", "GET", "PATCH", "DELETE"])?;
    let id = RecordId::parse(id).ok_or_else(|| no_such_key(id))?;
    one(org, call, (object, &id))
}

/// One record that is told by its id.
fn one(org: &Org, call: &Call<'_>, (object, id): (&Object, &RecordId)) -> Result<Answer, ApiError> {
    if object.key_prefix.as_deref() != Some(id.key_prefix()) {
        return Err(ApiError::not_found());
    }
    match org.presence(object, id).map_err(refusal::error)? {
        Presence::Live => {}
        Presence::Missing => return Err(ApiError::not_found()),
        Presence::Deleted => return Err(refusal::of_refusal(Refusal::deleted())),
    }
    match call.method.as_str() {
        "PATCH" => {
            let given = Given::from_json(call.body).map_err(refusal::of_refusal)?;
            org.update((object, id), &given, &call.author())
                .map_err(refusal::error)?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        "DELETE" => {
            org.delete((object, id), Removal::Bin, &call.author())
                .map_err(refusal::error)?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => read(org, call, (object, id)),
    }
}

fn read(
    org: &Org,
    call: &Call<'_>,
    (object, id): (&Object, &RecordId),
) -> Result<Answer, ApiError> {
    let fields = match call.parameter("fields") {
        Some(names) => chosen(object, names.split(','))?,
        None => object.fields.iter().collect(),
    };
    org.record((object, id), &fields, call.version)
        .map_err(|error| failed(&error))?
        .map(Answer::ok)
        .ok_or_else(ApiError::not_found)
}

/// The fields that were asked for; `Id` comes along, at the end if it is not named.
pub(super) fn chosen<'o, 'n>(
    object: &'o Object,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<&'o Field>, ApiError> {
    let mut fields: Vec<&Field> = Vec::new();
    let mut seen = HashSet::new();
    let names = names.map(str::trim).chain(["Id"]);
    for name in names.filter(|name| !name.is_empty()) {
        let field = object.field(name).ok_or_else(|| {
            let message = no_such_column(name, &object.name);
            ApiError::data(StatusCode::BAD_REQUEST, "INVALID_FIELD", message)
        })?;
        if seen.insert(&field.name) {
            fields.push(field);
        }
    }
    Ok(fields)
}

/// `/sobjects/T/FIELD/VALUE`
pub(super) fn by_key(
    org: &Org,
    call: &Call<'_>,
    (object, name, text): (&Object, &str, &str),
) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "PATCH", "DELETE"])?;
    let key = key(object, (name, text))?;
    if call.method == "PATCH" {
        return upsert(org, call, (object, key));
    }
    let found = org.find(object, key).map_err(refusal::error)?;
    match found.as_slice() {
        [] => Err(ApiError::not_found()),
        [id] => one(org, call, (object, id)),
        several => Ok(choices(call, object, several)),
    }
}

/// A field that tells records apart.
pub(super) fn key<'a>(
    object: &'a Object,
    (name, text): (&str, &'a str),
) -> Result<Key<'a>, ApiError> {
    let field = object.field(name).filter(|field| {
        field.name == "Id" || field.is(Flag::ExternalId) || field.is(Flag::IdLookup)
    });
    let field = field.ok_or_else(|| no_such_key(name))?;
    Ok(Key { field, text })
}

/// More than one record has the value: 300, with the URLs of all.
fn choices(call: &Call<'_>, object: &Object, ids: &[RecordId]) -> Answer {
    let urls: Vec<String> = ids.iter().map(|id| url(call, object, id)).collect();
    Answer::json(&json!(urls)).with_status(StatusCode::MULTIPLE_CHOICES)
}

fn upsert(
    org: &Org,
    call: &Call<'_>,
    (object, key): (&Object, Key<'_>),
) -> Result<Answer, ApiError> {
    let given = Given::from_json(call.body).map_err(refusal::of_refusal)?;
    for name in [key.field.name.as_str(), "Id"] {
        if given
            .iter()
            .any(|member| member.name.eq_ignore_ascii_case(name))
        {
            return Err(key_in_body(name));
        }
    }
    let found = org.find(object, key).map_err(refusal::error)?;
    if found.len() > 1 {
        return Ok(choices(call, object, &found));
    }
    let done = org
        .upsert((object, key), &given, &call.author())
        .map_err(refusal::error)?;
    let is_terse = call.version < UPSERTS_TELL;
    Ok(match done {
        Upserted::Created(id) if is_terse => created(call, object, &id),
        Upserted::Updated(_) if is_terse => Answer::empty(StatusCode::NO_CONTENT),
        Upserted::Created(id) => told(call, object, (&id, StatusCode::CREATED)),
        Upserted::Updated(id) => told(call, object, (&id, StatusCode::OK)),
    })
}

fn told(call: &Call<'_>, object: &Object, (id, status): (&RecordId, StatusCode)) -> Answer {
    let is_new = status == StatusCode::CREATED;
    let body = json!({"id": id.as_str(), "success": true, "errors": [], "created": is_new});
    let answer = Answer::json(&body).with_status(status);
    if !is_new {
        return answer;
    }
    answer.with_header(header::LOCATION, url(call, object, id))
}

fn key_in_body(name: &str) -> ApiError {
    ApiError {
        fields: vec![name.to_owned()],
        ..ApiError::data(
            StatusCode::BAD_REQUEST,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            format!("The {name} field should not be specified in the sobject data."),
        )
    }
}

/// `GET /sobjects/T/deleted`
pub(super) fn deleted(org: &Org, call: &Call<'_>, object: &Object) -> Result<Answer, ApiError> {
    let span = span(call, object)?;
    if object.field("IsDeleted").is_none() {
        return Err(refusal::of_refusal(not_replicated(object)));
    }
    let found = org.deleted(object, &span).map_err(refusal::error)?;
    let records: Vec<_> = found
        .iter()
        .map(|record| json!({"deletedDate": record.at, "id": record.id}))
        .collect();
    Ok(Answer::json(&json!({
        "deletedRecords": records,
        "earliestDateAvailable": org.founded().map_err(refusal::error)?,
        "latestDateCovered": span.end,
    })))
}

/// `GET /sobjects/T/updated`
pub(super) fn updated(org: &Org, call: &Call<'_>, object: &Object) -> Result<Answer, ApiError> {
    let span = span(call, object)?;
    let ids = org.updated(object, &span).map_err(refusal::error)?;
    Ok(Answer::json(
        &json!({"ids": ids, "latestDateCovered": span.end}),
    ))
}

fn span(call: &Call<'_>, object: &Object) -> Result<Span, ApiError> {
    call.allow(&["HEAD", "GET"])?;
    let parameter = |name: &str| {
        call.parameter(name).ok_or_else(|| {
            let message = format!("The {name} parameter is required");
            ApiError::data(StatusCode::BAD_REQUEST, "MISSING_ARGUMENT", message)
        })
    };
    let ends = (parameter("start")?, parameter("end")?);
    let stamp = object
        .field("SystemModstamp")
        .filter(|_| object.can("replicateable"));
    let stamp = stamp.ok_or_else(|| refusal::of_refusal(not_replicated(object)))?;
    Span::read(stamp, ends, timestamp(call.now)).map_err(refusal::of_refusal)
}

fn not_replicated(object: &Object) -> Refusal {
    let message = format!("entity type {} does not support replication", object.name);
    Refusal::new("INVALID_TYPE_FOR_OPERATION", message)
}

pub(super) fn no_such_key(name: &str) -> ApiError {
    ApiError::data(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        format!("Provided external ID field does not exist or is not accessible: {name}"),
    )
}
