//! `/metadata/deployRequest`: deployments over REST.
//!
//! Owns how they look on the wire. What they do is done by `deploy`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bulk::info::moment;
use super::call::{Answer, Call, not_implemented};
use crate::app::App;
use crate::deploy::{Deployment, Message, Status, Told, Wanted};
use crate::error::ApiError;
use crate::ids::RecordId;
use crate::multipart::{Part, boundary, parts};

/// The part that holds the options: as it is documented, and as jsforce names it.
const OPTIONS: [&str; 2] = ["json", "entity_content"];

/// The longest options, in bytes: they are remembered with each deployment.
const OPTIONS_LENGTH_MAX: usize = 16 * 1024;

/// Whether a call is about deployments.
pub(super) fn is_deployment(call: &Call<'_>) -> bool {
    let mut path = call.path.iter().map(String::as_str);
    (path.next(), path.next()) == (Some("metadata"), Some("deployRequest"))
}

/// What a call is answered with.
pub(super) fn answer(app: &App, call: &Call<'_>) -> Result<Answer, ApiError> {
    match call.path.get(2..).unwrap_or_default() {
        [] => {
            call.allow(&["POST"])?;
            begin(app, call)
        }
        [id] => {
            call.allow(&["GET", "HEAD", "PATCH"])?;
            let id = RecordId::parse(id).ok_or_else(ApiError::not_found)?;
            match call.method {
                Method::PATCH => cancel(app, call, &id),
                _ => look(app, call, &id),
            }
        }
        _ => Err(ApiError::not_found()),
    }
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::data(
        StatusCode::BAD_REQUEST,
        "INVALID_MULTIPART_REQUEST",
        message,
    )
}

/// `POST /metadata/deployRequest`
fn begin(app: &App, call: &Call<'_>) -> Result<Answer, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Asked {
        deploy_options: Option<Value>,
        validated_deploy_request_id: Option<String>,
    }
    let kind = call.header("content-type").unwrap_or_default();
    let fields = match boundary(kind) {
        Some(boundary) => parts(call.body, boundary)
            .ok_or_else(|| bad("The multipart request is not as its boundary says"))?,
        None => Vec::new(),
    };
    let named = |names: &[&str]| {
        let is_it = |part: &&Part<'_>| {
            part.name()
                .is_some_and(|name| names.contains(&name.as_str()))
        };
        fields.iter().find(is_it)
    };
    let text = named(&OPTIONS).map_or(call.body, |part| part.body);
    if text.len() > OPTIONS_LENGTH_MAX {
        let kilobytes = OPTIONS_LENGTH_MAX >> 10;
        return Err(bad(format!(
            "The deploy options have more than {kilobytes} KB"
        )));
    }
    let asked: Asked = serde_json::from_slice(text).map_err(|error| {
        let message = crate::org::write::parser_error(&error).message;
        ApiError::data(StatusCode::BAD_REQUEST, "JSON_PARSER_ERROR", message)
    })?;
    if asked.validated_deploy_request_id.is_some() {
        return Err(not_implemented("quick deployments of what was validated"));
    }
    let Some(file) = named(&["file"]) else {
        return Err(bad(
            "A deployment needs a part called file with the zip archive",
        ));
    };
    let options = asked.deploy_options.unwrap_or_else(|| json!({}));
    let wanted = Wanted {
        options,
        by: call.session.user_id.clone(),
        by_name: call.session.username.clone(),
        now: call.now,
    };
    let archive = archive(file)?;
    let begun = app.deployments().begin(archive, wanted).ok_or_else(|| {
        let message = "Too many deployments wait; look at them, or cancel some";
        ApiError::data(StatusCode::BAD_REQUEST, "UNKNOWN_EXCEPTION", message)
    })?;
    let body = json!({
        "id": begun.id.as_str(),
        "deployResult": result(&begun, Details::None),
        "deployOptions": begun.wanted.options,
    });
    Ok(Answer::json(&body).with_status(StatusCode::CREATED))
}

fn archive(part: &Part<'_>) -> Result<Vec<u8>, ApiError> {
    let coding = part.header("content-transfer-encoding");
    if !coding.is_some_and(|coding| coding.eq_ignore_ascii_case("base64")) {
        return Ok(part.body.to_vec());
    }
    let text: Vec<u8> = part
        .body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD
        .decode(text)
        .map_err(|_| bad("The part called file is not base64, as its head says"))
}

