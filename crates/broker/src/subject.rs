//! Which connection a request means, and as which user.
//!
//! Owns the ways of naming a user, and that connection, policy and user are checked together before
//! a session is had.

use std::sync::Arc;

use accredit::assertion::Subject;
use http::HeaderMap;
use http::header::HeaderName;

use crate::app::App;
use crate::caller::Caller;
use crate::config::Use;
use crate::failure::Failure;
use crate::form;
use crate::handle::Grant;
use crate::permission;
use crate::session::Session;
use crate::sessions::User;
use crate::setup::Setup;

/// Names the user of a forwarded request, whose query belongs to Salesforce.
const SUBJECT_HEADER: HeaderName = HeaderName::from_static("accredit-subject");

/// What a caller wants to use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) connection: &'a str,
    /// `None`: the connection's own user.
    pub(crate) subject: Option<&'a Subject>,
}

impl Wanted<'_> {
    /// The session, if the caller may use it in this way.
    pub(crate) fn session(
        self,
        app: &App,
        setup: &Setup,
        caller: &Caller,
        way: Use,
    ) -> Result<Arc<Session>, Failure> {
        permission::check_connection(caller, self.connection, way)?;
        let connection = setup.connection(self.connection)?;
        if let Some(subject) = self.subject {
            permission::check_subject(caller, &connection.config, subject.as_str())?;
        }
        let user = self.subject.map(|subject| User {
            subject,
            named_by: Some(&caller.name),
        });
        let session = connection.session(user, app.sessions(), app.world())?;
        session.record().used(app.world().clock.now());
        Ok(session)
    }
}

/// The user that a handle names, if it does.
pub(crate) fn of_grant(grant: &Grant) -> Result<Option<Subject>, Failure> {
    let subject = grant.subject.as_deref().map(Subject::new).transpose();
    subject.map_err(|_| Failure::session_over())
}

/// The user that a header names, if it does.
pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Option<Subject>, Failure> {
    let wrong =
        || Failure::bad_request("Accredit-Subject is no username, or stands more than once");
    let mut values = headers.get_all(SUBJECT_HEADER).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| wrong())?;
            Subject::new(text).map(Some).map_err(|_| wrong())
        }
        (Some(_), Some(_)) => Err(wrong()),
    }
}

/// The user that a query names, if it does. `+` stands for itself: it is frequent in usernames, and
/// blanks are not.
pub(crate) fn of_query(query: &str) -> Result<Option<Subject>, Failure> {
    let mut subjects = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("sub="))
        .map(form::decode);
    let subject = subjects.next();
    if subjects.next().is_some() {
        return Err(Failure::bad_request(
            "sub stands more than once in the query",
        ));
    }
    match subject {
        None => Ok(None),
        Some(text) => text
            .and_then(|text| Subject::new(text).ok())
            .map(Some)
            .ok_or_else(|| Failure::bad_request("sub is no username")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_from_the_query_once() {
        for (query, expected) in [
            ("", None),
            ("sub=a%40example.com", Some("a@example.com")),
            ("x=1&sub=a+b@example.com", Some("a+b@example.com")),
        ] {
            let found = of_query(query).unwrap();
            assert_eq!(found.as_ref().map(Subject::as_str), expected, "{query}");
        }
        for query in [
            "sub=",
            "sub=%4",
            "sub=%0a",
            "sub=%ff",
            "sub=a&sub=b",
            "sub=%+1",
        ] {
            assert!(of_query(query).is_err(), "{query}");
        }
    }
}
