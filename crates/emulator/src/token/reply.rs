//! How the answers of the token endpoint are written, and what their headers say of the reasons.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::Reply;
use crate::mode::Leniency;
use crate::oauth_reply::{self, Format};
use crate::refusal::Refusal;

const DIAGNOSIS: HeaderName = HeaderName::from_static("accredit-diagnosis");

pub(super) fn granted(format: Format, reply: &Reply) -> Response {
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

pub(super) fn refused(format: Format, refusal: &Refusal) -> Response {
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

pub(super) fn leniency_header(leniencies: &[Leniency]) -> Option<HeaderValue> {
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
