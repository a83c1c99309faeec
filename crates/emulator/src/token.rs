//! `POST /services/oauth2/token`: an assertion for an access token (RFC 7523 §2.1; fact sheet §1,
//! §2).
//!
//! Owns request and reply of the endpoint. What an assertion is worth is decided by
//! [`crate::grant`].

use accredit::oauth::JWT_BEARER;
use accredit::secret::Secret;
use aws_lc_rs::digest;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::app::App;
use crate::form::{Form, NoBody};
use crate::grant::{self, Outcome, Presented, Question, Step};
use crate::journal::SignIn;
use crate::jws::Flaw;
use crate::mode::{Leniency, Mode};
use crate::oauth_reply::{self, BasicCredentials, Format};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::requests::Who;
use crate::token_text::{self, TOKEN_LENGTH};

const DIAGNOSIS: HeaderName = HeaderName::from_static("accredit-diagnosis");
const LENIENCY: HeaderName = HeaderName::from_static("accredit-leniency");

/// The parameters that the endpoint knows.
const PARAMETERS: [&str; 5] = [
    "grant_type",
    "assertion",
    "client_id",
    "client_secret",
    "scope",
];

/// What a request asks for, once its form is right.
struct Request<'a> {
    assertion: &'a str,
    presented: Presented<'a>,
}

/// A new token and who it is for.
struct Reply {
    token: Secret<String>,
    scope: String,
    instance_url: String,
    id: String,
}

/// Answers a token request.
pub(crate) async fn exchange(
    State(app): State<App>,
    method: Method,
    origin: Origin,
    headers: HeaderMap,
    form: Result<Form, NoBody>,
) -> Response {
    let (form, is_cut) = form.map_or_else(|_| (Form::default(), true), |form| (form, false));
    let format = Format::of(&form, &headers);
    let basic = BasicCredentials::of(&headers);
    let mode = app.settings().mode;
    let mut entry = SignIn {
        at: app.now(),
        mode,
        host: origin.authority().to_owned(),
        assertion: form
            .value("assertion")
            .map(|text| digest::digest(&digest::SHA256, text.as_bytes())),
        claims: None,
        steps: Vec::new(),
        leniencies: Vec::new(),
        refusal: None,
    };
    let read = if is_cut {
        Err(too_long(&mut entry))
    } else {
        read(&method, &form, basic.as_ref(), &mut entry)
    };
    let outcome = read.and_then(|request| sign_in(&app, &origin, &request, &mut entry));
    let mut response = match &outcome {
        Ok(reply) => granted(format, reply),
        Err(refusal) => refused(format, refusal),
    };
    if let Some(names) = leniency_header(&entry.leniencies) {
        response.headers_mut().insert(LENIENCY, names);
    }
    let claim = |name: &str| {
        let claim = entry.claims.as_ref()?.get(name)?.as_str()?;
        Some(claim.to_owned())
    };
    response.extensions_mut().insert(Who {
        client_id: claim("iss"),
        username: claim("sub"),
    });
    entry.refusal = outcome.err();
    app.journal().add(entry);
    response
}

/// A body that was not read to its end: an assertion this long is none.
fn too_long(entry: &mut SignIn) -> Refusal {
    let refusal = Refusal::Form(Flaw::Form {
        expected: "a body of at most 64 KiB",
        found: "a longer one".to_owned(),
    });
    entry.steps.push(Step::failed("request", &refusal));
    refusal
}

/// Checks the form of the request: rungs before the ladder.
fn read<'a>(
    method: &Method,
    form: &'a Form,
    basic: Option<&'a BasicCredentials>,
    entry: &mut SignIn,
) -> Result<Request<'a>, Refusal> {
    let outcome = parameters(method, form, entry);
    if let Err(refusal) = &outcome {
        entry.steps.push(Step::failed("request", refusal));
    }
    let assertion = outcome?;
    let value = |name: &str| form.value(name);
    Ok(Request {
        assertion,
        presented: Presented {
            client_id: value("client_id").or(basic.map(|basic| basic.id.as_str())),
            client_secret: value("client_secret")
                .or(basic.map(|basic| basic.secret.expose().as_str())),
            scope: value("scope"),
        },
    })
}

