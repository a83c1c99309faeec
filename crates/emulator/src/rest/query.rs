//! `/query`, `/queryAll` and their further pages (fact sheet §5.2).

use http::StatusCode;

use super::call::{Answer, Call, failed, not_implemented};
use crate::error::ApiError;
use crate::org::Org;
use crate::org::query::{Asker, QueryError, Rows};

/// The first page of a query.
pub(super) fn first(org: &Org, call: &Call<'_>, rows: Rows) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET"])?;
    if let Some(text) = call.parameter("explain") {
        let body = org.explain(text, &asker(call));
        return body.map(Answer::ok).map_err(refusal);
    }
    let text = call.parameter("q").ok_or_else(|| {
        let message = "A query string has to be specified";
        ApiError::data(StatusCode::BAD_REQUEST, "MALFORMED_QUERY", message)
    })?;
    let body = match call.parameter("columns") {
        Some("true") => org.columns(text, &asker(call)),
        _ => org.query(text, rows, &asker(call)),
    };
    body.map(Answer::ok).map_err(refusal)
}

/// The objects that the tooling API of a local org knows.
const TOOLING: [&str; 2] = ["EntityDefinition", "FieldDefinition"];

/// `/tooling/query`
pub(super) fn tooling(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    let text = call.parameter("q").unwrap_or_default();
    let query = accredit_soql::parse(text).ok();
    let object = query.map(|query| query.from.source.path.name.text);
    match object {
        Some(object)
            if !TOOLING
                .iter()
                .any(|known| object.eq_ignore_ascii_case(known)) =>
        {
            Err(not_implemented(&format!("tooling queries of {object}")))
        }
        _ => first(org, call, Rows::Live),
    }
}

/// A further page.
pub(super) fn next(org: &Org, call: &Call<'_>, locator: &str) -> Result<Answer, ApiError> {
    call.allow(&["HEAD", "GET"])?;
    let body = org.next_page(locator, &asker(call));
    body.map(Answer::ok).map_err(refusal)
}

/// Who asks.
pub(super) fn asker<'c>(call: &'c Call<'_>) -> Asker<'c> {
    Asker {
        session: &call.session.key,
        version: call.version,
        batch: call.header("sforce-query-options").and_then(batch_size),
        now: call.now,
        user: &call.session.user_id,
    }
}

/// `batchSize=1000`, among other options.
fn batch_size(options: &str) -> Option<usize> {
    options
        .split([',', ';'])
        .filter_map(|option| option.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("batchSize"))
        .and_then(|(_, size)| size.trim().parse().ok())
}

/// The error that a query is answered with.
pub(super) fn refusal(error: QueryError) -> ApiError {
    let status = StatusCode::BAD_REQUEST;
    match error {
        QueryError::Refused(error) => {
            ApiError::data(status, error.code().as_str(), error.message())
        }
        QueryError::Locator => {
            ApiError::data(status, "INVALID_QUERY_LOCATOR", "invalid query locator")
        }
        QueryError::Database(error) => failed(&error),
        QueryError::Schema(error) => failed(&error),
    }
}
