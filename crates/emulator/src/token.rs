//! `POST /services/oauth2/token`: an assertion for an access token (RFC 7523 §2.1; fact sheet §1,
//! §2).
//!
//! Owns request and reply of the endpoint. What an assertion is worth is decided by
//! [`crate::grant`]; how the answer is written, by [`reply`].

mod reply;

use std::sync::Arc;

use accredit::clock::UnixTime;
use accredit::oauth::JWT_BEARER;
use accredit::secret::Secret;
use aws_lc_rs::digest;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, Method};

use self::reply::{granted, leniency_header, refused};
use crate::app::App;
use crate::directory::{Client, Issued, Pace};
use crate::form::{Form, NoForm};
use crate::front::peek;
use crate::grant::{self, Outcome, Presented, Question, Step, VerifiedAssertion};
use crate::journal::SignIn;
use crate::jws::{Flaw, printable};
use crate::mode::{Leniency, Mode};
use crate::oauth_reply::{self, BasicCredentials, Format};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::requests::Who;
use crate::token_text::{self, TOKEN_LENGTH};

const LENIENCY: HeaderName = HeaderName::from_static("accredit-leniency");

/// How many steps a sign-in takes.
const STEPS: usize = 15;

/// The parameters that the endpoint knows.
const PARAMETERS: [&str; 7] = [
    "grant_type",
    "assertion",
    "client_id",
    "client_secret",
    "client_assertion_type",
    "client_assertion",
    "scope",
];

/// What a request asks for, once its form is right.
struct Asked<'a> {
    assertion: &'a str,
    presented: Presented<'a>,
}

impl<'a> Presented<'a> {
    /// From the form or else from the header.
    fn of(form: &'a Form, basic: Option<&'a BasicCredentials>) -> Self {
        Self {
            client_id: form
                .value("client_id")
                .or(basic.map(|basic| basic.id.as_str())),
            client_secret: form
                .value("client_secret")
                .or(basic.map(|basic| basic.secret.expose().as_str())),
            scope: form.value("scope"),
        }
    }
}

/// A new token and who it is for.
struct Reply {
    token: Secret<String>,
    scope: Arc<str>,
    instance_url: String,
    id: String,
    who: Who,
}

/// Answers a token request that a table led here.
pub(crate) async fn exchange(State(app): State<App>, request: Request) -> Response {
    answer(&app, request).await
}

/// Answers a token request.
pub(crate) async fn answer(app: &App, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let origin = match Origin::from_request_parts(&mut parts, &()).await {
        Ok(origin) => origin,
        Err(no_host) => return no_host.into_response(),
    };
    let form = Form::read(&parts, body).await;
    let (form, unread) = form.map_or_else(|no| (Form::default(), Some(no)), |form| (form, None));
    let format = Format::of(&form, &parts.headers);
    let basic = BasicCredentials::of(&parts.headers);
    let mode = app.settings().mode;
    let mut entry = SignIn {
        at: app.now(),
        mode,
        host: origin.authority().to_owned(),
        assertion: form
            .value("assertion")
            .map(|text| digest::digest(&digest::SHA256, text.as_bytes())),
        claims: None,
        steps: Vec::with_capacity(STEPS),
        leniencies: Vec::new(),
        refusal: None,
    };
    let read = match unread {
        Some(no_form) => Err(unreadable(no_form)),
        None => parameters(&parts.method, &form, basic.as_ref(), &mut entry),
    };
    if let Err(refusal) = &read {
        entry.steps.push(Step::failed("request", refusal));
    }
    let outcome = match read {
        Ok(asked) => sign_in(app, &origin, &asked, &mut entry).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = match &outcome {
        Ok(reply) => granted(format, reply),
        Err(refusal) => refused(format, refusal),
    };
    if let Some(names) = leniency_header(&entry.leniencies) {
        response.headers_mut().insert(LENIENCY, names);
    }
    response.extensions_mut().insert(match &outcome {
        Ok(reply) => reply.who.clone(),
        Err(_) => {
            let claimed = form.value("assertion").and_then(peek::names);
            claimed.unwrap_or_default()
        }
    });
    entry.refusal = outcome.err();
    app.journal().add(entry);
    response
}

/// What is no form. Of a body that was not read to its end: an assertion this long is none.
fn unreadable(no_form: NoForm) -> Refusal {
    match no_form {
        NoForm::Body => Refusal::Form(Flaw::Form {
            expected: "a whole body of at most 64 KiB",
            found: "a longer one, or a part".to_owned(),
        }),
        NoForm::Parameters => Refusal::Parameter {
            expected: "at most 32 parameters",
            found: "more".to_owned(),
        },
    }
}

/// Checks the form of the request: rungs before the ladder.
fn parameters<'a>(
    method: &Method,
    form: &'a Form,
    basic: Option<&'a BasicCredentials>,
    entry: &mut SignIn,
) -> Result<Asked<'a>, Refusal> {
    if method != Method::POST {
        let found = format!("method {method}");
        return Err(Refusal::GrantType { found });
    }
    if let Some(name) = form.repeated() {
        return Err(Refusal::Parameter {
            expected: "each parameter once",
            found: printable(name),
        });
    }
    check_place(form, entry)?;
    match form.value("grant_type") {
        Some(JWT_BEARER) => {}
        Some(other) => {
            let found = printable(other);
            return Err(Refusal::GrantType { found });
        }
        None => {
            let found = "no grant_type in a form".to_owned();
            return Err(Refusal::GrantType { found });
        }
    }
    // No source shows Salesforce's answer to a request without one; an empty text is not a JWS.
    let assertion = form.value("assertion").unwrap_or_default();
    if entry.mode == Mode::Strict {
        if assertion.is_empty() {
            return Err(Refusal::Parameter {
                expected: "an assertion",
                found: "none".to_owned(),
            });
        }
        check_authentication(form, basic)?;
    }
    let mut step = Step::passed("request", "jwt-bearer");
    if !entry.leniencies.is_empty() {
        step.outcome = Outcome::Lenient(entry.leniencies.clone());
    }
    entry.steps.push(step);
    Ok(Asked {
        assertion,
        presented: Presented::of(form, basic),
    })
}

