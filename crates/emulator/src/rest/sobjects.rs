//! `/sobjects` (fact sheet §5.5), read only.

use http::StatusCode;
use serde_json::json;

use super::call::{Answer, Call, failed, not_implemented};
use crate::error::ApiError;
use crate::ids::RecordId;
use crate::org::Org;
use crate::org::query::no_such_column;
use crate::org::schema::{self, DescribeContext, Field, Object};

/// What there is below an object besides its records.
const BELOW_OBJECT: [&str; 9] = [
    "approvalLayouts",
    "defaultValues",
    "deleted",
    "layouts",
    "listviews",
    "quickActions",
    "suggestedArticles",
    "updated",
    "relevantItems",
];

/// What a call of `/sobjects/…` is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let origin = call.origin.as_str();
    let context = DescribeContext {
        version: call.version,
        instance_url: origin,
    };
    let known = org.schema();
    let Some((name, rest)) = path.split_first() else {
        call.allow(&["HEAD", "GET"])?;
        return Ok(Answer::json(&schema::global(&known, context)));
    };
    let object = known.object(name).ok_or_else(ApiError::not_found)?;
    match rest {
        [] => basics(call, object, context),
        ["describe"] => {
            call.allow(&["HEAD", "GET"])?;
            let describe = schema::describe(&known, object, context);
            Ok(Answer::json(&describe))
        }
        ["describe", ..] => Err(not_implemented("layouts")),
        [below, ..] if BELOW_OBJECT.contains(below) => Err(not_implemented(&format!(
            "/sobjects/{}/{below}",
            object.name
        ))),
        [id] => record(org, call, (object, id)),
        _ => Err(not_implemented("records by external id or relationship")),
    }
}

/// `/sobjects/T`
fn basics(
    call: &Call<'_>,
    object: &Object,
    context: DescribeContext<'_>,
) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "POST"])?;
    if !call.is_read() {
        return Err(not_implemented("writing records"));
    }
    Ok(Answer::json(&json!({
        "objectDescribe": schema::summary(object, context),
        "recentItems": [],
    })))
}

/// `/sobjects/T/ID`
fn record(org: &Org, call: &Call<'_>, (object, id): (&Object, &str)) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "PATCH", "DELETE"])?;
    if !call.is_read() {
        return Err(not_implemented("writing records"));
    }
    let id = RecordId::parse(id).ok_or_else(|| malformed_id(id))?;
    if object.key_prefix.as_deref() != Some(id.key_prefix()) {
        return Err(ApiError::not_found());
    }
    let fields = match call.parameter("fields") {
        Some(names) => chosen(object, names)?,
        None => object.fields.iter().collect(),
    };
    let body = org
        .record((object, &id), &fields, call.version)
        .map_err(|error| failed(&error))?
        .ok_or_else(ApiError::not_found)?;
    if org
        .is_deleted(object, &id)
        .map_err(|error| failed(&error))?
    {
        let message = "entity is deleted";
        return Err(ApiError::data(
            StatusCode::NOT_FOUND,
            "ENTITY_IS_DELETED",
            message,
        ));
    }
    Ok(Answer::ok(body))
}

/// The fields that `fields=A,B` names; `Id` comes along, at the end if it is not named.
fn chosen<'o>(object: &'o Object, names: &str) -> Result<Vec<&'o Field>, ApiError> {
    let mut fields: Vec<&Field> = Vec::new();
    let names = names.split(',').map(str::trim).chain(["Id"]);
    for name in names.filter(|name| !name.is_empty()) {
        let field = object.field(name).ok_or_else(|| {
            let message = no_such_column(name, &object.name);
            ApiError::data(StatusCode::BAD_REQUEST, "INVALID_FIELD", message)
        })?;
        fields.push(field);
    }
    Ok(fields)
}

fn malformed_id(id: &str) -> ApiError {
    ApiError::data(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        format!("Provided external ID field does not exist or is not accessible: {id}"),
    )
}
