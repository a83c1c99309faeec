//! Which resource a path names.

use serde_json::{Map, Value};

use super::call::{Answer, Call, not_implemented};
use super::{bulk, composite, limits, query, sobjects};
use crate::error::ApiError;
use crate::org::Org;
use crate::org::query::Rows;

/// The resources of a version, in the order in which they are listed. `identity` is no path.
const RESOURCES: [&str; 40] = [
    "tooling",
    "metadata",
    "eclair",
    "folders",
    "prechatForms",
    "contact-tracing",
    "jsonxform",
    "chatter",
    "payments",
    "tabs",
    "appMenu",
    "quickActions",
    "queryAll",
    "commerce",
    "wave",
    "iot",
    "analytics",
    "search",
    "smartdatadiscovery",
    "identity",
    "composite",
    "parameterizedSearch",
    "fingerprint",
    "theme",
    "nouns",
    "domino",
    "event",
    "serviceTemplates",
    "recent",
    "connect",
    "licensing",
    "limits",
    "process",
    "dedupe",
    "async-queries",
    "query",
    "jobs",
    "localizedvalue",
    "mobile",
    "emailConnect",
];

/// The rest of them.
const MORE_RESOURCES: [&str; 7] = [
    "consent",
    "tokenizer",
    "compactLayouts",
    "sobjects",
    "actions",
    "support",
    "ui-api",
];

/// What a call is answered with.
pub(super) fn answer(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => {
            call.allow(&["HEAD", "GET"])?;
            Ok(Answer::json(&list(call)))
        }
        ["query"] => query::first(org, call, Rows::Live),
        ["queryAll"] => query::first(org, call, Rows::All),
        ["query" | "queryAll", locator] => query::next(org, call, locator),
        ["sobjects", rest @ ..] => sobjects::answer(org, call, rest),
        ["jobs", rest @ ..] => bulk::answer(org, call, rest),
        ["composite", rest @ ..] => composite::answer(org, call, rest),
        ["limits", rest @ ..] => limits::answer(org, call, rest),
        // Nobody has looked at a record: that is done in pages, not by calls.
        ["recent"] => {
            call.allow(&["HEAD", "GET"])?;
            Ok(Answer::json(&Value::Array(Vec::new())))
        }
        ["tooling", "query"] => query::tooling(org, call),
        ["tooling", "query", locator] => query::next(org, call, locator),
        [first, ..] if is_known(first) => Err(not_implemented(&format!("/{}", path.join("/")))),
        _ => Err(ApiError::not_found()),
    }
}

fn is_known(resource: &str) -> bool {
    resource != "identity"
        && RESOURCES
            .iter()
            .chain(&MORE_RESOURCES)
            .any(|r| *r == resource)
}

/// `GET /services/data/vXX.0/`
fn list(call: &Call<'_>) -> Value {
    let mut resources = Map::new();
    let names = RESOURCES.iter().chain(&MORE_RESOURCES);
    for name in names.filter(|name| **name != "ui-api") {
        let url = match *name {
            "identity" => {
                let session = call.session;
                format!(
                    "{}/id/{}/{}",
                    call.origin.as_str(),
                    session.org_id,
                    session.user_id
                )
            }
            path => format!("/services/data/v{}.0/{path}", call.version),
        };
        resources.insert((*name).to_owned(), Value::String(url));
    }
    Value::Object(resources)
}
