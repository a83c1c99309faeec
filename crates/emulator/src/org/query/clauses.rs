//! The clauses that say for whom and what for: `USING SCOPE`, `WITH`, `FOR`, `UPDATE`.
//!
//! Owns which of them change nothing in an org whose one user sees everything, and which are
//! refused.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Query, Scope, Span, With};

use super::environment::{Environment, Parameters};
use super::resolve::Resolver;
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// Refuses the clauses that cannot be run.
///
/// Locks end with the call, so `FOR UPDATE` changes nothing; no object has articles, so
/// `UPDATE TRACKING` and `UPDATE VIEWSTAT` have nothing to count.
pub(super) fn check(query: &Query, environment: Environment<'_>) -> Result<(), Error> {
    let what = match &query.with {
        None | Some(With::SecurityEnforced | With::UserMode | With::SystemMode) => return Ok(()),
        Some(With::DataCategory(_)) => "WITH DATA CATEGORY",
        Some(With::RecordVisibilityContext(_)) => "WITH RecordVisibilityContext",
        Some(With::Filter(_)) => "WITH and a condition",
    };
    Err(environment.refusals.unsupported(query.span, what))
}

/// The condition that a scope adds.
pub(super) fn scope(
    resolver: &Resolver<'_, '_>,
    (scope, span): (Scope, Span),
    parameters: &mut Parameters,
) -> Result<Option<String>, Error> {
    let refusals = resolver.refusals;
    match scope {
        Scope::Everything => Ok(None),
        Scope::Mine if resolver.object().field("OwnerId").is_some() => {
            let user = resolver.environment.user.to_owned();
            let user = parameters.bind(Value::Text(user));
            Ok(Some(format!("t0.\"OwnerId\" = {user}")))
        }
        Scope::Mine => {
            let name = &resolver.object().name;
            let detail = format!("Using Scope mine is not supported for entity {name}");
            Err(refusals.at(span, ErrorCode::MalformedQuery, detail))
        }
        other => {
            let what = format!("USING SCOPE {}", other.as_str());
            Err(refusals.unsupported(span, &what))
        }
    }
}

/// Refuses what only the whole statement may have.
pub(super) fn check_inner(query: &Query, environment: Environment<'_>) -> Result<(), Error> {
    let what = if query.with.is_some() {
        "WITH"
    } else if query.scope.is_some() {
        "USING SCOPE"
    } else if query.group_by.is_some() {
        "GROUP BY"
    } else if query.usage.is_some() {
        "FOR VIEW and FOR REFERENCE"
    } else if !query.updates.is_empty() {
        "UPDATE"
    } else if query.for_update.is_some() {
        "FOR UPDATE"
    } else {
        return Ok(());
    };
    let detail = format!("{what} is not allowed in a sub-query");
    Err(environment
        .refusals
        .at(query.span, ErrorCode::MalformedQuery, detail))
}
