//! One request at its org: the fault that befalls it, the answer, and the line in the journal.
//!
//! Owns the order of the three. Management API and Setup have no faults and leave no line; every
//! other request leaves one, however it ends.

use std::sync::Arc;

use accredit::oauth::TOKEN_PATH;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use tower::ServiceExt as _;

use crate::app::App;
use crate::connection::HangUp;
use crate::faults::Call;
use crate::front::{Entry as Org, peek};
use crate::requests::{Entry, Who};
use crate::table::with_date;
use crate::token;

/// What is the emulator's own and no client's.
const OWN: [&str; 2] = ["/_emulator", "/setup"];

/// Answers a request to `host` as one org.
pub(crate) async fn visit(org: Org, host: String, request: Request) -> Response {
    let Org { app, router, .. } = org;
    if is_own(request.uri().path()) {
        return answer(router, request).await;
    }
    let app = &app;
    let mut line = Line::begin(app, host, &request);
    let entry = &mut line.entry;
    let (request, struck) = if app.faults().is_empty() {
        (request, None)
    } else {
        let (request, names) = peek::presented(request).await;
        if names != Who::default() {
            entry.who = names;
        }
        let struck = app
            .faults()
            .strike(entry.method.as_str(), &entry.path, &entry.who);
        (request, struck)
    };
    let response = match struck {
        Some((id, effect)) => {
            entry.fault = Some(id);
            effect
                .befall(Call {
                    app,
                    router,
                    request,
                })
                .await
        }
        // Asked more often than anything else: no table need be searched for it.
        None if entry.path == TOKEN_PATH => {
            with_date(State(app.clone()), token::answer(app, request).await).await
        }
        None => answer(router, request).await,
    };
    if response.extensions().get::<HangUp>().is_none() {
        entry.status = response.status().as_u16();
    }
    if let Some(who) = response.extensions().get::<Who>() {
        entry.who = who.clone();
    }
    entry.diagnosis = diagnosis(&response);
    response
}

/// The line of a request, which is written at the end of the visit: a client that gives up ends it
/// before there is an answer.
struct Line<'a> {
    app: &'a App,
    entry: Entry,
}

impl<'a> Line<'a> {
    fn begin(app: &'a App, host: String, request: &Request) -> Self {
        let entry = Entry {
            at: app.now(),
            method: request.method().clone(),
            host,
            path: match request.uri().path() {
                TOKEN_PATH => TOKEN_PATH.into(),
                other => other.to_owned().into(),
            },
            status: 0,
            who: who(app, request),
            diagnosis: None,
            fault: None,
        };
        Self { app, entry }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.app.requests().add(self.entry.clone());
    }
}

/// Says whether a path is the emulator's own and no client's.
pub(crate) fn is_own(path: &str) -> bool {
    let is_below = |own: &str| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    OWN.into_iter().any(is_below)
}

async fn answer(router: Router, request: Request) -> Response {
    let answered = router.oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

/// Whose session a request is made in. Asked before it is answered: it may end the session.
fn who(app: &App, request: &Request) -> Who {
    peek::token(request)
        .and_then(|token| app.directory().session(&token, app.now()))
        .map(|session| Who {
            client_id: Some(Arc::clone(&session.issue.client_id)),
            username: Some(Arc::clone(&session.issue.username)),
        })
        .unwrap_or_default()
}

/// The code of the diagnosis in the answer.
fn diagnosis(response: &Response) -> Option<String> {
    let text = response
        .headers()
        .get("accredit-diagnosis")?
        .to_str()
        .ok()?;
    text.split(';').next().map(str::to_owned)
}
