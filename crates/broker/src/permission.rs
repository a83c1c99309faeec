//! What a caller may do with a connection.
//!
//! Owns the decision, a pure function of policy, connection, user, method and path: nothing else
//! about a request can change it.

use http::Method;

use crate::caller::Caller;
use crate::config::{ConnectionConfig, Use};
use crate::failure::Failure;
use crate::form;
use crate::proxy::{METHODS, target};

/// The connection as the caller may know it. One that it may not use and one that is not there look
/// the same, so that names cannot be tried out.
pub(crate) fn check_connection(caller: &Caller, name: &str, way: Use) -> Result<(), Failure> {
    let policy = &caller.policy;
    let is_allowed = policy.connections.iter().any(|one| one.matches(name));
    match is_allowed && policy.uses.contains(&way) {
        true => Ok(()),
        false => Err(Failure::forbidden(match way {
            Use::Token => "this caller may not have the token of this connection",
            Use::Proxy => "this caller may not send requests through this connection",
        })),
    }
}

/// A user named by the caller: connection and policy must both allow it.
pub(crate) fn check_subject(
    caller: &Caller,
    connection: &ConnectionConfig,
    subject: &str,
) -> Result<(), Failure> {
    let is_own = connection
        .subject
        .as_ref()
        .is_some_and(|own| own.as_str() == subject);
    let by_connection = connection.subjects.iter().any(|one| one.matches(subject));
    let by_policy = caller
        .policy
        .subjects
        .iter()
        .any(|one| one.matches(subject));
    match is_own || by_connection && by_policy {
        true => Ok(()),
        false => Err(Failure::forbidden("this caller may not act for that user")),
    }
}

/// A request to be forwarded.
pub(crate) fn check_request(caller: &Caller, method: &Method, target: &str) -> Result<(), Failure> {
    if !caller.policy.methods.contains(method) {
        return Err(Failure::forbidden("this caller may not use this method"));
    }
    let may_use = |method| caller.policy.methods.contains(method);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let may_be_another = names_a_method(query) || target::has_requests_within(target);
    if may_be_another && !METHODS.iter().all(may_use) {
        return Err(Failure::forbidden(
            "_HttpMethod, composite requests and executeAnonymous do more than the method of a \
             request says, and this caller may not use every method",
        ));
    }
    match target::is_allowed(target, &caller.policy.paths) {
        true => Ok(()),
        false => Err(Failure::forbidden(
            "this path is not allowed: it must be below an allowed one however it is read, and \
             none of those where one signs in",
        )),
    }
}

/// Salesforce takes the method of a request from its query where that names one (fact sheet §5.3).
fn names_a_method(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        form::decode(name).is_none_or(|name| name.eq_ignore_ascii_case("_HttpMethod"))
    })
}
