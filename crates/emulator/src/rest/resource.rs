//! Which resource a path names.

use accredit::clock::UnixTime;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, failed, not_implemented};
use super::{composite, query, sobjects};
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
        ["composite", rest @ ..] => composite::answer(org, call, rest),
        ["limits"] => {
            call.allow(&["HEAD", "GET"])?;
            Ok(Answer::json(&limits(org, call.now)))
        }
        ["limits", "recordCount"] => record_count(org, call),
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

/// What there is of each thing in a day or an hour. Only calls are counted.
const LIMITS: [(&str, u64); 12] = [
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyBulkApiBatches", 15_000),
    ("DailyBulkV2QueryFileStorageMB", 976_562),
    ("DailyBulkV2QueryJobs", 10_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DataStorageMB", 5),
    ("FileStorageMB", 20),
    ("HourlyTimeBasedWorkflow", 50),
    ("MassEmail", 10),
    ("PermissionSets", 1_500),
    ("SingleEmail", 15),
];

/// `GET /limits`
fn limits(org: &Org, now: UnixTime) -> Value {
    let count = org.usage().read(now);
    let mut limits = Map::new();
    for (name, max) in LIMITS {
        limits.insert(name.to_owned(), json!({"Max": max, "Remaining": max}));
    }
    let left = count.max.saturating_sub(count.calls);
    let calls = json!({"Max": count.max, "Remaining": left});
    limits.insert("DailyApiRequests".to_owned(), calls);
    let mut limits: Vec<_> = limits.into_iter().collect();
    limits.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(limits.into_iter().collect())
}

/// `GET /limits/recordCount`: objects that are not there are left out.
fn record_count(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET"])?;
    let schema = org.schema();
    let objects = match call.parameter("sObjects") {
        Some(names) => names
            .split(',')
            .filter_map(|name| schema.object(name.trim()))
            .collect(),
        None => schema.objects().iter().collect::<Vec<_>>(),
    };
    let mut counts = Vec::new();
    for object in objects
        .into_iter()
        .filter(|object| object.key_prefix.is_some())
    {
        let count = org.count(object).map_err(|error| failed(&error))?;
        counts.push(json!({"count": count, "name": object.name}));
    }
    Ok(Answer::json(&json!({"sObjects": counts})))
}
