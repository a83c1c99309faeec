//! One request at its org: the fault that befalls it, the answer, and the line in the journal.
//!
//! Owns the order of the three. Management API and Setup have no faults and leave no line.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt as _;

use crate::app::App;
use crate::connection::{HangUp, host_of};
use crate::faults::Call;
use crate::front::peek;
use crate::requests::{Entry, Who};

/// What is the emulator's own and no client's.
const OWN: [&str; 2] = ["/_emulator", "/setup"];

/// Answers a request as one org.
pub(crate) async fn visit(app: &App, router: Router, request: Request) -> Response {
    if is_own(request.uri().path()) {
        return answer(router, request).await;
    }
    let mut entry = Entry {
        at: app.now(),
        method: request.method().to_string(),
        host: host_of(&request).unwrap_or_default(),
        path: request.uri().path().to_owned(),
        status: 0,
        who: who(app, &request),
        diagnosis: None,
        fault: None,
    };
    let (request, struck) = if app.faults().is_empty() {
        (request, None)
    } else {
        let (request, names) = peek::presented(request).await;
        if names != Who::default() {
            entry.who = names;
        }
        let struck = app.faults().strike(&entry.method, &entry.path, &entry.who);
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
        None => answer(router, request).await,
    };
    if response.extensions().get::<HangUp>().is_none() {
        entry.status = response.status().as_u16();
    }
    if let Some(who) = response.extensions().get::<Who>() {
        entry.who = who.clone();
    }
    entry.diagnosis = diagnosis(&response);
    app.requests().add(entry);
    response
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
        .and_then(|token| app.directory().live(&token, app.now()))
        .map(|live| Who {
            client_id: Some(live.session.issue.client_id.clone()),
            username: Some(live.user.username().to_owned()),
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