fn parameters<'a>(method: &Method, form: &'a Form, entry: &mut SignIn) -> Result<&'a str, Refusal> {
    if method != Method::POST {
        let found = format!("method {method}");
        return Err(Refusal::GrantType { found });
    }
    if let Some(name) = form.repeated() {
        return Err(Refusal::Parameter {
            expected: "each parameter once",
            found: crate::jws::printable(name),
        });
    }
    let in_query = form
        .query
        .iter()
        .find(|(name, _)| PARAMETERS.contains(&name.as_str()));
    match (in_query, entry.mode) {
        (Some((name, _)), Mode::Strict) => {
            return Err(Refusal::Parameter {
                expected: "parameters in the body",
                found: format!("{name} in the query string"),
            });
        }
        (Some(_), Mode::Salesforce) => entry.leniencies.push(Leniency::ParametersInQuery),
        (None, _) => {}
    }
    match form.value("grant_type") {
        Some(JWT_BEARER) => {}
        Some(other) => {
            let found = crate::jws::printable(other);
            return Err(Refusal::GrantType { found });
        }
        None => {
            let found = "no grant_type in a form".to_owned();
            return Err(Refusal::GrantType { found });
        }
    }
    match (form.value("assertion"), entry.mode) {
        (None | Some(""), Mode::Strict) => Err(Refusal::Parameter {
            expected: "an assertion",
            found: "none".to_owned(),
        }),
        // No source shows Salesforce's answer; an empty text is not a JWS.
        (found, _) => {
            let mut step = Step::passed("request", "jwt-bearer");
            if !entry.leniencies.is_empty() {
                step.outcome = Outcome::Lenient(entry.leniencies.clone());
            }
            entry.steps.push(step);
            Ok(found.unwrap_or_default())
        }
    }
}

/// Climbs the ladder and issues a token.
fn sign_in(
    app: &App,
    origin: &Origin,
    request: &Request<'_>,
    entry: &mut SignIn,
) -> Result<Reply, Refusal> {
    let verdict = grant::judge(&Question {
        assertion: request.assertion,
        presented: request.presented,
        lookup: app.directory(),
        org: &app.situation(origin),
        mode: entry.mode,
        now: entry.at,
    });
    entry.steps.extend(verdict.steps);
    entry.leniencies.extend(verdict.leniencies);
    entry.claims = verdict.claims;
    let verified = verdict.outcome?;
    let drawn = token_text::draw(app.random(), TOKEN_LENGTH).map_err(|error| {
        tracing::error!(%error, "no random numbers for a token");
        Refusal::Unavailable
    })?;
    let limit = app.settings().login_limit;
    let issued = app.directory().issue(&verified, limit, entry.at, &drawn);
    let issued = issued.inspect_err(|refusal| {
        entry.steps.push(Step::failed("sign-in", refusal));
    })?;
    entry.steps.push(Step::passed("sign-in", "a new session"));
    Ok(Reply {
        token: issued.token,
        scope: issued.session.issue.scope.clone(),
        instance_url: app.instance_url(origin),
        id: oauth_reply::identity_url(app, origin, &issued.session.issue.user_id),
    })
}

fn granted(format: Format, reply: &Reply) -> Response {
    oauth_reply::document(
        StatusCode::OK,
        format,
        &[
            ("access_token", reply.token.expose()),
            ("scope", &reply.scope),
            ("instance_url", &reply.instance_url),
            ("id", &reply.id),
            ("token_type", "Bearer"),
        ],
    )
}

fn refused(format: Format, refusal: &Refusal) -> Response {
    let mut response = oauth_reply::document(
        StatusCode::BAD_REQUEST,
        format,
        &[
            ("error", refusal.error()),
            ("error_description", refusal.description()),
        ],
    );
    if let Some(value) = diagnosis_header(refusal) {
        response.headers_mut().insert(DIAGNOSIS, value);
    }
    if matches!(refusal, Refusal::GrantType { .. }) {
        let post = HeaderValue::from_static("POST");
        response.headers_mut().insert(header::ALLOW, post);
    }
    response
}

/// `ACC-nnnn; cause (expected …, found …)` on one line of ASCII.
fn diagnosis_header(refusal: &Refusal) -> Option<HeaderValue> {
    let entry = refusal.diagnosis()?;
    let (expected, found) = refusal.expected_and_found();
    let text: String = format!(
        "{}; {} (expected {expected}, found {found})",
        entry.code, entry.cause
    )
    .chars()
    .map(|c| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '?'
        }
    })
    .take(800)
    .collect();
    HeaderValue::try_from(text).ok()
}

fn leniency_header(leniencies: &[Leniency]) -> Option<HeaderValue> {
    let names: Vec<_> = leniencies
        .iter()
        .map(|leniency| leniency.as_str())
        .collect();
    (!names.is_empty())
        .then(|| HeaderValue::try_from(names.join(", ")).ok())
        .flatten()
}

impl IntoResponse for &Refusal {
    fn into_response(self) -> Response {
        refused(Format::Json, self)
    }
}
