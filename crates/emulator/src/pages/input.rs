//! What a visitor sends: the query string and forms.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use super::frame::Failed;
use super::gate::{Standing, Visit};
use super::multipart;
use crate::form::decode;

/// The longest form.
pub(super) const BODY_MAX: usize = 64 * 1024;

/// The most fields of a form.
const FIELDS_MAX: usize = 512;

/// Names and values.
pub(super) type Pairs = Vec<(String, String)>;

/// A form that was sent from a page of ours. Only the gate makes one.
#[derive(Clone)]
pub(super) struct Posted(Pairs);

impl Posted {
    /// Reads a body as its `Content-Type` says.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Failed> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match multipart::boundary(kind) {
            Some(boundary) => multipart::read(body, boundary)
                .map(Self)
                .ok_or_else(Failed::unreadable),
            None if kind.starts_with("application/x-www-form-urlencoded") => Ok(Self(pairs(body))),
            None => Err(Failed::unreadable()),
        }
    }

    /// The first value of a field, without blanks at the ends; empty if there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field that may be chosen more than once.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// The lines of a text that are not blank.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.value(name).lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Posted {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failed> {
        parts.extensions.remove().ok_or_else(Failed::broken)
    }
}

/// Who looks at a page, and what the address says about it.
pub(super) struct Visitor {
    pub(super) visit: Visit,
    query: Pairs,
}

impl Visitor {
    /// The first value of a parameter, without blanks at the ends; empty if there is none.
    pub(super) fn asked(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    pub(super) fn is_admitted(&self) -> bool {
        self.visit.standing == Standing::Admitted
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failed> {
        let visit = parts.extensions.get::<Visit>().cloned();
        Ok(Self {
            visit: visit.ok_or_else(Failed::broken)?,
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        })
    }
}

fn pairs(bytes: &[u8]) -> Pairs {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .take(FIELDS_MAX)
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            (half(), half())
        })
        .collect()
}
