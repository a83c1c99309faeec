//! The REST API under `/services/data` and Bulk API 1.0 under `/services/async` (fact sheet §5,
//! §6).
//!
//! A request becomes a [`Call`], which knows nothing of HTTP servers; [`resource::answer`] turns a
//! call into an [`Answer`]; `wire` dresses that for the client. Calls inside calls, such as those
//! of the composite resources, take the same way.

mod bulk;
mod call;
mod classic;
mod composite;
mod conditional;
mod deploy;
mod limits;
mod pretty;
mod query;
mod records;
mod refusal;
mod resource;
mod soap;
mod sobjects;
#[cfg(test)]
mod tests;
mod uri;
mod version;
mod wire;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::request::Parts;
use http::{Method, StatusCode, header};

use self::call::Call;
use crate::app::App;
use crate::error::ApiError;
use crate::origin::Origin;
use crate::session::Session;

/// The longest path with its query, in bytes.
const URI_LENGTH_MAX: usize = 16_384;

/// Everything under `/services/data`, and the older APIs beside it.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/services/data", any(versions))
        .route("/services/data/", any(versions))
        .route("/services/data/{*path}", any(data))
        .route("/services/async/{*path}", any(classic::answer))
        .route("/services/Soap/{*path}", any(soap::refuse))
}

/// The list of versions, which needs no session.
async fn versions(request: Request) -> Response {
    let answer = match *request.method() {
        Method::GET | Method::HEAD => version::list(),
        ref other => call::method_not_allowed(other, &["HEAD", "GET"]).into_response(),
    };
    wire::dress(answer, request.headers()).await
}

/// A call of a resource.
async fn data(State(app): State<App>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let length = parts
        .uri
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    if length > URI_LENGTH_MAX {
        return uri_too_long();
    }
    let origin = match Origin::from_request_parts(&mut parts, &app).await {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    let session = match Session::from_request_parts(&mut parts, &app).await {
        Ok(session) => session,
        Err(error) => {
            let response = wire::refuse(&error, &parts.headers);
            return wire::dress(response, &parts.headers).await;
        }
    };
    let count = app.org().usage().count(app.now());
    let headers = parts.headers.clone();
    let situation = (session, origin);
    let mut response = match respond(&app, (parts, body), situation, count.is_exceeded()).await {
        Ok(response) => response,
        Err(error) => wire::dress(wire::refuse(&error, &headers), &headers).await,
    };
    let usage = format!("api-usage={}/{}", count.calls, count.max);
    if let Ok(usage) = usage.parse() {
        response.headers_mut().insert("sforce-limit-info", usage);
    }
    response
}

/// Answers a call, or lets data go in or out.
async fn respond(
    app: &App,
    (parts, body): (Parts, Body),
    (session, origin): (Session, Origin),
    is_exceeded: bool,
) -> Result<Response, ApiError> {
    if is_exceeded {
        return Err(request_limit_exceeded());
    }
    let moment = (app.now(), app.settings().bulk_pace);
    let call = Call::new((&parts, &[]), (&session, &origin), moment)?;
    if bulk::is_transfer(&call) && call.method == Method::PUT {
        let answer = bulk::upload(app, &call, body).await?;
        return Ok(answer.into_response());
    }
    let body = wire::body(&parts.headers, body).await?;
    let headers = parts.headers.clone();
    // Queries may take long: they may not keep other requests waiting.
    let app = app.clone();
    let work = tokio::task::spawn_blocking(move || {
        let call = Call::new((&parts, &body), (&session, &origin), moment)?;
        if bulk::is_transfer(&call) {
            return bulk::download(&app, &call).map(Dressing::Worn);
        }
        if deploy::is_deployment(&call) {
            let answer = deploy::answer(&app, &call);
            return answer.map(|answer| Dressing::Needed(answer.into_response()));
        }
        let answer = resource::answer(app.org(), &call);
        follow_users(&app);
        answer.map(|answer| Dressing::Needed(answer.into_response()))
    });
    match work.await.unwrap_or_else(|_| Err(call::unexpected()))? {
        Dressing::Worn(response) => Ok(response),
        Dressing::Needed(response) => Ok(wire::dress(response, &headers).await),
    }
}

/// Whether an answer is still to be laid out and compressed.
enum Dressing {
    Needed(Response),
    Worn(Response),
}

/// Lets those sign in whose records were made, and no others.
fn follow_users(app: &App) {
    if app.org().take_changed_users()
        && let Err(error) = app.follow_users()
    {
        tracing::error!(%error, "the directory could not follow the records of users");
    }
}

fn request_limit_exceeded() -> ApiError {
    ApiError::data(
        StatusCode::FORBIDDEN,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    )
}

/// The one answer that is not JSON.
fn uri_too_long() -> Response {
    (
        StatusCode::URI_TOO_LONG,
        [(header::CONTENT_TYPE, "text/html;charset=iso-8859-1")],
        "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>",
    )
        .into_response()
}
