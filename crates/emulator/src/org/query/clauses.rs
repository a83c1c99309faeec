//! The clauses that say for whom and what for: `USING SCOPE`, `WITH`, `FOR`, `UPDATE`.
//!
//! Owns which of them change nothing in an org whose users see everything, and which are refused.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Query, Scope, Span, With};

use super::environment::{Environment, Parameters};
use super::resolve::Resolver;
use crate::org::value::Value;

type Error = accredit_soql::Error;

/// Refuses the clauses that cannot be run.
///
/// Locks end with the call, so `FOR UPDATE` changes nothing; no object has articles, so
/// `UPDATE TRACKING` and `UPDATE VIEWSTAT` have nothing to count, and no record is in a category.
pub(super) fn check(query: &Query, environment: Environment<'_>) -> Result<(), Error> {
    let what = match &query.with {
        None | Some(With::SecurityEnforced | With::UserMode | With::SystemMode) => return Ok(()),
        Some(With::DataCategory(_)) => "WITH DATA CATEGORY",
        Some(With::RecordVisibilityContext(_)) => "WITH RecordVisibilityContext",
        Some(With::Filter(_)) => "WITH and a condition",
    };
    Err(environment.refusals.unsupported(query.span, what))
}

/// The condition that a scope adds. An object has the scopes that its describe lists; each record
/// with an owner is somebody's.
pub(super) fn scope(
    resolver: &Resolver<'_, '_>,
    (scope, span): (Scope, Span),
    parameters: &mut Parameters,
) -> Result<Option<String>, Error> {
    let object = resolver.object();
    let name = scope.as_str();
    let is_owned = object.field("OwnerId").is_some();
    let is_listed = object
        .scopes
        .iter()
        .any(|known| known.name.eq_ignore_ascii_case(name));
    match scope {
        Scope::Everything => Ok(None),
        Scope::Mine if is_owned => {
            let user = user(resolver, parameters);
            Ok(Some(format!("t0.\"OwnerId\" = {user}")))
        }
        Scope::Team if is_owned && is_listed => Ok(Some(team(&user(resolver, parameters)))),
        other if is_listed => {
            let what = format!("USING SCOPE {}", other.as_str());
            Err(resolver.refusals.unsupported(span, &what))
        }
        _ => {
            let name = format!("{name} is not supported for entity {}", object.name);
            let (code, detail) = (ErrorCode::MalformedQuery, format!("Using Scope {name}"));
            Err(resolver.refusals.at(span, code, detail))
        }
    }
}

/// The place of the user who asks.
fn user(resolver: &Resolver<'_, '_>, parameters: &mut Parameters) -> String {
    resolver.environment.is_passing.set(true);
    parameters.bind(Value::Text(resolver.environment.user.to_owned()))
}

/// "My team's": what belongs to the user, or to users whose role is below the user's.
fn team(user: &str) -> String {
    format!(
        "t0.\"OwnerId\" IN (SELECT Id FROM sobject_User WHERE Id = {user} OR UserRoleId IN ( \
         WITH RECURSIVE below(id) AS ( \
         SELECT r.Id FROM sobject_UserRole r JOIN sobject_User u ON u.UserRoleId = r.ParentRoleId \
         WHERE u.Id = {user} \
         UNION SELECT r.Id FROM sobject_UserRole r JOIN below ON r.ParentRoleId = below.id \
         ) SELECT id FROM below))"
    )
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
