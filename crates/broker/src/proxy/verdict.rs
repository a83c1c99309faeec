//! Whether an answer says that the session is over.
//!
//! Owns the words of Salesforce for that, in each form in which it says them (fact sheet §0.11,
//! §4.6), and that of RFC 6750 §3.1. Nothing else is taken for it: a resource may answer 401 on its
//! own account. What an answer says is read without holding it up for long, and goes on to the
//! client as it came.

use std::io::Read as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{download, headers};
use crate::answer::{Answer, AnswerBody, BodyError};

/// The longest body that is read, in bytes, also when it is no longer compressed. Errors are short.
const BODY_MAX: usize = 64 * 1024;

/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where Bulk API 1.0 is: it says with 400 what the others say with 401.
const BULK: &str = "/services/async/";

/// Words for a session that is over, in members and elements that hold a code.
const CODES: [&str; 2] = ["INVALID_SESSION_ID", "InvalidSessionId"];

/// Parts of messages that come with the same code and that a new session would get too.
const FINAL: [&str; 2] = [
    "This session is not valid for use with the REST API",
    "Connected app is not attached to Agent",
];

/// Whether a new session may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The session is over.
    Over,
    /// The answer says something else.
    Other,
}

/// Says whether an answer with this status may say that the session is over.
pub(super) fn is_worth_reading(status: StatusCode, target: &str) -> bool {
    match status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::BAD_REQUEST => target.starts_with(BULK),
        _ => false,
    }
}

/// Reads an answer; it comes back as it goes to the client.
pub(super) async fn read(reply: Response<Incoming>) -> (Verdict, Answer) {
    let (mut parts, mut body) = reply.into_parts();
    headers::strip(&mut parts.headers);
    parts.extensions = http::Extensions::new();
    let (start, end) = peek(&mut body).await;
    let (verdict, body) = match end {
        End::Reached => {
            let verdict = of(&parts.headers, &start);
            let whole = Full::new(start).map_err(|never| match never {});
            (verdict, AnswerBody::new(whole))
        }
        End::Broken(error) => (Verdict::Other, download::broken_after(start, error)),
        End::NotReached => (Verdict::Other, download::rest_after(start, body)),
    };
    (verdict, Response::from_parts(parts, body))
}

/// How far a body was read.
enum End {
    Reached,
    NotReached,
    Broken(BodyError),
}

async fn peek(body: &mut Incoming) -> (Bytes, End) {
    let mut start = BytesMut::new();
    let until = Instant::now() + PATIENCE;
    let end = loop {
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    start.extend_from_slice(&data);
                }
            }
            Ok(Some(Err(error))) => break End::Broken(error.into()),
            Ok(None) => break End::Reached,
            Err(_) => break End::NotReached,
        }
        if start.len() > BODY_MAX {
            break End::NotReached;
        }
    };
    (start.freeze(), end)
}

fn of(headers: &HeaderMap, body: &[u8]) -> Verdict {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
    let said = match encoding {
        None | Some(b"identity") => said(body),
        Some(b"gzip" | b"x-gzip") => inflated(flate2::read::MultiGzDecoder::new(body)),
        Some(b"deflate") => inflated(flate2::read::ZlibDecoder::new(body)),
        Some(_) => None,
    };
    match said.map_or_else(|| is_invalid_token(headers), |said| said.is_over()) {
        true => Verdict::Over,
        false => Verdict::Other,
    }
}

/// Says whether a challenge says of the token that it is over, where the body has no code. That of
/// an answer to HEAD never has one.
fn is_invalid_token(headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    let mut parts = challenges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ' ']));
    parts.any(|part| matches!(part, "error=\"invalid_token\"" | "error=invalid_token"))
}

fn inflated(body: impl std::io::Read) -> Option<Said> {
    let mut text = Vec::new();
    body.take(BODY_MAX as u64).read_to_end(&mut text).ok()?;
    said(&text)
}

/// A code and the words that came with it.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: String,
    message: String,
}

impl Said {
    fn is_over(&self) -> bool {
        CODES.contains(&self.code.as_str()) && !FINAL.iter().any(|part| self.message.contains(part))
    }
}

fn said(body: &[u8]) -> Option<Said> {
    let text = std::str::from_utf8(body).ok()?.trim_ascii_start();
    match text.starts_with('<') {
        true => said_in_xml(text),
        false => said_in_json(text),
    }
}

/// The first error of an array, or the one that stands alone.
fn said_in_json(text: &str) -> Option<Said> {
    let document: Value = serde_json::from_str(text).ok()?;
    let error = match &document {
        Value::Array(errors) => errors.first()?,
        error => error,
    };
    let member = |names: [&str; 2]| names.iter().find_map(|name| error.get(name)?.as_str());
    Some(Said {
        code: member(["errorCode", "exceptionCode"])?.to_owned(),
        message: member(["message", "exceptionMessage"])
            .unwrap_or_default()
            .to_owned(),
    })
}

/// The first code in the elements of REST, Bulk and SOAP; all of the text stands for its message.
fn said_in_xml(text: &str) -> Option<Said> {
    let code = text.split('<').find_map(|element| {
        let (name, content) = element.split_once('>')?;
        let is_code = ["errorCode", "exceptionCode", "faultcode"].contains(&local(name));
        is_code.then(|| local(content.trim()).to_owned())
    })?;
    Some(Said {
        code,
        message: text.to_owned(),
    })
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_a_session_that_is_over_is_one() {
        for (body, expected) in [
            (
                r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#,
                true,
            ),
            (
                r#" {"exceptionCode":"InvalidSessionId","exceptionMessage":"x"}"#,
                true,
            ),
            (
                "<sf:exceptionCode>INVALID_SESSION_ID</sf:exceptionCode>",
                true,
            ),
            ("<faultcode> sf:INVALID_SESSION_ID </faultcode>", true),
            (
                r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#,
                false,
            ),
            (
                "<errorCode>INVALID_SESSION_ID</errorCode><message>Connected app is not attached to Agent</message>",
                false,
            ),
            (
                r#"[{"errorCode":"OTHER"},{"errorCode":"INVALID_SESSION_ID"}]"#,
                false,
            ),
            ("<message>INVALID_SESSION_ID</message>", false),
            ("<errorCode>", false),
            (r#""INVALID_SESSION_ID""#, false),
        ] {
            let found = said(body.as_bytes()).is_some_and(|said| said.is_over());
            assert_eq!(found, expected, "{body}");
        }
        assert_eq!(of(&HeaderMap::new(), b"\xff"), Verdict::Other);
    }
}
