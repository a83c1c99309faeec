//! `/sobjects`: what there is, and where records are (fact sheet §5.5).

use serde_json::json;

use super::call::{Answer, Call, not_implemented};
use super::records;
use crate::error::ApiError;
use crate::org::Org;
use crate::org::schema::{self, DescribeContext, Object};

/// What there is below an object besides its records.
const BELOW_OBJECT: [&str; 7] = [
    "approvalLayouts",
    "defaultValues",
    "layouts",
    "listviews",
    "quickActions",
    "suggestedArticles",
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
        [] => basics(org, call, (object, context)),
        ["describe"] => {
            call.allow(&["HEAD", "GET"])?;
            let describe = schema::describe(&known, object, context);
            Ok(Answer::json(&describe))
        }
        ["describe", ..] => Err(not_implemented("layouts")),
        ["deleted"] => records::deleted(org, call, object),
        ["updated"] => records::updated(org, call, object),
        [below, ..] if BELOW_OBJECT.contains(below) => Err(not_implemented(&format!(
            "/sobjects/{}/{below}",
            object.name
        ))),
        [id] => records::by_id(org, call, (object, id)),
        [field, value] => records::by_key(org, call, (object, field, value)),
        _ => Err(not_implemented("records by relationship")),
    }
}

/// `/sobjects/T`
fn basics(
    org: &Org,
    call: &Call<'_>,
    (object, context): (&Object, DescribeContext<'_>),
) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET", "POST"])?;
    if !call.is_read() {
        return records::create(org, call, object);
    }
    Ok(Answer::json(&json!({
        "objectDescribe": schema::summary(object, context),
        "recentItems": [],
    })))
}
