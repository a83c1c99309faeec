//! `/` and `/index`: the exchange behind the sign-in of the default connection, as JSON; to
//! browsers a page.
//!
//! Owns when an exchange is made for it (only if there is no good token, within the login budget)
//! and who sees secrets. The layout and the masks are in `report_document`.

use accredit::diagnosis::Diagnosis;
use http::StatusCode;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::Ask;
use crate::config::Use;
use crate::dashboard;
use crate::exposure::Pages;
use crate::failure::{self, Failure};
use crate::permission;
use crate::report_document::{self, Secrets};
use crate::setup::Reveal;

/// Answers with the report. A refusal by Salesforce is shown too, with status 502 and the
/// diagnosis in a header.
pub(crate) async fn show(ask: &Ask<'_>) -> Result<Answer, Failure> {
    if dashboard::is_wanted(ask.request.headers()) {
        return dashboard::show(ask.setup, ask.app.world().clock.now());
    }
    let none = || {
        Failure::new(
            StatusCode::NOT_FOUND,
            "no_default_connection",
            "the report is of the connection called default, and there is none",
        )
    };
    let (name, connection) = ask.setup.default_connection().ok_or_else(none)?;
    let session = connection.own().ok_or_else(none)?;
    let outcome = session.token().await;
    let Some(exchange) = session.exchange_of(&outcome) else {
        return outcome.map(|_| elsewhere()).map_err(Failure::from);
    };
    let document = report_document::of(&exchange, secrets(ask, name));
    let status = match &exchange.outcome {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_GATEWAY,
    };
    let mut answer = answer::json(status, format!("{document}\n"));
    let refusal = exchange.outcome.as_ref().err();
    let entry = refusal.and_then(|error| error.refusal().and_then(Diagnosis::of));
    if let Some(text) = entry.and_then(failure::header_of) {
        answer.headers_mut().insert(failure::DIAGNOSIS, text);
    }
    Ok(answer)
}

/// A good token, and no exchange to show.
fn elsewhere() -> Answer {
    let message = "signed in with a token from the store: another replica signed in, and has the \
                   exchange";
    answer::json(
        StatusCode::OK,
        format!("{}\n", json!({ "message": message })),
    )
}

/// Secrets are shown to whoever may have the token anyway, and only if that was asked for.
fn secrets(ask: &Ask<'_>, connection: &str) -> Secrets {
    let headers = ask.request.headers();
    let is_direct = ask.setup.rules.check_way(headers, Pages::ByAnySign).is_ok();
    let is_caller = || {
        let known = ask
            .setup
            .callers
            .identify(headers, ask.peer, ask.setup.rules.reach());
        known.is_ok_and(|known| {
            permission::check_connection(&known.caller, connection, Use::Token).is_ok()
        })
    };
    match ask.setup.reveal {
        Reveal::ToCallers if is_direct && is_caller() => Secrets::Revealed,
        _ => Secrets::Masked,
    }
}