/// `GET /metadata/deployRequest/ID`
fn look(app: &App, call: &Call<'_>, id: &RecordId) -> Result<Answer, ApiError> {
    let found = app.deployments().look(app, id, call.bulk_pace);
    let found = found.ok_or_else(ApiError::not_found)?;
    let details = match call.parameter("includeDetails") {
        Some("true") => Details::All,
        _ => Details::None,
    };
    let url = format!(
        "{}/services/data/v{}.0/metadata/deployRequest/{}",
        call.origin.as_str(),
        call.version,
        found.id
    );
    Ok(Answer::json(&json!({
        "id": found.id.as_str(),
        "url": url,
        "deployResult": result(&found, details),
        "deployOptions": found.wanted.options,
    })))
}

/// `PATCH /metadata/deployRequest/ID`
fn cancel(app: &App, call: &Call<'_>, id: &RecordId) -> Result<Answer, ApiError> {
    let asked: Option<Value> = serde_json::from_slice(call.body).ok();
    let status = asked
        .as_ref()
        .and_then(|asked| asked.pointer("/deployResult/status"));
    if status.and_then(Value::as_str) != Some("Canceling") {
        let message = "Expected {\"deployResult\": {\"status\": \"Canceling\"}}";
        return Err(ApiError::data(
            StatusCode::BAD_REQUEST,
            "JSON_PARSER_ERROR",
            message,
        ));
    }
    let found = app.deployments().cancel(id, call.now);
    let (found, is_under_way) = found.ok_or_else(ApiError::not_found)?;
    if !is_under_way {
        let message = "Deployment already completed";
        return Err(ApiError::data(
            StatusCode::BAD_REQUEST,
            "INVALID_ID_FIELD",
            message,
        ));
    }
    let body = json!({
        "id": found.id.as_str(),
        "deployResult": result(&found, Details::None),
        "deployOptions": found.wanted.options,
    });
    Ok(Answer::json(&body).with_status(StatusCode::ACCEPTED))
}

/// How much is said of each component.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Details {
    None,
    All,
}

fn result(found: &Deployment, details: Details) -> Value {
    let millis =
        |at: accredit::clock::UnixTime| moment(i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
    let option = |name: &str| found.wanted.options.get(name).cloned();
    let flag = |name: &str| option(name).unwrap_or(Value::Bool(false));
    let created = millis(found.wanted.now);
    let started = (found.status != Status::Pending).then(|| created.clone());
    let (good, bad) = (found.components.count, found.failures.count);
    let mut body = json!({
        "id": found.id.as_str(),
        "status": format!("{:?}", found.status),
        "success": found.status == Status::Succeeded,
        "done": found.status.is_end(),
        "checkOnly": found.is_check_only(),
        "ignoreWarnings": flag("ignoreWarnings"),
        "rollbackOnError": flag("rollbackOnError"),
        "runTestsEnabled": false,
        "numberComponentsDeployed": good,
        "numberComponentsTotal": good + bad,
        "numberComponentErrors": bad,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "numberTestErrors": 0,
        "numberFiles": good + bad,
        "createdBy": found.wanted.by.as_str(),
        "createdByName": found.wanted.by_name,
        "createdDate": created,
        "startDate": started,
        "lastModifiedDate": millis(found.changed_at),
        "completedDate": found.status.is_end().then(|| millis(found.changed_at)),
        "errorMessage": null,
        "errorStatusCode": null,
        "stateDetail": null,
    });
    if let (Details::All, Some(members)) = (details, body.as_object_mut()) {
        let of = |all: &Told| -> Vec<Value> {
            all.kept
                .iter()
                .map(|one| component(one, &created))
                .collect()
        };
        members.insert(
            "details".to_owned(),
            json!({
                "componentFailures": of(&found.failures),
                "componentSuccesses": of(&found.components),
                "retrieveResult": null,
                "runTestResult": {
                    "numFailures": 0,
                    "numTestsRun": 0,
                    "totalTime": 0.0,
                    "codeCoverage": [],
                    "codeCoverageWarnings": [],
                    "failures": [],
                    "flowCoverage": [],
                    "flowCoverageWarnings": [],
                    "successes": [],
                },
            }),
        );
    }
    body
}

fn component(message: &Message, created: &str) -> Value {
    let is_good = message.problem.is_none();
    json!({
        "changed": is_good,
        "columnNumber": message.line.map(|_| 1),
        "componentType": message.component_type,
        "created": is_good && message.is_new,
        "createdDate": created,
        "deleted": false,
        "fileName": message.file_name,
        "fullName": message.full_name,
        "id": null,
        "knownPackagingProblem": false,
        "lineNumber": message.line,
        "problem": message.problem,
        "problemType": message.problem.as_ref().map(|_| "Error"),
        "requiresProductionTestRun": false,
        "success": is_good,
        "warning": false,
    })
}
