//! Forwards a request with a token that its sender never sees.
//!
//! Owns the life of a forwarded request: allowed or not, token, upstream, and one replay if the
//! session turns out to be over. A redirect is never followed. What a target may be is decided in
//! `target`, which headers pass in `headers`.

use std::time::Duration;

use accredit::error::{Error, ErrorKind};
use accredit::policy::RefreshPolicy;
use accredit::source::Token;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::caller::Caller;
use crate::config::Use;
use crate::failure::Failure;
use crate::permission;
use crate::session::Session;
use crate::setup::Setup;
use crate::subject::Wanted;

mod connector;
mod download;
mod headers;
pub(crate) mod payload;
mod renewals;
pub(crate) mod target;
mod upstream;
mod verdict;

pub use connector::{HttpProxy, UpstreamSettings};
pub(crate) use renewals::Renewals;
pub use upstream::Upstream;

use payload::{Payload, Sending};
use verdict::Verdict;

/// Every method that is ever forwarded.
pub const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// How long Salesforce may take to begin its answer once it has the request: a little longer than
/// it gives itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(130);

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Through<'a> {
    pub(crate) wanted: Wanted<'a>,
    pub(crate) target: &'a str,
}

/// A request as it can be sent, again if need be.
#[derive(Debug)]
struct Outgoing<'a> {
    method: Method,
    target: &'a str,
    headers: HeaderMap,
}

/// Forwards `request`, if its sender may.
pub(crate) async fn forward(
    app: &App,
    setup: &Setup,
    caller: &Caller,
    through: Through<'_>,
    request: Request<Incoming>,
) -> Result<Answer, Failure> {
    if !METHODS.contains(request.method()) {
        return Err(Failure::method("GET, HEAD, POST, PUT, PATCH, DELETE"));
    }
    if through.target.len() > target::LENGTH_MAX {
        let message = format!("the target has more than {} bytes", target::LENGTH_MAX);
        return Err(Failure::new(StatusCode::URI_TOO_LONG, "too_long", message));
    }
    permission::check_request(caller, request.method(), through.target)?;
    let session = through.wanted.session(app, setup, caller, Use::Proxy)?;
    let token = session.token().await?;
    let (parts, body) = request.into_parts();
    let outgoing = Outgoing {
        headers: headers::to_upstream(&parts.headers),
        method: parts.method,
        target: through.target,
    };
    let payload = Payload::take(body, &parts.headers).await?;
    let (first, payload) = payload.first();
    let reply = send(app, &outgoing, &token, first).await?;
    if !verdict::is_worth_reading(reply.status(), through.target) {
        return Ok(headers::to_client(reply));
    }
    match verdict::read(reply).await {
        (Verdict::Over, refusal) => {
            let refused = Refused {
                app,
                session: &session,
                token,
                outgoing,
            };
            refused.renew(refusal, payload).await
        }
        (Verdict::Other, reply) => Ok(reply),
    }
}

/// A request whose session is said to be over.
struct Refused<'a> {
    app: &'a App,
    session: &'a Session,
    token: Token,
    outgoing: Outgoing<'a>,
}

impl Refused<'_> {
    /// Makes a new session for everybody, unless one that was made for this resource did not help,
    /// and sends the same request once more if it can be.
    async fn renew(self, refusal: Answer, again: Option<Payload>) -> Result<Answer, Failure> {
        let resource = audit::template(target::path_of(self.outgoing.target));
        let renewals = self.session.renewals();
        let refused = &self.token.access_token;
        let now = self.app.world().clock.now();
        let fresh = if renewals.may_cost(&resource, now) {
            let fresh = self.session.renew(refused).await;
            let is_withheld = |error: &Error| error.kind() == ErrorKind::Withheld;
            if !fresh.as_ref().is_err_and(is_withheld) {
                renewals.cost(&resource, now);
            }
            fresh.map(Some)
        } else {
            Ok(self.session.successor(refused).await)
        };
        let Some(payload) = again else {
            return Ok(refusal);
        };
        let fresh = match fresh {
            Ok(Some(fresh)) => fresh,
            Ok(None) => return Ok(refusal),
            Err(_) if is_new(self.app, &self.token) => return Ok(refusal),
            Err(error) => return Err(error.into()),
        };
        if fresh.access_token.is_same(refused) {
            return Ok(refusal);
        }
        self.app.metrics().replayed();
        let (body, _) = payload.first();
        let reply = send(self.app, &self.outgoing, &fresh, body).await?;
        if !verdict::is_worth_reading(reply.status(), self.outgoing.target) {
            renewals.helped(&resource);
            return Ok(headers::to_client(reply));
        }
        let (verdict, reply) = verdict::read(reply).await;
        if verdict == Verdict::Other {
            renewals.helped(&resource);
        }
        Ok(reply)
    }
}

/// Says whether a token came so short a time ago that another would be refused like it.
fn is_new(app: &App, token: &Token) -> bool {
    let age = app.world().clock.now().since(token.issued_at);
    age < RefreshPolicy::default().floor
}

async fn send(
    app: &App,
    outgoing: &Outgoing<'_>,
    token: &Token,
    sending: Sending,
) -> Result<Response<Incoming>, Failure> {
    let broken = || Failure::bad_request("the target cannot be sent");
    let url = format!("{}{}", token.instance_url.as_str(), outgoing.target);
    let uri: Uri = url.parse().map_err(|_| broken())?;
    let Sending { body, progress } = sending;
    let mut request = Request::new(body);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = outgoing.headers.clone();
    headers::authorize(request.headers_mut(), &token.access_token)?;
    let sent = tokio::select! {
        sent = app.upstream().send(request) => sent,
        () = progress.stalled(ANSWER_TIMEOUT) => Err(no_answer()),
    };
    match &sent {
        Ok(reply) => app.metrics().upstream(reply.status()),
        Err(_) => app.metrics().upstream_failed(),
    }
    sent
}

fn no_answer() -> Failure {
    let seconds = ANSWER_TIMEOUT.as_secs();
    Failure::new(
        StatusCode::GATEWAY_TIMEOUT,
        "upstream_timeout",
        format!("Salesforce took nothing of the request and did not answer it for {seconds} s"),
    )
}