/// Parameters belong in the body (RFC 6749 §3.2).
fn check_place(form: &Form, entry: &mut SignIn) -> Result<(), Refusal> {
    let is_known = |(name, _): &&(String, String)| PARAMETERS.contains(&name.as_str());
    match (form.query.iter().find(is_known), entry.mode) {
        (Some((name, _)), Mode::Strict) => Err(Refusal::Parameter {
            expected: "parameters in the body",
            found: format!("{name} in the query string"),
        }),
        (Some(_), Mode::Salesforce) => {
            entry.leniencies.push(Leniency::ParametersInQuery);
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

/// A client proves itself in one way at most (RFC 6749 §2.3). The ladder checks ids and secrets;
/// this endpoint verifies no client assertion, so it may not look as if one had been.
fn check_authentication(form: &Form, basic: Option<&BasicCredentials>) -> Result<(), Refusal> {
    let refuse = |expected, found: &str| {
        Err(Refusal::Parameter {
            expected,
            found: found.to_owned(),
        })
    };
    for name in ["client_assertion", "client_assertion_type"] {
        if form.value(name).is_some() {
            return refuse("no client assertion beside the assertion", name);
        }
    }
    let Some(basic) = basic else {
        return Ok(());
    };
    if form.value("client_secret").is_some() {
        let found = "Authorization: Basic and client_secret";
        return refuse("one way of client authentication", found);
    }
    if form.value("client_id").is_some_and(|id| id != basic.id) {
        let found = "another client_id in Authorization: Basic";
        return refuse("one client", found);
    }
    Ok(())
}

/// Climbs the ladder and issues a token.
async fn sign_in(
    app: &App,
    origin: &Origin,
    request: &Asked<'_>,
    entry: &mut SignIn,
) -> Result<Reply, Refusal> {
    let verified = climb(app, origin, request, entry)?;
    let issued = issue(app, &verified, entry.at).await;
    let issued = issued.inspect_err(|refusal| {
        entry.steps.push(Step::failed("sign-in", refusal));
    })?;
    entry.steps.push(Step::passed("sign-in", "a new session"));
    if issued.pace == Pace::Behind {
        let app = app.clone();
        wait(move || app.directory().wait_for_room()).await?;
    }
    Ok(Reply {
        token: issued.token,
        scope: Arc::clone(&issued.session.issue.scope),
        instance_url: app.instance_url(origin),
        id: oauth_reply::identity_url(app, origin, &issued.session.issue.user_id),
        who: Who {
            client_id: Some(Arc::clone(&issued.session.issue.client_id)),
            username: Some(Arc::clone(&issued.session.issue.username)),
        },
    })
}

fn climb(
    app: &App,
    origin: &Origin,
    request: &Asked<'_>,
    entry: &mut SignIn,
) -> Result<VerifiedAssertion, Refusal> {
    let question = Question {
        assertion: request.assertion,
        presented: request.presented,
        lookup: app.directory(),
        org: &app.situation(origin),
        mode: entry.mode,
        now: entry.at,
    };
    let verdict = grant::judge(&question, std::mem::take(&mut entry.steps));
    entry.steps = verdict.steps;
    entry.leniencies.extend(verdict.leniencies);
    entry.claims = verdict.claims;
    verdict.outcome
}

/// The rungs that change with each sign-in: replay, then the login rate, so that a replay takes no
/// sign-in away from the user.
async fn issue(app: &App, verified: &VerifiedAssertion, now: UnixTime) -> Result<Issued, Refusal> {
    if let Some(id) = verified.assertion_id() {
        redeem(app, verified.client(), id, (verified.expires_at(), now)).await?;
    }
    let drawn = token_text::draw(app.random(), TOKEN_LENGTH).map_err(|error| {
        tracing::error!(%error, "no random numbers for a token");
        Refusal::Unavailable
    })?;
    let limit = app.settings().login_limit;
    app.directory().issue(verified, limit, now, &drawn)
}

/// Notes that a client used the assertion with this `jti`, without keeping other requests waiting.
pub(crate) async fn redeem(
    app: &App,
    client: &Client,
    id: &str,
    (expires_at, now): (UnixTime, UnixTime),
) -> Result<(), Refusal> {
    let (app, issuer, id) = (app.clone(), client.id.clone(), id.to_owned());
    wait(move || {
        let assertion = (issuer.as_str(), id.as_str());
        app.directory().redeem(assertion, expires_at, now)
    })
    .await?
}

/// Does what waits for the database on a thread that may wait.
async fn wait<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a piece of work was not done");
        Refusal::Unavailable
    })
}
